import type { Pressure } from '../../http/pressure.ts'
import type { Pace } from './pace-wire.ts'

export const LONGEST_HOLD_SECONDS = 25
const LONGEST_INTERVAL_SECONDS = 10
/**
 * By how much a hold may end early while the pace is slowed. Otherwise polls that were answered together would come
 * again together, cycle after cycle: the service would be full for a second, and then idle for five.
 */
const SPREAD = 0.25

/** What clients are told to keep to: the configured pace, and slower ones under load. */
export interface Paces {
  /** The pace now: the same object until the pace changes. */
  readonly current: Pace
  /** Counts a poll, and sees whether the pace is still right. */
  polled(): void
  /** For how many seconds a poll that comes now may be held. */
  holdSeconds(): number
}

interface PacesOptions {
  pressure: Pick<Pressure, 'poll'>
  /** 0 to 1. */
  random: () => number
}

/** @param base the configured pace, in whole seconds; `hold: 0` turns holding off */
export function createPaces(base: Pace, { pressure, random }: PacesOptions): Paces {
  let [current, slowedTo] = [base, 1]
  return {
    get current() {
      return current
    },
    polled() {
      const slowdown = pressure.poll()
      if (slowdown === slowedTo) return
      slowedTo = slowdown
      const { interval, hold } = paceAt(base, slowdown)
      if (interval !== current.interval || hold !== current.hold) current = { interval, hold }
    },
    holdSeconds: () => (current.hold === base.hold ? base.hold : current.hold * (1 - SPREAD * random())),
  }
}

/**
 * How many times slower than this pace the slowest is. `hold` alone slows polls that are held; `interval` slows those
 * that are not, because holding is off or a proxy in between cuts it short.
 */
export function longestSlowdown({ interval, hold }: Pace): number {
  return longestHoldSlowdown(hold) * Math.max(1, LONGEST_INTERVAL_SECONDS / interval)
}

/** A pace so many times slower: `hold` up to 25 seconds, then `interval` up to 10. @param slowdown at least 1 */
export function paceAt(base: Pace, slowdown: number): Pace {
  const byHold = Math.min(slowdown, longestHoldSlowdown(base.hold))
  const interval = Math.min(LONGEST_INTERVAL_SECONDS, Math.round((base.interval * slowdown) / byHold))
  return { interval: Math.max(base.interval, interval), hold: Math.round(base.hold * byHold) }
}

function longestHoldSlowdown(hold: number): number {
  return hold === 0 ? 1 : Math.max(1, LONGEST_HOLD_SECONDS / hold)
}
