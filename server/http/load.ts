/** How a process was used for a while. */
export interface LoadReading {
  /** Seconds that the reading is about. */
  seconds: number
  /** How much of them the event loop was at work: 0 to 1. */
  busy: number
  /** Polls that came in them. */
  polls: number
}

/** What follows from the readings so far. */
export interface Load {
  /** How much the event loop is at work, smoothed: what comes in bursts is not much. */
  readonly busy: number
  /** How many times as long as by itself a browser is to take between two polls: 1 to the longest there is. */
  readonly slowdown: number
  /** 0 to 1: how long polls at their slowest have not been slow enough. */
  readonly strain: number
}

export const NO_LOAD: Load = { busy: 0, slowdown: 1, strain: 0 }

/** Above this, polls get slower; below that, quicker again; in between all stays as it is, so that they do not swing. */
const BUSY = 0.85
const CALM = 0.5
/** With nothing to spare, however slow the polls: what strains. */
const FULL = 0.97
const SMOOTHED_OVER_SECONDS = 2
/** Factors per second. Down takes its time: what comes now goes by a pace that was told half a minute ago. */
const SLOWER = 1.4
const QUICKER = 0.96
const STRAINED_AFTER_SECONDS = 20
/** Where fewer come a second, slowing them saves nothing: it is something else that takes the time. */
const FEW_POLLS = 200
/** A reading counts for no more than this, however long it took: it may be one long turn of the event loop. */
const LONGEST_STEP_SECONDS = 2

/** What the next reading makes of the load. @param longest the most that polls can be slowed */
export function nextLoad(before: Load, { seconds, polls, ...now }: LoadReading, longest: number): Load {
  const { slowdown, strain } = before
  const step = Math.min(seconds, LONGEST_STEP_SECONDS)
  const busy = before.busy + (now.busy - before.busy) * (1 - Math.exp(-step / SMOOTHED_OVER_SECONDS))
  const isPolled = polls >= FEW_POLLS * seconds
  const isStrained = isPolled && busy >= FULL && slowdown >= longest
  return {
    busy,
    slowdown: Math.min(longest, Math.max(1, slowdown * factor())),
    strain: Math.min(1, Math.max(0, strain + (isStrained ? step : -seconds) / STRAINED_AFTER_SECONDS)),
  }

  function factor(): number {
    if (busy > BUSY && isPolled) return SLOWER ** step
    return busy < CALM ? QUICKER ** seconds : 1
  }
}
