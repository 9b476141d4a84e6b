import { createRateLimit, type MakeLimiter } from '../http/rate-limits.ts'
import { personKeyHash } from '../identity/person-key.ts'
import type { IdentifiedSession } from './session.ts'

/**
 * Counts what applications or back ends are given in the name of a session, by session and by person, before any of it
 * is made or stored; then gives it.
 * @throws ScanInError `slow_down`; `store_unavailable`
 */
export type IssuanceLimit = <Result>(of: IdentifiedSession, give: () => Promise<Result>) => Promise<Result>

/** A minute. A browser that comes back may have every application ask at once, from each of its tabs. */
const OF_SESSION = 120
/** A minute, for all sessions of a person together: so an attacker's access tokens of an hour take some 25 MB. */
const OF_PERSON = 600

/** @param name of what is counted: each kind has counts of its own, and uses up nothing of another's */
export function createIssuanceLimit(makeLimiter: MakeLimiter, name: string): IssuanceLimit {
  const ofSession = createRateLimit(makeLimiter, `${name}-of`, OF_SESSION)
  const ofPerson = createRateLimit(makeLimiter, `${name}-of-person`, OF_PERSON)
  return ({ id, session }, give) => ofSession.spend(id, () => ofPerson.spend(personKeyHash(session.user), give))
}

/** Of codes that somebody's browser comes for, by whether it asks in a frame of some page. */
export type CodeLimit = (isFramed: boolean) => IssuanceLimit

/** Counts frames apart: a page may ask in frames without its visitor's knowledge, and must not use up their codes. */
export function createCodeLimit(makeLimiter: MakeLimiter, name: string): CodeLimit {
  const limit = createIssuanceLimit(makeLimiter, `${name}-codes`)
  const framedLimit = createIssuanceLimit(makeLimiter, `${name}-framed-codes`)
  return (isFramed) => (isFramed ? framedLimit : limit)
}
