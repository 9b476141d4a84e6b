import { hashSecret, isSameHash } from '../hashes.ts'

/**
 * A family is the refresh tokens of one sign-in, each of which replaces the one before it (RFC 9700 §4.14.2). It has
 * one record, under its first token: refreshing often piles nothing up, and any earlier token is known for a used one.
 */

/** Stands between the part that all of a family share and the part that is a token's own. */
const DOT = '.'
/** In a family's record: the hash of the one that is good. */
const CURRENT = 'current'
/** In a family's record: the hash of the token before, until somebody has certainly been given the current one. */
const BEFORE = 'before'

/** What a family is known by: its first token. */
export function familyOf(refreshToken: string): string {
  return refreshToken.split(DOT, 1)[0] ?? ''
}

/**
 * The refresh token that takes another's place.
 * @param made its own secret
 */
export function rotatedToken(refreshToken: string, made: string): string {
  return familyOf(refreshToken) + DOT + made
}

/** The record of a family with its first token. */
export function withFirstToken<Payload extends object>(payload: Payload, token: string): Payload {
  return { ...payload, [CURRENT]: hashSecret(token) }
}

/** The record as a token takes another's place, which stays good beside it until somebody is given the new one. */
export function withRotatedToken<Payload extends object>(payload: Payload, token: string, before: string): Payload {
  return { ...payload, [CURRENT]: hashSecret(token), [BEFORE]: hashSecret(before) }
}

/** The record as somebody is given the current token: the one before it is good no more. */
export function withCurrentAlone({ [BEFORE]: _ungiven, ...value }: Record<string, unknown>): Record<string, unknown> {
  return value
}

/** What the record is about, without which token is good. */
export function withoutTokens({ [CURRENT]: _hash, ...value }: Record<string, unknown>): Record<string, unknown> {
  return withCurrentAlone(value)
}

/** Whether a record is about this very secret, and not about one that took its place. */
export function isCurrent({ [CURRENT]: current }: Record<string, unknown>, id: string): boolean {
  return current === undefined ? !id.includes(DOT) : isHashOf(current, id)
}

/** Whether this secret is good: also one whose successor nobody may have been given. */
export function isGoodIn(value: Record<string, unknown>, id: string): boolean {
  return isCurrent(value, id) || isHashOf(value[BEFORE], id)
}

function isHashOf(hash: unknown, id: string): boolean {
  return typeof hash === 'string' && isSameHash(hash, hashSecret(id))
}
