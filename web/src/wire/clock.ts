/** Time, handed in so that a test owns it. */
export interface Clock {
  /** Milliseconds on a monotonic clock: setting the time of day does not change them. */
  now(): number
  /** Epoch milliseconds by a clock that anybody may set. It goes on while the device sleeps, as `now` does not everywhere. */
  today(): number
  /** Resolves after `ms`, or at once when `signal` aborts. It never rejects: whoever sleeps looks at the signal. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/** Some 25 days. Browsers take a longer time for none at all, so a longer wait is split into parts. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

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
      let timer: ReturnType<typeof setTimeout>
      const wait = (leftMs: number) => {
        const nextMs = Math.min(leftMs, LONGEST_TIMER_MS)
        timer = setTimeout(() => (nextMs < leftMs ? wait(leftMs - nextMs) : stop()), nextMs)
      }
      wait(Math.max(0, ms))
      signal.addEventListener('abort', stop)
    }),
}
