/**
 * A login: one browser tab's try at signing in. This file is the whole rule book: what states there are, what can
 * happen in each, and what comes of it; which of its QRs are good is in `qr-secrets.ts`. It is pure; keeping and sending
 * are other files' work.
 *
 *     pending ──scan──▶ scanned ──confirm──▶ authenticated ──collect──▶ delivered (the hand-over repeats) ──give, 10 s──▶ gone
 *                          └──confirm──▶ match_required ──match──▶ authenticated
 *     any but delivered ──deny──▶ denied      any ──time──▶ expired
 *     match_required ──match, wrong for the fifth time──▶ denied
 *     pending ──rotate──▶ pending, with another QR secret
 *     scanned, match_required, authenticated ──scan, by another phone of the same person──▶ the same, and that phone's
 *     delivered ──acknowledge──▶ delivered, and the hand-over repeats no more
 */
import type { ClientAddress } from '../http/client-address.ts'
import type { BrowserName } from '../http/user-agent.ts'
import type { User } from '../identity/identity.ts'
import { isSamePerson } from '../identity/person-key.ts'
import type { Application } from './application.ts'
import {
  goodSecrets,
  keptSecrets,
  type QrSecrets,
  type Rotation,
  rotatedSecrets,
  scannedSecrets,
  withTyped,
} from './qr-secrets.ts'

/** A login in one of its states; `status` tells which. */
export type Login = PendingLogin | ScannedLogin | MatchRequiredLogin | AuthenticatedLogin | DeliveredLogin | DeniedLogin

export interface LoginBase {
  /** Epoch milliseconds. */
  createdAt: number
  /** When the present state ends, in epoch milliseconds. At that time the login is expired, whatever it was. */
  expiresAt: number
  browserKeyHash: string
  /** Hashes of the QR secrets that are good, and of older ones that may be all its browser knows; the newest last. */
  qrSecrets: QrSecrets
  /** The browser that waits, as the phone's owner is shown it: the client's own claim. */
  browser: BrowserName
  ip: string
  /** The address may be a proxy's, and then says nothing about where the browser is. */
  mayBeProxy?: true
  /** Where to go once signed in: checked before it was put here. */
  returnTo?: string
  /** What that leads to, where it is no page of ours. Never without a `returnTo`. */
  application?: Application
}

/** The phone that scanned: `id` tells one phone from another, `user` is whom it speaks for. */
export interface Phone {
  /** Of one that is signed in by a session, that session's id; of a native app, its own. */
  id: string
  user: User
  /** When its authority ends by itself, in epoch milliseconds: a bearer token's end. Left out: with its session. */
  goodUntil?: number
  /** When that token was issued, in epoch milliseconds. Left out: nobody says, or it is signed in by a session. */
  issuedAt?: number
  /** Counts up as the person's phones take the login over from each other. Left out: the first one has it. */
  turn?: number
  /** How its owner proved who they are, and from the confirm on, how they confirmed: `identity/amr.ts`. */
  amr?: string[]
  /** A native app's opaque token, sealed: whoever hands the login over asks about it once more. */
  sealedToken?: string
  /** Its owner confirmed by a passkey. Left out: by a tap, or not yet. */
  confirm?: 'passkey'
}

export interface PendingLogin extends LoginBase {
  status: 'pending'
}

export interface ScannedLogin extends LoginBase {
  status: 'scanned'
  phone: Phone
  match: MatchKind
}

export interface MatchRequiredLogin extends LoginBase {
  status: 'match_required'
  phone: Phone
  remember: boolean
  matchCodeHash: string
  triesLeft: number
}

export interface AuthenticatedLogin extends LoginBase {
  status: 'authenticated'
  phone: Phone
  remember: boolean
  /** Made at the approval and mixed into the session's secret, so that nothing from before the approval leads to it. */
  salt: string
}

/**
 * Collected: its session exists, and the same browser is given it again until its first use, or until some seconds
 * after it was given. Until it was given, all of the time to collect is left: the store may have gone away just now.
 */
export interface DeliveredLogin extends LoginBase {
  status: 'delivered'
  phone: Phone
  remember: boolean
  /** What the hand-over repeats by. Left out: its session has been used, and nothing here leads to it any more. */
  salt?: string
}

export interface DeniedLogin extends LoginBase {
  status: 'denied'
  phone: Phone
}

/** Whether the person has to type what the phone shows into the browser. */
export type MatchKind = 'none' | 'code'

