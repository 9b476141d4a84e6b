import type { MakeLimiter } from '../http/rate-limits.ts'
import { createGivenLimit, type GivenLimit } from '../session/given-limit.ts'

/** What OpenID clients are given in the name of a session. */
export interface TokenLimits {
  code: GivenLimit
  /** As pages ask for them in frames, which their visitors need not know of. */
  framedCode: GivenLimit
  /** For a code or a refresh token that stays unused where this refuses. */
  tokens: GivenLimit
}

export function createTokenLimits({ makeLimiter }: { makeLimiter: MakeLimiter }): TokenLimits {
  return {
    code: createGivenLimit(makeLimiter, 'oauth-codes'),
    framedCode: createGivenLimit(makeLimiter, 'oauth-framed-codes'),
    tokens: createGivenLimit(makeLimiter, 'oauth-tokens'),
  }
}
