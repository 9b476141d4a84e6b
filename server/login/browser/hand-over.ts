import { type Clock, secondsUntil } from '../../clock.ts'
import type { Occasion } from '../../http/occasion.ts'
import type { User } from '../../identity/identity.ts'
import type { Randomness } from '../../randomness.ts'
import { sessionIdOf } from '../../session/session.ts'
import type { SessionService } from '../../session/session-service.ts'
import type { StoredRecord } from '../../store/record-store.ts'
import {
  type AuthenticatedLogin,
  type DeliveredLogin,
  isStillOf,
  type Login,
  type LoginEvent,
  type Phone,
  REPEAT_FOR_MS,
  type Repeat,
} from '../login.ts'
import type { LoginPolicy } from '../login-policy.ts'
import type { LoginRecords } from '../login-records.ts'
import { deriveSessionSecret, makeSalt } from '../token.ts'
import type { Approver } from './approver.ts'

/** The session that a login ends in, and where the page goes with it. */
export interface HandOver {
  status: 'authenticated'
  expiresIn: number
  user: User
  redirectTo: string
  /** For `Set-Cookie` alone. */
  sessionSecret: string
  /** Whole seconds that the session's cookie is good. */
  sessionMaxAge: number
}

export interface HandOverOptions {
  records: LoginRecords
  sessions: Pick<SessionService, 'open' | 'lookUp'>
  approver: Approver
  clock: Clock
  randomness: Randomness
  policy: Pick<LoginPolicy, 'collectMs'>
}

/** The browser that collects. The caller has checked that the login is its own. */
export interface CollectingBrowser {
  loginId: string
  browserKey: string
  /** The public id of the session that its cookie names: the new one takes its place. */
  replaces: string | undefined
  /** The request that it asks by, unless that is a poll. */
  by?: Occasion | undefined
}

type ApprovedLogin = AuthenticatedLogin | DeliveredLogin

interface Approval {
  user: User
  guess: StoredRecord | null
}

/** What is left to say of the login. `undefined`: nothing, it is over. */
export type Collected = HandOver | { status: 'denied'; expiresIn: number } | undefined

/** `found` is the login's record as it was when the caller found it approved. */
export type Collect = (browser: CollectingBrowser, found?: StoredRecord) => Promise<Collected>

/**
 * Collects an approved login, if what approved it is still good: marks it delivered, then opens its session. However
 * many polls race, both are done once and all get the same session; whoever comes after its first use gets `undefined`.
 * What ends in between is `SessionService`'s to see to: it knows the order of the three steps.
 */
export function createCollect(options: HandOverOptions): Collect {
  const { records, sessions, approver, clock, randomness, policy } = options

  function denialOf(login: Login): Collected {
    return { status: 'denied', expiresIn: secondsUntil(login.expiresAt, clock()) }
  }

  /** Lets an event happen to a login that is still the phone's that was looked at. `undefined`: it is not. */
  async function applyFor(phone: Phone, loginId: string, event: LoginEvent, guess?: StoredRecord) {
    const eventFor = (login: Login) => (isStillOf(login, phone) ? event : undefined)
    return (await records.apply(loginId, eventFor, { durable: true, guess }))?.login
  }

  /** Denied for good; what is delivered already stays so, and is told to be denied for as long as it would repeat. */
  async function deny(browser: CollectingBrowser, { phone }: ApprovedLogin): Promise<Collected> {
    const event = { type: 'deny', phone, showMs: policy.collectMs, why: 'authority_ended' } as const
    const login = await applyFor(phone, browser.loginId, event)
    return login === undefined ? collect(browser) : denialOf(login)
  }

  function deliver({ loginId, browserKey }: CollectingBrowser, { phone }: ApprovedLogin, guess?: StoredRecord) {
    const salt = makeSalt(randomness)
    const sessionId = sessionIdOf(deriveSessionSecret(browserKey, loginId, salt))
    const event = { type: 'collect', repeat: { salt, sessionId }, repeatMs: REPEAT_FOR_MS } as const
    return applyFor(phone, loginId, event, guess)
  }

  async function open(
    { loginId, browserKey, replaces, by }: CollectingBrowser,
    { remember, browser, ip, expiresAt, returnTo = '/home' }: DeliveredLogin,
    { salt }: Repeat,
    { user, guess }: Approval,
  ): Promise<HandOver | undefined> {
    const secret = deriveSessionSecret(browserKey, loginId, salt)
    const session = { secret, user, kind: 'browser', remember, browser, ip, handedOverBy: loginId } as const
    const sessionMaxAge = await sessions.open(session, { replaces, guess, occasion: by })
    if (sessionMaxAge === undefined) return undefined
    const expiresIn = secondsUntil(expiresAt, clock())
    return { status: 'authenticated', expiresIn, user, redirectTo: returnTo, sessionSecret: secret, sessionMaxAge }
  }

  /** Who the phone speaks for now, and the list that their session will join: two reads in one round trip. */
  async function approvalOf({ phone }: ApprovedLogin, loginId: string): Promise<Approval | undefined> {
    const [user, guess] = await Promise.all([approver(phone, loginId), sessions.lookUp(phone.user)])
    return user && { user, guess }
  }

  async function handOver(browser: CollectingBrowser, approved: ApprovedLogin, found?: StoredRecord) {
    const { loginId } = browser
    const approval = await approvalOf(approved, loginId)
    if (approval === undefined) return deny(browser, approved)
    const login = await deliver(browser, approved, found)
    // Another phone of the person has taken it over, or it is gone.
    if (login === undefined) return collect(browser)
    if (!isDelivered(login)) return login.status === 'denied' ? denialOf(login) : undefined
    const opened = await open(browser, login, login.repeat, approval)
    if (opened !== undefined) return opened
    // Ended before it was used: by its owner, or because what approved it has ended.
    return (await approver(login.phone, loginId)) === undefined ? deny(browser, login) : undefined
  }

  async function collect(browser: CollectingBrowser, found?: StoredRecord): Promise<Collected> {
    const record = found ?? (await records.readStored(browser.loginId))
    const login = records.decode(record)
    if (login?.status === 'denied') return denialOf(login)
    return login?.status === 'authenticated' || isDelivered(login) ? handOver(browser, login, record) : undefined
  }

  return collect
}

function isDelivered(login: Login | undefined): login is DeliveredLogin & { repeat: Repeat } {
  return login?.status === 'delivered' && login.repeat !== undefined
}
