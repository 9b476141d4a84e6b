import type { Clock } from '../../clock.ts'
import { copyOf } from '../../copy-of.ts'
import { ScanInError } from '../../errors.ts'
import type { Proof } from './own-login.ts'
import type { Paces } from './paces.ts'

/** What this process remembers of a client that polls, for as long as it goes on. */
export interface PollingClient {
  /** By which it is found. A copy: a slice of a header would keep the whole header in memory. */
  key: string
  /** Epoch milliseconds: when it would be on pace again. */
  onPaceAt: number
  /** How far apart polls had to be when `onPaceAt` was computed. */
  spacingMs: number
  /** The interval that its last reply named, in whole seconds, where that is not the pace of all. */
  toldSeconds: number | undefined
  /** A browser's: the proof that its login is its own, of the last read. */
  proof: Proof | undefined
}

/** Keeps each waiting client to its pace, in this process's memory: no poll pays a round trip for it. */
export interface PollingClients {
  /** The client with this key, known or new. Takes the whole key: keys that differ at the end alone are two clients. */
  find(key: string): PollingClient
  /** Counts a poll. @returns 0, or the whole seconds to wait when it came far too fast; such a poll is not counted. */
  admit(client: PollingClient): number
}

/** How many polls a client may be ahead of its pace: tabs wake up, networks come back. */
const BURST_POLLS = 10
const SWEEP_EVERY_MS = 10_000
/** Longer than a poll may be held, so that a client that waits keeps its proof. */
const PROOF_REMEMBERED_MS = 30_000
/** Twice as many as there may be connections. */
const MOST_CLIENTS = 300_000

/**
 * The generic cell rate algorithm: one number a client, the time at which it would be on pace again. When the pace
 * changes, a client stays ahead by as many polls as before, so that none is refused that keeps to the pace it was told.
 */
export function createPollingClients({ clock, paces, most = MOST_CLIENTS }: PollingClientsOptions): PollingClients {
  const clients = new Map<string, PollingClient>()
  let nextSweepAt = 0

  function sweep(now: number): void {
    // A clock that was set back does not put the next sweep off.
    if (now < nextSweepAt && nextSweepAt - now <= SWEEP_EVERY_MS) return
    nextSweepAt = now + SWEEP_EVERY_MS
    for (const [key, { onPaceAt, proof }] of clients) {
      // Anybody can make up keys, so a client without a proof is forgotten as soon as it is on pace.
      const rememberedMs = proof === undefined ? 0 : PROOF_REMEMBERED_MS
      if (onPaceAt + rememberedMs <= now) clients.delete(key)
    }
  }

  /** A client may be twice as fast as it is told. */
  const spacingMs = (toldSeconds = Number.POSITIVE_INFINITY) =>
    (Math.min(paces.current.interval, toldSeconds) * 1000) / 2

  return {
    find(key) {
      const known = clients.get(key)
      if (known !== undefined) return known
      const client = {
        key: copyOf(key),
        onPaceAt: clock(),
        spacingMs: spacingMs(),
        toldSeconds: undefined,
        proof: undefined,
      }
      // Beyond `most`, a new client is served like any other, but not remembered.
      if (clients.size < most) clients.set(client.key, client)
      return client
    },

    admit(client) {
      const now = clock()
      paces.polled()
      const spacing = spacingMs(client.toldSeconds)
      const ahead = (client.onPaceAt - now) / client.spacingMs
      // No client gets further ahead than the burst. One that seems to be is not to blame: the clock was set back.
      const polls = ahead > 0 && ahead <= BURST_POLLS ? ahead : 0
      const excessMs = (polls - (BURST_POLLS - 1)) * spacing
      if (excessMs > 0) return Math.ceil(excessMs / 1000)
      client.onPaceAt = now + (polls + 1) * spacing
      client.spacingMs = spacing
      sweep(now)
      return 0
    },
  }
}

interface PollingClientsOptions {
  clock: Clock
  paces: Pick<Paces, 'current' | 'polled'>
  /** How many clients are remembered at the most. */
  most?: number
}

/** @throws ScanInError `slow_down` */
export function refuseIfTooFast(seconds: number): void {
  if (seconds > 0) throw new ScanInError('slow_down', { retryAfterSeconds: seconds })
}
