/**
 * Now, in epoch milliseconds. Handed in wherever a rule says when something begins or ends, so that tests move time instead
 * of waiting for it. How long something takes, and for how long one waits, is read off `performance.now()` where it is;
 * that too is handed in, as `steady`, where a clock is made of it.
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
 * Whether a moment is less than so many milliseconds from now. A clock that is set back makes nothing last more than twice
 * as long: what is too far ahead is over, too.
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
