import { labelled, type Metrics } from './http/metrics.ts'
import { createTimings, noteTime } from './http/tallies.ts'
import type { StoreMeter } from './store/measured-store.ts'

export interface ServiceNumbersOptions {
  metrics: Metrics
  version: string
  /** What is wrong, out of a closed list. */
  kindOf: (error: unknown) => string
}

/** A round trip takes parts of a millisecond; past a few seconds nobody waits any more. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10]

/** Shows what the process is, and how its store does. @returns what is to be told of the store */
export function showService({ metrics, version, kindOf }: ServiceNumbersOptions): StoreMeter {
  const timings = { read: createTimings(SECONDS), write: createTimings(SECONDS), remove: createTimings(SECONDS) }
  const failures = new Map<string, number>()

  metrics.gauge({
    name: 'scanin_build_info',
    help: 'Always 1: which version this is',
    labels: ['version'],
    read: () => [[[version], 1]],
  })
  metrics.histogram({
    name: 'scanin_store_seconds',
    help: 'Time that the store took, by operation; what failed is in it',
    labels: ['operation'],
    read: () => labelled(Object.entries(timings)),
  })
  metrics.counter({
    name: 'scanin_store_errors_total',
    help: 'What the store failed at, by the kind of trouble',
    labels: ['kind'],
    read: () => labelled(failures),
  })

  return {
    took: (operation, seconds) => noteTime(timings[operation], seconds),
    failed(error) {
      const kind = kindOf(error)
      failures.set(kind, (failures.get(kind) ?? 0) + 1)
    },
  }
}