/** What may happen to a login. Secrets come as hashes, times as durations from now. */
export type LoginEvent =
  | ({ type: 'rotate' } & Rotation)
  | { type: 'scan'; phone: Phone; match: MatchKind; confirmMs: number; extraSecretHash?: string }
  | { type: 'confirm'; phone: Phone; remember: boolean; matchCodeHash: string; salt: string; collectMs: number }
  | { type: 'deny'; phone: Phone; showMs: number; why?: DenyReason }
  | { type: 'match'; matchCodeHash: string; salt: string; collectMs: number; showMs: number }
  | { type: 'collect'; repeatMs: number }
  | { type: 'give'; repeatMs: number }
  | { type: 'acknowledge' }

/** Why a login is denied that nobody asked to deny: what scanned or approved it is no longer good. For records only. */
export type DenyReason = 'authority_ended'

/** Why an event was refused. */
export type Refusal =
  | 'expired'
  | 'not_pending'
  | 'already_scanned'
  | 'not_scanned'
  | 'not_matching'
  | 'wrong_match_code'
  | 'not_authenticated'

/** What comes of an event. The same `login` object means: nothing to write. A refusal may still change the login. */
export interface Outcome {
  login: Login
  refusal?: Refusal
}

/** Wrong match codes that end a login for good. */
export const MATCH_TRIES = 5

/** A session whose reply got lost is given again for this long, or until it is used. */
export const REPEAT_FOR_MS = 10_000

/** What a login begins with. Secrets come as hashes. */
export interface NewLogin extends Pick<LoginBase, 'browserKeyHash' | 'browser'> {
  secretHash: string
  /** Where the browser is. */
  from: ClientAddress
  returnTo?: string | undefined
  application?: Application | undefined
  lifeMs: number
}

/** How every login begins. */
export function pendingLogin(begun: NewLogin, now: number): PendingLogin {
  const { browserKeyHash, secretHash, browser, from, returnTo, application, lifeMs } = begun
  return {
    status: 'pending',
    createdAt: now,
    expiresAt: now + lifeMs,
    browserKeyHash,
    qrSecrets: [{ hash: secretHash }],
    browser,
    ip: from.address,
    ...(from.isKnown ? {} : { mayBeProxy: true }),
    ...(returnTo === undefined ? {} : { returnTo }),
    ...(application === undefined ? {} : { application }),
  }
}

/** What `event` makes of `login` at `now`. Never throws, never changes its arguments. */
export function transition(login: Login, event: LoginEvent, now: number): Outcome {
  if (isExpired(login, now)) return { login, refusal: 'expired' }
  switch (event.type) {
    case 'rotate':
      return rotate(login, event, now)
    case 'scan':
      return scan(login, event, now)
    case 'confirm':
      return confirm(login, event, now)
    case 'deny':
      return deny(login, event, now)
    case 'match':
      return match(login, event, now)
    case 'collect':
      return collect(login, event)
    case 'give':
      return give(login, event, now)
    case 'acknowledge':
      return acknowledge(login)
    default:
      return event satisfies never
  }
}

export function isExpired(login: Login, now: number): boolean {
  return now >= login.expiresAt
}

/**
 * When the login's state is over, as clients are told. A delivered login may be kept longer for its hand-over, but
 * clients are told ten seconds at the most.
 */
export function toldEnd({ status, expiresAt }: Pick<Login, 'status' | 'expiresAt'>, now: number): number {
  return status === 'delivered' ? Math.min(expiresAt, now + REPEAT_FOR_MS) : expiresAt
}

/** Whether a token with this secret still stands for the login. */
export function acceptsSecret(login: Login, secretHash: string, now: number): boolean {
  return acceptedUntil(login, secretHash, now) !== undefined
}

/** Until when, in epoch milliseconds, a token with this secret stands for the login. `undefined`: it does not. */
function acceptedUntil(login: Login, secretHash: string, now: number): number | undefined {
  const secret = goodSecrets(login.qrSecrets, now).find(({ hash }) => hash === secretHash)
  return secret && (secret.goodUntil ?? login.expiresAt)
}

/**
 * Until when, in epoch milliseconds, the login's own browser may use a token with this secret. Only for phones does a
 * rotated-out secret end early: once the login is not pending, its browser may use any secret that the login lists.
 */
export function ownUntil(login: Login, secretHash: string, now: number): number | undefined {
  const isSettled = login.status !== 'pending' && listsSecret(login, secretHash)
  return isSettled ? login.expiresAt : acceptedUntil(login, secretHash, now)
}

/** Whether the login still knows this secret, good or rotated out. */
export function listsSecret({ qrSecrets }: Login, secretHash: string): boolean {
  return qrSecrets.some(({ hash }) => hash === secretHash)
}

