import type { MakeLimiter } from '../http/rate-limits.ts'
import { type CodeLimit, createCodeLimit, createGivenLimit, type GivenLimit } from '../session/given-limit.ts'

/** What OpenID clients are given in the name of a session. */
export interface TokenLimits {
  code: CodeLimit
  /** For a code or a refresh token that stays unused where this refuses. */
  tokens: GivenLimit
}

export function createTokenLimits({ makeLimiter }: { makeLimiter: MakeLimiter }): TokenLimits {
  return {
    code: createCodeLimit(makeLimiter, 'oauth'),
    tokens: createGivenLimit(makeLimiter, 'oauth-tokens'),
  }
}
