import type { Clock } from '../clock.ts'

interface DistantClockOptions {
  /** What time it is there, in epoch milliseconds. */
  ask: () => Promise<number>
  /** Counts milliseconds evenly, whatever anybody sets: `performance.now`. */
  steady: () => number
}

/** The clock of another machine, as this process knows it. */
export interface DistantClock {
  now: Clock
  isKnown(): boolean
  /** Asks once more. Rejects as `ask` does, and then nothing has changed. */
  measure(): Promise<void>
  /** It may be another machine from now on. */
  forget(): void
}

interface Measurement {
  /** What is to be added to the steady clock. */
  offset: number
  /** How far off that can be: the other machine answered at some moment between question and arrival. */
  error: number
  /** By the steady clock. */
  at: number
}

/** By how much two quartz clocks drift apart at the worst, as a share of the time that passes. */
const DRIFT = 1 / 5000

/**
 * Follows a clock that is asked now and then, after Cristian (1989): the answer that came fastest is the most exact,
 * and is trusted less with each second since. An answer that contradicts it shows that the clock was set. In between,
 * time goes on by the steady clock, so setting this machine's clock changes nothing.
 */
export function createDistantClock({ ask, steady }: DistantClockOptions): DistantClock {
  let best: Measurement | undefined

  function isBetter({ offset, error, at }: Measurement): boolean {
    if (best === undefined) return true
    const bestError = best.error + (at - best.at) * DRIFT
    return error <= bestError || Math.abs(offset - best.offset) > error + bestError
  }

  return {
    now() {
      if (best === undefined) throw new Error('no time is known')
      return Math.round(steady() + best.offset)
    },
    isKnown: () => best !== undefined,
    async measure() {
      const askedAt = steady()
      const there = await ask()
      const at = steady()
      const error = (at - askedAt) / 2
      const measurement = { offset: there - (askedAt + error), error, at }
      if (isBetter(measurement)) best = measurement
    },
    forget() {
      best = undefined
    },
  }
}
