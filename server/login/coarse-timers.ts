/** How late a coarse timer may be. */
const TICK_MS = 50

interface Tick {
  callbacks: Set<() => void>
  timer: NodeJS.Timeout
}

/** Timers that come due in the same tick, by its number. */
const ticks = new Map<number, Tick>()

/**
 * Calls back after `ms`, up to 50 ms late, for waits that thousands have at once: all that end in the same tick share
 * one timer, and their replies leave in one turn of the event loop.
 * @returns clears it; safe to call twice
 */
export function setCoarseTimer(callback: () => void, ms: number): () => void {
  const now = performance.now()
  const number = Math.ceil((now + ms) / TICK_MS)
  const tick = ticks.get(number) ?? startTick(number, number * TICK_MS - now)
  tick.callbacks.add(callback)
  return () => {
    if (!tick.callbacks.delete(callback) || tick.callbacks.size > 0 || ticks.get(number) !== tick) return
    ticks.delete(number)
    clearTimeout(tick.timer)
  }
}

function startTick(number: number, ms: number): Tick {
  const callbacks = new Set<() => void>()
  const timer = setTimeout(() => {
    ticks.delete(number)
    for (const callback of callbacks) callback()
  }, ms)
  const tick = { callbacks, timer }
  ticks.set(number, tick)
  return tick
}
