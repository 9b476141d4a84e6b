import { ScanInError } from '../errors.ts'
import { type Load, type LoadReading, NO_LOAD, nextLoad } from './load.ts'

/** What a request does to a login: begins one, goes on with it, or ends it well. In this order they are refused. */
export type Step = 'begin' | 'go_on' | 'finish'

/** How much of what there is may be in use before a step is refused. */
const REFUSED_FROM: Readonly<Record<Step, number>> = { begin: 0.8, go_on: 0.9, finish: 1 }
/** Use alone never refuses the last step, as whoever finishes makes room: only strain does. */
const FULL = 0.99
const RETRY_AFTER_SECONDS = 5
const READ_EVERY_MS = 500

export interface PressureOptions {
  /** How much the event loop worked since the last call: 0 to 1. */
  busySince: () => number
  /** Of what is bounded, how much is in use: 0 to 1. */
  uses: readonly (() => number)[]
  /** The most that polls can be slowed. */
  longestSlowdown: number
  /** Milliseconds on a clock that nobody sets. */
  now: () => number
}

/** The one place that knows how much the process has to do, and decides who is refused for it. */
export interface Pressure {
  /** Counts a poll. Polls are slowed and not refused. @returns how many times slower than by themselves they are to be */
  poll(): number
  /** @throws ScanInError `overloaded`: there is too much to do for this step */
  admit(step: Step): void
}

/** Begins with no load. It is read when somebody asks, and no timer runs. */
export function createPressure({ busySince, uses, longestSlowdown, now }: PressureOptions): Pressure {
  let load: Load = NO_LOAD
  let polls = 0
  let readAt = now()

  /** Reads the load when somebody asks, and not by a timer: a request that comes alone finds no load. */
  function read(): void {
    const at = now()
    if (at - readAt < READ_EVERY_MS) return
    const reading: LoadReading = { seconds: (at - readAt) / 1000, busy: busySince(), polls }
    load = nextLoad(load, reading, longestSlowdown)
    polls = 0
    readAt = at
  }

  return {
    poll() {
      polls++
      read()
      return load.slowdown
    },

    admit(step) {
      read()
      const inUse = Math.min(FULL, Math.max(0, ...uses.map((use) => use())))
      if (Math.max(load.strain, inUse) >= REFUSED_FROM[step]) {
        throw new ScanInError('overloaded', { retryAfterSeconds: RETRY_AFTER_SECONDS })
      }
    },
  }
}
