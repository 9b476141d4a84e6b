/** How late a coarse timer may be. */
const TICK_MS = 5

/** A timer that was set, for clearing it. */
export type CoarseTimer = number

/**
 * Timers for waits that thousands have at once. All that come due within 5 ms share one timer of the event loop, and
 * setting one costs only its entry in a set. Coarser timers would end waits that began apart in one burst, again and
 * again, and a poll that has news in it would have to wait for the burst to pass.
 */
export interface CoarseTimers {
  /** Calls back after `ms`, up to 7 ms late. A callback that is set twice for the same time is called once. */
  set(callback: () => void, ms: number): CoarseTimer
  /** Safe to call twice. */
  clear(timer: CoarseTimer, callback: () => void): void
  /** Calls everything back now. */
  fireAll(): void
}

export function createCoarseTimers(): CoarseTimers {
  const ticks = new Map<CoarseTimer, { callbacks: Set<() => void>; timeout: NodeJS.Timeout }>()

  function fire(number: CoarseTimer): void {
    const tick = ticks.get(number)
    if (tick === undefined) return
    ticks.delete(number)
    clearTimeout(tick.timeout)
    for (const callback of tick.callbacks) callback()
  }

  return {
    set(callback, ms) {
      const now = performance.now()
      const number = Math.ceil((now + ms) / TICK_MS)
      let tick = ticks.get(number)
      if (tick === undefined) {
        // Timeouts are cut to whole milliseconds, and none may come early.
        tick = { callbacks: new Set(), timeout: setTimeout(fire, Math.ceil(number * TICK_MS - now) + 1, number) }
        ticks.set(number, tick)
      }
      tick.callbacks.add(callback)
      return number
    },

    clear(number, callback) {
      const tick = ticks.get(number)
      if (tick === undefined || !tick.callbacks.delete(callback) || tick.callbacks.size > 0) return
      ticks.delete(number)
      clearTimeout(tick.timeout)
    },

    fireAll() {
      for (const number of [...ticks.keys()]) fire(number)
    },
  }
}
