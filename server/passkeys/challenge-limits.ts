import {
  createNetworkLimit,
  createRateLimit,
  type MakeLimiter,
  type NetworkLimit,
  type RateLimit,
} from '../http/rate-limits.ts'

/** How many challenges may be asked for. */
export interface ChallengeLimits {
  /** Of those that anybody may ask for. */
  byAddress: NetworkLimit
  /** Of those that a phone asks for which is signed in: by the id of its session. */
  byPhone: RateLimit
}

interface ChallengeLimitsOptions {
  makeLimiter: MakeLimiter
  /** A minute and address; 0: any number. */
  challengesPerMinute: number
}

/** A minute: each is a person's look at their device. */
const PER_PHONE = 30

export function createChallengeLimits({ makeLimiter, challengesPerMinute }: ChallengeLimitsOptions): ChallengeLimits {
  return {
    byAddress: createNetworkLimit(makeLimiter, 'passkey-challenges', challengesPerMinute),
    byPhone: createRateLimit(makeLimiter, 'passkey-challenges-of', PER_PHONE),
  }
}
