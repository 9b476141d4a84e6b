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

/** How long a login takes at the most that is scanned, approved and collected in time: milliseconds. */
export function longestLoginMs({ lifeMs, confirmMs, collectMs }: LoginPolicy): number {
  return lifeMs + confirmMs + collectMs
}

/** When a match is asked for. `auto`: unless browser and phone are on the same network. */
export type MatchMode = 'auto' | 'always' | 'never'

/** How a phone's owner confirms. `auto`: by passkey where they have one, and browsers know them. */
export type ConfirmMode = 'auto' | 'tap' | 'passkey'
