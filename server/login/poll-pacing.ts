import type { Clock } from '../clock.ts'

/** Keeps each waiting client to its pace, in this process's memory: no poll pays a round trip for it. */
export interface PollPacing {
  /** Counts a poll. @returns 0, or the whole seconds to wait when it came far too fast; such a poll is not counted. */
  admit(key: string): number
}

/** A client may be twice as fast as asked for, and this many polls ahead of that: tabs wake up, networks come back. */
const BURST_POLLS = 10
const SWEEP_EVERY_MS = 10_000

/** The generic cell rate algorithm: one number a client, the time at which it would be on pace again. */
export function createPollPacing({ clock, intervalSeconds }: { clock: Clock; intervalSeconds: number }): PollPacing {
  const spacingMs = (intervalSeconds * 1000) / 2
  /** Objects, so that a poll looks its client up once. */
  const clients = new Map<string, { onPaceAt: number }>()
  let nextSweepAt = 0

  function sweep(now: number): void {
    if (now < nextSweepAt) return
    nextSweepAt = now + SWEEP_EVERY_MS
    for (const [key, { onPaceAt }] of clients) if (onPaceAt <= now) clients.delete(key)
  }

  return {
    admit(key) {
      const now = clock()
      sweep(now)
      const client = clients.get(key)
      if (client === undefined) {
        clients.set(key, { onPaceAt: now + spacingMs })
        return 0
      }
      const at = Math.max(client.onPaceAt, now)
      const excessMs = at - now - (BURST_POLLS - 1) * spacingMs
      if (excessMs > 0) return Math.ceil(excessMs / 1000)
      client.onPaceAt = at + spacingMs
      return 0
    },
  }
}
