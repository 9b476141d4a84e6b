/** Plain numbers that those who do the work keep as they go: an addition each. Metrics read them when they are asked for. */

/** How many by name. They only go up. */
export type Counts<Name extends string = string> = Record<Name, number>

/** All zero, so that what has not happened yet can be told from what nobody counts. */
export function countsOf<const Name extends string>(names: readonly Name[]): Counts<Name> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Counts<Name>
}

/** How long things took: a histogram. */
export interface Timings {
  /** Seconds, rising; what took longer than the last is in no bucket of its own. */
  readonly bounds: readonly number[]
  /** How many took up to that long and longer than the one before. */
  readonly buckets: number[]
  count: number
  sum: number
}

export function createTimings(bounds: readonly number[]): Timings {
  return { bounds, buckets: bounds.map(() => 0), count: 0, sum: 0 }
}

export function noteTime(timings: Timings, seconds: number): void {
  const { bounds, buckets } = timings
  timings.count++
  timings.sum += seconds
  for (let at = 0; at < bounds.length; at++) {
    if (seconds <= (bounds[at] ?? 0)) {
      buckets[at] = (buckets[at] ?? 0) + 1
      return
    }
  }
}
