import type { Clock } from '../../../web/src/wire/clock.ts'

export interface FakeClock extends Clock {
  /** The device sleeps for so long: this clock stands still, and the time of day goes on. */
  sleepThrough(ms: number): void
  /** Lets time pass, running what falls due on the way and everything that follows from it. */
  pass(ms: number): Promise<void>
}

interface Sleeper {
  readonly dueAt: number
  readonly wake: () => void
}

/** A clock that stands still until it is told otherwise. */
export function createFakeClock(): FakeClock {
  let now = 0
  let aheadMs = Date.UTC(2026, 10, 27)
  const sleepers = new Set<Sleeper>()

  return {
    now: () => now,
    today: () => now + aheadMs,
    sleepThrough(ms) {
      aheadMs += ms
    },
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve()
        const wake = () => {
          sleepers.delete(sleeper)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        const sleeper = { dueAt: now + Math.max(0, ms), wake }
        sleepers.add(sleeper)
        signal.addEventListener('abort', wake)
      }),
    async pass(ms) {
      const end = now + ms
      await settle()
      for (;;) {
        const next = [...sleepers].sort((one, other) => one.dueAt - other.dueAt)[0]
        if (next === undefined || next.dueAt > end) break
        now = next.dueAt
        next.wake()
        await settle()
      }
      now = end
    },
  }
}

/** Runs every promise callback that is ready, and those that they make ready: immediates come after all of them. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
