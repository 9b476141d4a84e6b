import { ScanInError } from '../errors.ts'
import { limitsAround, type Prefix } from './networks.ts'
import { isStuck, type MakeLimiter, secondsLeft, WINDOW_SECONDS } from './rate-limits.ts'

/** Failures within a minute, shared by all instances where the store is. What went well is counted by nobody. */
export interface FailureLimit {
  /**
   * How far `key` is beyond its limit, or beyond `most` where that is given.
   * @throws ScanInError `store_unavailable`: it fails closed
   */
  excess(key: string, most?: number): Promise<Excess>
  /** Counts one failure. Rejects as `excess` does. */
  count(key: string): Promise<void>
}

/** Failures by where they come from; its keys are addresses. */
export interface NetworkFailures {
  /** As that of a FailureLimit, of the first of the networks around an address that is beyond its limit. */
  excess(address: string): Promise<Excess>
  count(address: string): Promise<void>
}

export interface Excess {
  /** 0 while another failure is still within the limit; then 1, 2 and so on. */
  failures: number
  /** Whole seconds until the count begins anew, as of when this is read; at least 1. */
  readonly retryAfterSeconds: number
}

const NONE: Excess = { failures: 0, retryAfterSeconds: 1 }

/** @param perMinute 0 is no limit */
export function createFailureLimit(makeLimiter: MakeLimiter, name: string, perMinute: number): FailureLimit {
  if (perMinute === 0) return { excess: async () => NONE, count: async () => undefined }
  const limiter = makeLimiter(name, perMinute, WINDOW_SECONDS)

  async function ask<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    try {
      return await call()
    } catch (cause) {
      throw new ScanInError('store_unavailable', { cause })
    }
  }

  return {
    async excess(key, most = perMinute) {
      const found = await ask(() => limiter.get(key))
      if (found === null || found.consumedPoints < most) return NONE
      if (isStuck(found)) {
        await ask(() => limiter.delete(key))
        return NONE
      }
      const readAt = performance.now()
      return {
        failures: found.consumedPoints - most + 1,
        get retryAfterSeconds() {
          return secondsLeft({ msBeforeNext: found.msBeforeNext - (performance.now() - readAt) })
        },
      }
    },

    async count(key) {
      await ask(() => limiter.penalty(key))
    },
  }
}

/** @throws ScanInError `slow_down` where `excess` is any */
export function refuseExcess({ failures, retryAfterSeconds }: Excess): void {
  if (failures > 0) throw new ScanInError('slow_down', { retryAfterSeconds })
}

/** How many times as many the networks around an address may have. */
const FACTORS: Readonly<Record<Prefix, number>> = { 64: 1, 56: 2, 48: 4 }

/** @param perMinute of one address; the networks around it may have more. 0 is no limit */
export function createNetworkFailures(makeLimiter: MakeLimiter, name: string, perMinute: number): NetworkFailures {
  const around = limitsAround((prefix) =>
    createFailureLimit(makeLimiter, `${name}-${prefix}`, perMinute * FACTORS[prefix]),
  )

  return {
    async excess(address) {
      const all = await Promise.all(around(address).map(({ limit, key }) => limit.excess(key)))
      return all.find(({ failures }) => failures > 0) ?? NONE
    },
    async count(address) {
      await Promise.all(around(address).map(({ limit, key }) => limit.count(key)))
    },
  }
}
