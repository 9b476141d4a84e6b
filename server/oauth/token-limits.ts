import type { MakeLimiter } from '../http/rate-limits.ts'
import { createGivenLimit, type GivenLimit } from '../session/given-limit.ts'

/** What OpenID clients are given in the name of a session. */
export interface TokenLimits {
  code: GivenLimit
  /** For a code or a refresh token that stays unused where this refuses. */
  tokens: GivenLimit
}

export function createTokenLimits({ makeLimiter }: { makeLimiter: MakeLimiter }): TokenLimits {
  return {
    code: createGivenLimit(makeLimiter, 'oauth-codes'),
    tokens: createGivenLimit(makeLimiter, 'oauth-tokens'),
  }
}
