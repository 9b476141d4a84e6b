/**
 * Now, in epoch milliseconds. A rule that says when something begins or ends is handed it, so that tests move time
 * instead of waiting for it. Durations and waits are read off `performance.now()` directly; where a clock is made of
 * that, it is handed in too, as `steady`.
 */
export type Clock = () => number

/** The most that clients can hold that count in 32 bits: a token of somebody else's may name any end. */
const MOST_SECONDS = 2 ** 31 - 1

/** What is left until `end`, in the whole seconds of the wire: never 0 while something is left. */
export function secondsUntil(end: number, now: number): number {
  return Math.min(MOST_SECONDS, Math.max(0, Math.ceil((end - now) / 1000)))
}

/** A point in time, as the wire has it: RFC 3339, in UTC. */
export function iso(moment: number): string {
  return new Date(moment).toISOString()
}

/**
 * Whether a moment is less than so many milliseconds from now. One too far ahead counts as over too, so that a clock
 * that is set back makes nothing last more than twice as long.
 */
export function isWithin(ms: number, moment: number, now: number): boolean {
  return Math.abs(now - moment) < ms
}

interface ProcessClockOptions {
  /** `Date.now`. */
  wall: Clock
  /** Counts milliseconds evenly, whatever anybody sets: `performance.now`. */
  steady: () => number
}

/** Setting a clock moves it by less. By more, the machine has slept, or did not know the time at the start. */
const MOST_SET_MS = 5 * 60_000

/** The machine's time at the start, counted on evenly, so that setting its clock neither ends nor prolongs anything. */
export function createProcessClock({ wall, steady }: ProcessClockOptions): Clock {
  let offset = wall() - steady()
  return () => {
    const now = steady()
    const here = wall() - now
    if (Math.abs(here - offset) > MOST_SET_MS) offset = here
    return Math.round(now + offset)
  }
}
