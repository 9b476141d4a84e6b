import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Timings } from './tallies.ts'

/** Numbers that others keep, and how they are shown. Labels have few values each: none that a client chooses. */
export interface Shown<Value> {
  name: string
  help: string
  labels: readonly string[]
  /** Each value with those of its labels, in their order. Called when somebody asks. */
  read: () => Iterable<readonly [labels: readonly string[], value: Value]>
}

/** What the process shows of itself, in Prometheus's text format. */
export interface Metrics {
  counter(shown: Shown<number>): void
  gauge(shown: Shown<number>): void
  histogram(shown: Shown<Timings>): void
  contentType: string
  text(): Promise<string>
}

/** Gauges of Node's that prom-client calls as only counters are to be called: `promtool check metrics` refuses them. */
const MISNAMED = ['nodejs_active_resources_total', 'nodejs_active_handles_total', 'nodejs_active_requests_total']

/** Metrics of this process, with Node's own beside them. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)

  function show(Kind: typeof Counter | typeof Gauge) {
    return ({ name, help, labels, read }: Shown<number>): void => {
      new Kind({
        ...{ name, help, registers },
        labelNames: [...labels],
        collect() {
          this.reset()
          for (const [values, value] of read()) this.inc(named(labels, values), value)
        },
      })
    }
  }

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    counter: show(Counter),
    gauge: show(Gauge),
    histogram: (shown) => registry.registerMetric(new ShownHistogram(shown)),
  }
}

/** Values by the one label that they have. */
export function* labelled<Value>(values: Iterable<readonly [string, Value]>): Iterable<readonly [string[], Value]> {
  for (const [label, value] of values) yield [[label], value]
}

function named(labels: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(labels.map((label, at) => [label, values[at] ?? '']))
}

type HistogramValues = Awaited<ReturnType<Histogram['get']>>

/** A histogram that is kept elsewhere: prom-client's own counts by itself, and takes long over it. */
class ShownHistogram extends Histogram {
  readonly #shown: Shown<Timings>
  /** What prom-client says of a histogram besides its values. */
  readonly #empty: Histogram

  constructor(shown: Shown<Timings>) {
    const configuration = { name: shown.name, help: shown.help, labelNames: [...shown.labels], registers: [] }
    super(configuration)
    this.#empty = new Histogram(configuration)
    this.#shown = shown
  }

  override async get(): Promise<HistogramValues> {
    const values = [...this.#shown.read()].flatMap(([labels, timings]) =>
      this.#lines(named(this.#shown.labels, labels), timings),
    )
    return { ...(await this.#empty.get()), values }
  }

  /** The registry prefers this to `get`, and the class that this one extends has it. */
  getForPromString(): Promise<HistogramValues> {
    return this.get()
  }

  #lines(labels: Record<string, string>, { bounds, buckets, count, sum }: Timings): HistogramValues['values'] {
    const { name } = this.#shown
    let upTo = 0
    const lines = bounds.map((le, at) => {
      upTo += buckets[at] ?? 0
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: upTo }
    })
    return [
      ...lines,
      { metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: count },
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ]
  }
}
