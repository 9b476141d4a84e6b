import { setCoarseTimer } from './coarse-timers.ts'
import type { Ending } from './ending.ts'

export interface HoldOptions<Value> {
  read: () => Promise<Value>
  /** Calls back when `read` may answer something new. A notice may be lost. */
  watch: (onChange: () => void) => () => void
  /** Milliseconds for which this value is not worth a reply; 0: reply at once. */
  patienceFor: (value: Value) => number
  waitMs: number
  /** Ends the wait at once, as when the process shuts down or the client is gone. */
  ending: Ending
}

/**
 * Reads, and while what was read is not worth a reply, waits for a change: until one comes, or `waitMs` pass.
 * One read is enough when nothing changes: watching starts before it, so no change falls in between.
 */
export function hold<Value>(options: HoldOptions<Value>): Promise<Value> {
  return options.waitMs > 0 ? readAndWait(options) : options.read()
}

async function readAndWait<Value>({ read, watch, patienceFor, waitMs, ending }: HoldOptions<Value>): Promise<Value> {
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
      if (patience <= 0 || ending.hasCome) return value
      if (!isChanged) await pause(patience)
      if (!isChanged) return value
    }
  } finally {
    stopWatching()
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const clearTimer = setCoarseTimer(done, ms)
      const stopListening = ending.onCome(done)
      wake = done
      function done() {
        clearTimer()
        stopListening()
        resolve()
      }
    })
  }
}
