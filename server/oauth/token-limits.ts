import { createRateLimit, type MakeLimiter } from '../http/rate-limits.ts'
import { personKeyHash } from '../identity/person-key.ts'
import type { IdentifiedSession } from '../session/session.ts'

/** What applications are given in the name of a session, counted before anything of it is kept. */
export interface TokenLimits {
  /**
   * Counts a code, by session and by person, and makes it.
   * @throws ScanInError `slow_down`; `store_unavailable`
   */
  code<Result>(of: IdentifiedSession, make: () => Promise<Result>): Promise<Result>
  /** As `code`, of tokens, for a code or a refresh token that stays unused where this refuses. */
  tokens<Result>(of: IdentifiedSession, give: () => Promise<Result>): Promise<Result>
}

/** A minute. A browser that comes back may have every application ask at once, from each of its tabs. */
const OF_SESSION = 120
/** All sessions of a person together: an hour of access tokens is some 25 MB then, whoever has it in for us. */
const OF_PERSON = 600

export function createTokenLimits({ makeLimiter }: { makeLimiter: MakeLimiter }): TokenLimits {
  function limit(name: string): TokenLimits['code'] {
    const ofSession = createRateLimit(makeLimiter, `${name}-of`, OF_SESSION)
    const ofPerson = createRateLimit(makeLimiter, `${name}-of-person`, OF_PERSON)
    return ({ id, session }, task) => ofSession.spend(id, () => ofPerson.spend(personKeyHash(session.user), task))
  }

  return { code: limit('oauth-codes'), tokens: limit('oauth-tokens') }
}
