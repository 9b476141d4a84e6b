import type { MakeLimiter } from '../http/rate-limits.ts'
import { type CodeLimit, createCodeLimit, createIssuanceLimit, type IssuanceLimit } from '../session/issuance-limit.ts'

/** What OpenID clients are given in the name of a session. */
export interface TokenLimits {
  code: CodeLimit
  /** For a code or a refresh token that stays unused where this refuses. */
  tokens: IssuanceLimit
}

export function createTokenLimits({ makeLimiter }: { makeLimiter: MakeLimiter }): TokenLimits {
  return {
    code: createCodeLimit(makeLimiter, 'oauth'),
    tokens: createIssuanceLimit(makeLimiter, 'oauth-tokens'),
  }
}
