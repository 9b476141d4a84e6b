import { ScanInError } from '../errors.ts'
import { StoreFullError } from './embedded-trouble.ts'

/** A store's bound in bytes, and who is refused first when it is near. */
export interface Capacity {
  /** Whether a write fits that adds `growth` bytes to the `bytes` that there are. */
  admits(bytes: number, growth: number, begins?: boolean): boolean
}

/**
 * An eighth is kept for what is under way: a login that waits becomes three or four records before its browser is in,
 * and all that wait must be able to go on at once.
 */
const RESERVE = 1 / 8
const RETRY_SECONDS = 10

/**
 * A write that makes nothing grow always fits: signing out or revoking is never refused for want of room. A write that
 * begins something is refused first (`WriteOptions.begins`).
 */
export function createCapacity(maxBytes: number): Capacity {
  const forNewcomers = Math.floor(maxBytes * (1 - RESERVE))
  return {
    admits: (bytes, growth, begins = false) => growth <= 0 || bytes + growth <= (begins ? forNewcomers : maxBytes),
  }
}

/** The refusal of what does not fit. */
export function storeFull(): ScanInError {
  const cause = new StoreFullError('the store is full')
  return new ScanInError('store_unavailable', { cause, retryAfterSeconds: RETRY_SECONDS })
}
