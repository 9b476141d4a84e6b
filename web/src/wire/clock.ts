/** Time, handed in so that a test owns it. */
export interface Clock {
  /** Milliseconds on a monotonic clock: nobody's wall clock, so setting the time of day changes nothing. */
  now(): number
  /** Epoch milliseconds by a clock that anybody may set. It goes on while the device sleeps, as `now` does not everywhere. */
  today(): number
  /** Resolves after `ms`, 25 days at the most, or at once when `signal` aborts. It never rejects: whoever sleeps looks at the signal. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/** Some 25 days. Browsers take what is longer for no time at all. */
const longestTimerMs = 2 ** 31 - 1

/** The page's own time. */
export const pageClock: Clock = {
  now: () => performance.now(),
  today: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const stop = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', stop)
        resolve()
      }
      const timer = setTimeout(stop, Math.min(Math.max(0, ms), longestTimerMs))
      signal.addEventListener('abort', stop)
    }),
}
