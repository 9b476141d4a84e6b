/** Calls back after so many milliseconds. @returns what takes it back */
export type Schedule = (ms: number, callback: () => void) => () => void

/** By a timer that keeps no process from ending. */
export const scheduleByTimer: Schedule = (ms, callback) => {
  const timer = setTimeout(callback, ms).unref()
  return () => clearTimeout(timer)
}

/** Pauses before each new try of what failed: twelve minutes in all, enough for the other side to restart. */
export const RETRY_PAUSES_MS: readonly number[] = [1000, 5000, 30_000, 120_000, 600_000]
