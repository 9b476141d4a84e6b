import { type RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible'
import { ScanInError } from '../errors.ts'

/** Counts over a minute, shared by all instances where the store is. */
export interface RateLimit {
  /** Counts one for `key`. @throws ScanInError `slow_down` over the limit; `store_unavailable`: it fails closed */
  count(key: string): Promise<void>
  /** Takes one back, for what turned out not to count. */
  forgive(key: string): Promise<void>
}

/** Where counts are kept; `name` sets one limit's counts apart from another's. */
export type MakeLimiter = (name: string, points: number, durationSeconds: number) => RateLimiterAbstract

const WINDOW_SECONDS = 60

/** @param perMinute 0 is no limit */
export function createRateLimit(makeLimiter: MakeLimiter, name: string, perMinute: number): RateLimit {
  if (perMinute === 0) return { count: async () => undefined, forgive: async () => undefined }
  const limiter = makeLimiter(name, perMinute, WINDOW_SECONDS)
  return {
    async count(key) {
      try {
        await limiter.consume(key)
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw new ScanInError('store_unavailable', { cause: refusal })
        throw new ScanInError('slow_down', { retryAfterSeconds: Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)) })
      }
    },
    async forgive(key) {
      try {
        await limiter.reward(key)
      } catch (cause) {
        throw new ScanInError('store_unavailable', { cause })
      }
    },
  }
}
