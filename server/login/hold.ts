export interface HoldOptions<Value> {
  read: () => Promise<Value>
  /** Calls back when `read` may answer something new. A notice may be lost. */
  watch: (onChange: () => void) => () => void
  /** Milliseconds for which this value is not worth a reply; 0: reply at once. */
  patienceFor: (value: Value) => number
  waitMs: number
  /** Ends the wait at once, as when the process shuts down or the client is gone. */
  signal: AbortSignal
}

/**
 * Reads, and while what was read is not worth a reply, waits for a change: until one comes, or `waitMs` pass.
 * One read is enough when nothing changes: watching starts before it, so no change falls in between.
 */
export async function hold<Value>({ read, watch, patienceFor, waitMs, signal }: HoldOptions<Value>): Promise<Value> {
  if (waitMs <= 0) return read()
  const end = performance.now() + waitMs
  let wake: () => void = () => undefined
  let isChanged = false
  const stopWatching = watch(() => {
    isChanged = true
    wake()
  })
  try {
    for (;;) {
      isChanged = false
      const value = await read()
      const patience = Math.min(patienceFor(value), end - performance.now())
      if (patience <= 0 || signal.aborted) return value
      if (!isChanged) await pause(patience)
      if (!isChanged) return value
    }
  } finally {
    stopWatching()
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms)
      signal.addEventListener('abort', done)
      wake = done
      function done() {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
    })
  }
}