type EventOf<Type extends LoginEvent['type']> = Extract<LoginEvent, { type: Type }>

function rotate(login: Login, event: EventOf<'rotate'>, now: number): Outcome {
  if (login.status !== 'pending') return { login, refusal: 'not_pending' }
  return { login: { ...login, qrSecrets: rotatedSecrets(login.qrSecrets, event, now) } }
}

function scan(login: Login, { phone, match, confirmMs, extraSecretHash }: EventOf<'scan'>, now: number): Outcome {
  if (login.status === 'pending') {
    const { status: _pending, qrSecrets: secrets, ...rest } = login
    const qrSecrets = scannedSecrets(secrets, extraSecretHash, now)
    return { login: { ...rest, status: 'scanned', expiresAt: now + confirmMs, qrSecrets, phone, match } }
  }
  // A login that is over tells every phone no more than that: whose it was is nobody's business.
  if (login.status === 'delivered' || login.status === 'denied') return { login, refusal: 'expired' }
  if (isPhoneOf(login, phone.id)) return { login: typedBy(login, extraSecretHash) }
  if (!isSamePerson(login.phone.user, phone.user)) return { login, refusal: 'already_scanned' }
  return { login: typedBy(takenOver(login, phone, match), extraSecretHash) }
}

type TakenLogin = ScannedLogin | MatchRequiredLogin | AuthenticatedLogin

/**
 * Another phone of the person who scanned takes the login over, in its state and in the time that is left. Digits that
 * were to be typed still are: the first phone may have been on another network than the browser.
 */
function takenOver(login: TakenLogin, by: Phone, match: MatchKind): TakenLogin {
  const phone = { ...by, turn: (login.phone.turn ?? 0) + 1 }
  // The confirmation stays as the first phone made it: how its owner proved who they are, and confirmed.
  if (login.status !== 'scanned') return { ...login, phone: { ...phone, ...proofOf(login.phone) } }
  return { ...login, phone, match: login.match === 'code' ? 'code' : match }
}

function proofOf({ amr, confirm }: Phone): Pick<Phone, 'amr' | 'confirm'> {
  return { ...(amr === undefined ? {} : { amr }), ...(confirm === undefined ? {} : { confirm }) }
}

function typedBy(login: TakenLogin, extraSecretHash: string | undefined): TakenLogin {
  const qrSecrets = withTyped(login.qrSecrets, extraSecretHash)
  return qrSecrets === login.qrSecrets ? login : { ...login, qrSecrets }
}

function confirm(login: Login, event: EventOf<'confirm'>, now: number): Outcome {
  switch (login.status) {
    case 'pending':
      return { login, refusal: 'not_scanned' }
    case 'scanned': {
      if (!isPhoneOf(login, event.phone.id)) return { login, refusal: 'not_scanned' }
      // The phone as it is now: since the scan a native app may have got another token, with another end.
      const { match: kind, ...rest } = { ...login, phone: keepingTurn(event.phone, login.phone) }
      if (kind === 'none') return { login: authenticated(rest, event, now + event.collectMs) }
      const { matchCodeHash, remember } = event
      // The confirmation's time goes on: matching is a part of it.
      return { login: { ...rest, status: 'match_required', remember, matchCodeHash, triesLeft: MATCH_TRIES } }
    }
    case 'match_required':
      // After a lost reply or a second tap: the same digits, or those of another session or token, but never new tries.
      if (!isPhoneOf(login, event.phone.id)) return { login, refusal: 'not_scanned' }
      return {
        login: { ...login, phone: keepingTurn(event.phone, login.phone), matchCodeHash: event.matchCodeHash },
      }
    case 'authenticated':
      return isPhoneOf(login, event.phone.id) ? { login } : { login, refusal: 'not_scanned' }
    case 'delivered':
      // The confirm's reply got lost, and the browser was quick. For other phones, or once it is used, it is over.
      return isPhoneOf(login, event.phone.id) && login.salt !== undefined ? { login } : { login, refusal: 'expired' }
    case 'denied':
      return { login, refusal: 'expired' }
    default:
      return login satisfies never
  }
}

/** The phone that an event brings, with the login's own count of take-overs. */
function keepingTurn(phone: Phone, { turn }: Phone): Phone {
  return turn === undefined ? phone : { ...phone, turn }
}

