import { RateLimiterRes } from 'rate-limiter-flexible'
import { ScanInError } from '../errors.ts'
import type { Limiter } from '../store/record-limiter.ts'
import { limitsAround, type Prefix } from './networks.ts'
import { isOurFault } from './problems.ts'

/** Counts over a minute, shared by all instances where the store is. */
export interface RateLimit {
  /**
   * Counts one for `key`, and runs what it is counted for. Where that fails by our own fault, or comes to nothing, the
   * count is taken back: nobody is told to slow down for what they were not given.
   * @param isGiven whether the result is what is counted. Left out: any is
   * @throws ScanInError `slow_down` over the limit; `store_unavailable`: it fails closed
   */
  spend<Result>(key: string, task: () => Promise<Result>, isGiven?: (result: Result) => boolean): Promise<Result>
}

/** What begins, by where it comes from. */
export interface NetworkLimit {
  /** As that of a RateLimit, of each of the networks around an address. */
  spend<Result>(address: string, task: () => Promise<Result>, isGiven?: (result: Result) => boolean): Promise<Result>
}

/** Where counts are kept; `name` sets one limit's counts apart from another's. */
export type MakeLimiter = (name: string, points: number, durationSeconds: number) => Limiter

/** What all limits count over. */
export const WINDOW_SECONDS = 60

/** @param perMinute 0 is no limit */
export function createRateLimit(makeLimiter: MakeLimiter, name: string, perMinute: number): RateLimit {
  if (perMinute === 0) return { spend: (_key, task) => task() }
  const limiter = makeLimiter(name, perMinute, WINDOW_SECONDS)

  async function count(key: string): Promise<void> {
    try {
      await limiter.consume(key)
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw new ScanInError('store_unavailable', { cause: refusal })
      // For the next request: this one may well have been one too many.
      if (isStuck(refusal)) await limiter.delete(key).catch(() => undefined)
      throw new ScanInError('slow_down', { retryAfterSeconds: secondsLeft(refusal) })
    }
  }

  const takeBack = (key: string) => limiter.reward(key).catch(() => undefined)

  return {
    async spend(key, task, isGiven = () => true) {
      await count(key)
      try {
        const result = await task()
        if (!isGiven(result)) await takeBack(key)
        return result
      } catch (error) {
        if (isOurFault(ScanInError.from(error))) await takeBack(key)
        throw error
      }
    },
  }
}

/**
 * How many times as many may begin in the networks around an address. A campus has many people at once; and yet what one
 * /48 begins, each of the longest kind and kept for its time, leaves room in the embedded store for everybody else.
 */
const FACTORS: Readonly<Record<Prefix, number>> = { 64: 1, 56: 4, 48: 8 }

/** @param perMinute of one address. 0 is no limit */
export function createNetworkLimit(makeLimiter: MakeLimiter, name: string, perMinute: number): NetworkLimit {
  const around = limitsAround((prefix) =>
    createRateLimit(makeLimiter, prefix === 64 ? name : `${name}-${prefix}`, perMinute * FACTORS[prefix]),
  )
  return {
    spend<Result>(address: string, task: () => Promise<Result>, isGiven?: (result: Result) => boolean) {
      const limits = around(address)
      // One after the other, the narrowest first: who is refused there takes nothing of what the others have.
      const spendFrom = (at: number): Promise<Result> => {
        const next = limits[at]
        return next === undefined ? task() : next.limit.spend(next.key, () => spendFrom(at + 1), isGiven)
      }
      return spendFrom(0)
    },
  }
}

/** A second for clocks that are slewed. */
const LONGEST_LEFT_MS = (WINDOW_SECONDS + 1) * 1000

/** Whether a count would last longer than it counts: the store's clock was set back, maybe by an hour. */
export function isStuck({ msBeforeNext }: RateLimiterRes): boolean {
  return msBeforeNext > LONGEST_LEFT_MS
}

/** Until a count begins anew; at least 1. Never longer than it counts, even where the clock was set back since. */
export function secondsLeft({ msBeforeNext }: Pick<RateLimiterRes, 'msBeforeNext'>): number {
  return Math.min(WINDOW_SECONDS, Math.max(1, Math.ceil(msBeforeNext / 1000)))
}
