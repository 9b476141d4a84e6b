import type { ErrorCode } from '../errors.ts'
import { ERROR_CODES } from './problems.ts'
import { type Counts, countsOf, createTimings, noteTime, type Timings } from './tallies.ts'

/** What was answered. Polls that say nothing new are in no log: here they are. */
export interface ReplyTally {
  /** @param route its pattern */
  countReply(method: string, route: string, status: number, seconds: number): void
  replies(): Iterable<readonly [labels: readonly [method: string, route: string, status: string], count: number]>
  /** How long replies took, by route. */
  timings: ReadonlyMap<string, Timings>
  refusals: Counts<ErrorCode>
}

/** A held poll takes as long as it is held: the buckets go as far as that. */
const SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 30]

export function createReplyTally(): ReplyTally {
  const byRoute = new Map<string, Map<string, Map<number, number>>>()
  const timings = new Map<string, Timings>()

  return {
    timings,
    refusals: countsOf(ERROR_CODES),
    countReply(method, route, status, seconds) {
      const statuses = within(within(byRoute, route), method)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      let times = timings.get(route)
      if (times === undefined) {
        times = createTimings(SECONDS)
        timings.set(route, times)
      }
      noteTime(times, seconds)
    },
    *replies() {
      for (const [route, methods] of byRoute)
        for (const [method, statuses] of methods)
          for (const [status, count] of statuses) yield [[method, route, String(status)], count]
    },
  }
}

function within<Key, Inner>(map: Map<string, Map<Key, Inner>>, key: string): Map<Key, Inner> {
  const known = map.get(key)
  if (known !== undefined) return known
  const fresh = new Map<Key, Inner>()
  map.set(key, fresh)
  return fresh
}
