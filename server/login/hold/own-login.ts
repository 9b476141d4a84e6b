import { copyOf } from '../../copy-of.ts'
import { hashSecret, isSameHash } from '../../hashes.ts'
import type { RequestContext } from '../../http/request-context.ts'
import type { User } from '../../identity/identity.ts'
import type { StoredRecord, Version } from '../../store/record-store.ts'
import { type Login, listsSecret, ownUntil, phoneOf } from '../login.ts'
import type { Token } from '../token.ts'

/** A browser that waits: the token it shows, and the key out of its cookie. */
export interface WaitingBrowser {
  token: Token
  browserKey: string | undefined
  /** The public id of the session that its cookie names, whether or not there is one: a new one takes its place. */
  replaces: string | undefined
  /** The request on which it asks. Left out by a poll, which may be held and keeps as little as it can. */
  by?: RequestContext
  /** A poll's, unparsed: it is parsed only when there is something to tell. */
  traceparent?: string | undefined
}

type AskingBrowser = Pick<WaitingBrowser, 'token' | 'browserKey'>

/** The little of a login that a poll tells of: a held poll keeps no more of it. */
export interface PollView {
  status: Login['status']
  expiresAt: number
  triesLeft: number | undefined
  /** Whose phone has it in hand. */
  user: User | undefined
}

/**
 * Proves that a login is a browser's own, and keeps what a poll tells of it. While the store has the same version, the
 * same key and token prove it again without parsing or hashing, which is most of a poll's own work.
 */
export interface Proof {
  /** What it was found in. */
  record: StoredRecord
  loginId: string
  browserKey: string
  secret: string
  /** Epoch milliseconds: until when the token is good. */
  goodUntil: number
  view: PollView
}

/** Whether a login is this browser's, by its cookie, and under a token that is still good. */
export function isOwn(login: Login, { token, browserKey }: AskingBrowser, now: number): boolean {
  return hasKey(login, browserKey) && ownUntil(login, hashSecret(token.secret), now) !== undefined
}

/**
 * Whether this browser may renew the login or give it up: it needs the key, and any token that the login lists, as the
 * replies with newer ones may have been lost. To be told something, or given a typed code, it needs a good token.
 */
export function isOwnByAny(login: Login, { token, browserKey }: AskingBrowser): boolean {
  return hasKey(login, browserKey) && listsSecret(login, hashSecret(token.secret))
}

/** Proves that a login is this browser's. `undefined`: it is not. Keeps the key: it must be no slice of a header. */
export function prove(
  login: Login,
  record: StoredRecord,
  { token, browserKey }: AskingBrowser,
  now: number,
): Proof | undefined {
  if (!hasKey(login, browserKey)) return undefined
  const goodUntil = ownUntil(login, hashSecret(token.secret), now)
  if (goodUntil === undefined) return undefined
  const [loginId, secret] = [copyOf(token.loginId), copyOf(token.secret)]
  return { record, loginId, browserKey, secret, goodUntil, view: pollViewOf(login) }
}

/** Whether a proof still holds for a browser and the version that the store has now. */
export function isProofCurrent(
  proof: Proof,
  version: Version,
  { token, browserKey }: AskingBrowser,
  now: number,
): boolean {
  return (
    proof.browserKey === browserKey &&
    proof.secret === token.secret &&
    proof.record.version === version &&
    now < proof.goodUntil
  )
}

/** The little that a poll tells of a login, for one that is known to be its own. */
export function pollViewOf(login: Login): PollView {
  const triesLeft = login.status === 'match_required' ? login.triesLeft : undefined
  return { status: login.status, expiresAt: login.expiresAt, triesLeft, user: phoneOf(login)?.user }
}

/** No browser owns a device's login: it leads to tokens within scopes, not to a session that may do everything. */
function hasKey({ browserKeyHash, application }: Login, browserKey: string | undefined): browserKey is string {
  if (browserKey === undefined || application?.isDevice) return false
  return isSameHash(browserKeyHash, hashSecret(browserKey))
}
