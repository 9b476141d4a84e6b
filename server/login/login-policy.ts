import type { Ending } from './ending.ts'

/** How long things last, in milliseconds. */
export interface LoginPolicy {
  /** An unscanned login's whole life. */
  lifeMs: number
  /** From scan to approval, matching included. */
  confirmMs: number
  /** Approved, and not yet collected. */
  collectMs: number
  qrRefreshMs: number
  /** How long a rotated-out QR still scans. */
  qrOverlapMs: number
}

/** How long a poll may be held: while the state is still the one that it names. */
export interface HoldRequest {
  seen: string | undefined
  waitMs: number
  /** Ends the hold at once, as when the client is gone or the process shuts down. */
  ending: Ending
}

/** When a match is asked for. `auto`: unless browser and phone are on the same network. */
export type MatchMode = 'auto' | 'always' | 'never'
