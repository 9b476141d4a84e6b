/** Time, handed in so that a test owns it. */
export interface Clock {
  /** Milliseconds on a monotonic clock: nobody's wall clock, so setting the time of day changes nothing. */
  now(): number
  /** Resolves after `ms`, or at once when `signal` aborts. It never rejects: whoever sleeps looks at the signal. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/** The page's own time. */
export const pageClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const stop = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', stop)
        resolve()
      }
      const timer = setTimeout(stop, Math.max(0, ms))
      signal.addEventListener('abort', stop)
    }),
}
