import type { Clock } from '../../clock.ts'
import { ScanInError } from '../../errors.ts'
import type { Proof } from './own-login.ts'

/** What this process remembers of a client that polls, for as long as it goes on. */
export interface PollingClient {
  /** Epoch milliseconds: when it would be on pace again. */
  onPaceAt: number
  /** A browser's: that its login is its own, as found when that was read last. */
  proof: Proof | undefined
}

/** Keeps each waiting client to its pace, in this process's memory: no poll pays a round trip for it. */
export interface PollingClients {
  /** The client with this key, known or new. */
  find(key: string): PollingClient
  /** Counts a poll. @returns 0, or the whole seconds to wait when it came far too fast; such a poll is not counted. */
  admit(client: PollingClient): number
}

/** A client may be twice as fast as asked for, and this many polls ahead of that: tabs wake up, networks come back. */
const BURST_POLLS = 10
const SWEEP_EVERY_MS = 10_000
/** Longer than a poll may be held: who has proved something and still waits is still known. */
const PROOF_REMEMBERED_MS = 30_000

/** The generic cell rate algorithm: one number a client, the time at which it would be on pace again. */
export function createPollingClients({ clock, intervalSeconds }: PollingClientsOptions): PollingClients {
  const spacingMs = (intervalSeconds * 1000) / 2
  const clients = new Map<string, PollingClient>()
  let nextSweepAt = 0

  function sweep(now: number): void {
    // A clock that was set back does not put the next sweep off.
    if (now < nextSweepAt && nextSweepAt - now <= SWEEP_EVERY_MS) return
    nextSweepAt = now + SWEEP_EVERY_MS
    for (const [key, { onPaceAt, proof }] of clients) {
      // Keys that anybody may make up are forgotten as soon as they are on pace.
      const rememberedMs = proof === undefined ? 0 : PROOF_REMEMBERED_MS
      if (onPaceAt + rememberedMs <= now) clients.delete(key)
    }
  }

  return {
    find(key) {
      const known = clients.get(key)
      if (known !== undefined) return known
      const client = { onPaceAt: clock(), proof: undefined }
      clients.set(key, client)
      return client
    },

    admit(client) {
      const now = clock()
      sweep(now)
      // Nobody gets further ahead than the burst: beyond it the clock was set back, and it is no fault of the client's.
      const isAhead = client.onPaceAt > now && client.onPaceAt - now <= BURST_POLLS * spacingMs
      const at = isAhead ? client.onPaceAt : now
      const excessMs = at - now - (BURST_POLLS - 1) * spacingMs
      if (excessMs > 0) return Math.ceil(excessMs / 1000)
      client.onPaceAt = at + spacingMs
      return 0
    },
  }
}

interface PollingClientsOptions {
  clock: Clock
  intervalSeconds: number
}

/** @throws ScanInError `slow_down` */
export function refuseIfTooFast(seconds: number): void {
  if (seconds > 0) throw new ScanInError('slow_down', { retryAfterSeconds: seconds })
}