function deny(login: Login, { phone, showMs }: EventOf<'deny'>, now: number): Outcome {
  if (login.status === 'delivered') return { login, refusal: 'expired' }
  if (login.status === 'pending') {
    return { login: denied({ ...login, qrSecrets: keptSecrets(login.qrSecrets, now) }, phone, now + showMs) }
  }
  // What is over says so to every phone.
  if (!isPhoneOf(login, phone.id)) return { login, refusal: login.status === 'denied' ? 'expired' : 'not_scanned' }
  return { login: login.status === 'denied' ? login : denied(login, login.phone, now + showMs) }
}

function match(login: Login, { matchCodeHash, salt, collectMs, showMs }: EventOf<'match'>, now: number): Outcome {
  if (login.status !== 'match_required') return { login, refusal: 'not_matching' }
  if (login.matchCodeHash === matchCodeHash) {
    return { login: authenticated(login, { remember: login.remember, salt }, now + collectMs) }
  }
  const triesLeft = login.triesLeft - 1
  const next = triesLeft === 0 ? denied(login, login.phone, now + showMs) : { ...login, triesLeft }
  return { login: next, refusal: 'wrong_match_code' }
}

function collect(login: Login, { repeatMs }: EventOf<'collect'>): Outcome {
  if (login.status === 'authenticated') {
    return { login: { ...login, status: 'delivered', expiresAt: login.expiresAt + repeatMs } }
  }
  if (login.status === 'delivered') return login.salt === undefined ? { login, refusal: 'expired' } : { login }
  return { login, refusal: 'not_authenticated' }
}

function give(login: Login, { repeatMs }: EventOf<'give'>, now: number): Outcome {
  const expiresAt = now + repeatMs
  return login.status === 'delivered' && expiresAt < login.expiresAt ? { login: { ...login, expiresAt } } : { login }
}

function acknowledge(login: Login): Outcome {
  if (login.status !== 'delivered' || login.salt === undefined) return { login }
  const { salt: _used, ...rest } = login
  return { login: { ...rest, phone: withoutToken(login.phone) } }
}

function authenticated(
  login: Omit<ScannedLogin, 'match'> | MatchRequiredLogin,
  { remember, salt }: Pick<AuthenticatedLogin, 'remember' | 'salt'>,
  expiresAt: number,
): AuthenticatedLogin {
  return { ...baseOf(login), status: 'authenticated', expiresAt, phone: login.phone, remember, salt }
}

function denied(login: Login, phone: Phone, expiresAt: number): DeniedLogin {
  return { ...baseOf(login), status: 'denied', expiresAt, phone: withoutToken(phone) }
}

/** Without the native app's token: nobody asks about it any more. */
function withoutToken({ sealedToken: _asked, ...phone }: Phone): Phone {
  return phone
}

function baseOf(login: LoginBase): LoginBase {
  const { createdAt, expiresAt, browserKeyHash, qrSecrets, browser, ip, mayBeProxy, returnTo, application } = login
  return {
    ...{ createdAt, expiresAt, browserKeyHash, qrSecrets, browser, ip },
    ...(mayBeProxy === undefined ? {} : { mayBeProxy }),
    ...(returnTo === undefined ? {} : { returnTo }),
    ...(application === undefined ? {} : { application }),
  }
}

/** The phone that has scanned or approved the login, or denied it. `undefined`: none has. */
export function phoneOf(login: Login | undefined): Phone | undefined {
  return login === undefined || login.status === 'pending' ? undefined : login.phone
}

/** Whether the login is this phone's, and no other has taken it over since this `Phone` was read of it (`turn`). */
export function isStillOf(login: Login, { id, turn }: Phone): boolean {
  const phone = phoneOf(login)
  return phone?.id === id && phone.turn === turn
}

/** Whether this phone is the one that owns the login. */
export function isPhoneOf(login: Login, phoneId: string): boolean {
  return phoneOf(login)?.id === phoneId
}

type HasStatus = Pick<Login, 'status'>

/** Whether somebody still has to do something before the browser is let in or refused. */
export function isWaiting({ status }: HasStatus): boolean {
  return status === 'pending' || status === 'scanned' || status === 'match_required'
}

/** Whether a phone has it, and its browser can still be let in. */
export function isUnderWay({ status }: HasStatus): boolean {
  return status !== 'pending' && status !== 'denied'
}

/** How far a login is by its state. */
const STEPS: Readonly<Record<Login['status'], number>> = {
  pending: 0,
  scanned: 1,
  match_required: 2,
  authenticated: 3,
  delivered: 4,
  denied: 4,
}

/** Whether what is heard of a login is older than what was read: no state goes back. `undefined`: nothing to tell. */
export function isFromBefore(heard: HasStatus | undefined, read: HasStatus | undefined): boolean {
  return read !== undefined && (heard === undefined || STEPS[heard.status] < STEPS[read.status])
}
