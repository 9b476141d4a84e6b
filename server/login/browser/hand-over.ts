import { type Clock, secondsUntil } from '../../clock.ts'
import type { AnyContext } from '../../http/request-context.ts'
import type { User } from '../../identity/identity.ts'
import type { NewSession, OpenedSession } from '../../session/session-opening.ts'
import type { SessionService } from '../../session/session-service.ts'
import { tokenProfileOf } from '../../session/token-profile.ts'
import type { StoredRecord } from '../../store/record-store.ts'
import {
  type AuthenticatedLogin,
  type DeliveredLogin,
  isStillOf,
  type Login,
  type LoginEvent,
  type Phone,
  REPEAT_FOR_MS,
  toldEnd,
} from '../login.ts'
import type { LoginPolicy } from '../login-policy.ts'
import type { EventFor, LoginRecords } from '../login-records.ts'
import { deriveSessionSecret } from '../token.ts'
import type { Approver } from './approver.ts'

/** The session that a login ends in, and where the page goes with it. */
export interface HandOver {
  status: 'authenticated'
  expiresIn: number
  user: User
  /** That approved it. */
  phone: Phone
  redirectTo: string
  /** For `Set-Cookie` alone. */
  sessionSecret: string
  /** Whole seconds that the session's cookie is good. */
  sessionMaxAge: number
}

/** What a hand-over does with sessions. */
export type HandOverSessions = 'lookUp' | 'inherit' | 'create' | 'resume' | 'tell' | 'settle' | 'discard'

interface HandOverOptions {
  records: LoginRecords
  sessions: Pick<SessionService, HandOverSessions>
  approver: Approver
  clock: Clock
  policy: Pick<LoginPolicy, 'collectMs'>
}

/** The browser that collects. The caller has checked that the login is its own. */
export interface CollectingBrowser {
  loginId: string
  browserKey: string
  /** The public id of the session that its cookie names: the new one takes its place. */
  replaces: string | undefined
  /** The request that it asks by, or what is kept of a poll. */
  by?: AnyContext | undefined
  /** Whether a person, as they are now, may be let in; if not, the login is denied. Left out: everybody may. */
  isOpenTo?: ((user: User) => boolean) | undefined
  /** The caller has yet to keep which session it got: so the hand-over repeats until its first use, not ten seconds. */
  isKeptFirst?: boolean
}

type ApprovedLogin = AuthenticatedLogin | DeliveredLogin

const COLLECT = { type: 'collect', repeatMs: REPEAT_FOR_MS } as const

/** What is left to say of the login. `undefined`: nothing, it is over. */
export type Collected = HandOver | { status: 'denied'; expiresIn: number } | undefined

/** `found` is the login's record as it was when the caller found it approved. */
export type Collect = (browser: CollectingBrowser, found?: StoredRecord) => Promise<Collected>

/**
 * Collects an approved login, if what approved it is still good. Lists and opens its session and marks the login
 * delivered, in one write or in this order; only then gives the session's secret away. If that is cut short, the next
 * poll goes on with the same session while the login may be collected. However many polls race, each step is done once
 * and all get the same session; a poll after the session's first use gets `undefined`.
 */
export function createCollect({ records, sessions, approver, clock, policy }: HandOverOptions): Collect {
  function denialOf(login: Login): Collected {
    return { status: 'denied', expiresIn: secondsUntil(toldEnd(login, clock()), clock()) }
  }

  /** Applies an event to a login if the phone that was read from it still has it. `undefined`: it does not. */
  async function applyFor(phone: Phone, loginId: string, event: LoginEvent, by?: AnyContext) {
    return (await records.apply(loginId, ifStillOf(phone, event), { durable: true, by }))?.login
  }

  /** Denies for good. What is delivered stays so, but its browser is told `denied` for as long as it would repeat. */
  async function deny(browser: CollectingBrowser, { phone }: ApprovedLogin): Promise<Collected> {
    const event = { type: 'deny', phone, showMs: policy.collectMs, why: 'authority_ended' } as const
    const login = await applyFor(phone, browser.loginId, event, browser.by)
    if (login === undefined) return collect(browser)
    return login.status === 'denied' || isRepeating(login) ? denialOf(login) : undefined
  }

  async function give(
    { loginId, browserKey, replaces, by, isKeptFirst = false }: CollectingBrowser,
    login: DeliveredLogin,
    { user, salt, opened }: { user: User; salt: string; opened: OpenedSession },
  ): Promise<HandOver> {
    await sessions.settle(opened, { replaces, by })
    // Not awaited: the browser gets the session even if the store cannot note that it was given, and the next repeat
    // notes it then. The time counts from here, however long the store takes.
    const repeatsUntil = clock() + REPEAT_FOR_MS
    if (!isKeptFirst) {
      records.apply(loginId, () => ({ type: 'give', repeatMs: repeatsUntil - clock() })).catch(() => undefined)
    }
    return {
      status: 'authenticated',
      expiresIn: secondsUntil(toldEnd(login, clock()), clock()),
      user,
      phone: login.phone,
      redirectTo: login.returnTo ?? '/home',
      sessionSecret: deriveSessionSecret(browserKey, loginId, salt),
      sessionMaxAge: opened.maxAge,
    }
  }

  /** The login's part of the write that creates its session, and the last record of it: marks the login delivered. */
  function collection({ loginId, by }: CollectingBrowser, { phone }: ApprovedLogin, found?: StoredRecord) {
    return {
      key: records.keyOf(loginId),
      guess: found,
      decide: (value: unknown, opened: OpenedSession) =>
        records.changeOf(loginId, value, ifStillOf(phone, COLLECT), {
          durable: true,
          onChange: ({ isUncertain }) => sessions.tell(opened, { by, isUncertain }),
        }),
    }
  }

  /** Discards the session of a login that ended before it was delivered: no browser has that session, or can get it. */
  async function discardIfOver({ loginId }: CollectingBrowser, opened: OpenedSession): Promise<void> {
    const login = await records.read(loginId)
    if (login === undefined || login.status === 'denied') await sessions.discard(opened)
  }

  async function handOver(browser: CollectingBrowser, approved: AuthenticatedLogin, found?: StoredRecord) {
    const { phone, salt } = approved
    // In one round trip: whom the phone speaks for now, the list that their session joins, and what it inherits.
    const [user, guess, inherited] = await Promise.all([
      approver(phone, browser.loginId),
      sessions.lookUp(phone.user),
      sessions.inherit(phone.user, browser.replaces),
    ])
    if (user === undefined || browser.isOpenTo?.(user) === false) return deny(browser, approved)
    const along = collection(browser, approved, found)
    const session = { ...newSession(browser, approved, user), ...inherited }
    const { opened, also, isLeft } = await sessions.create(session, { guess, along })
    // The owner saw the session in the list and ended it, or is blocked or gone.
    if (opened === undefined) return deny(browser, approved)
    // Another phone of the person has taken the login over, or the login is gone.
    if (also === undefined) {
      if (isLeft) await discardIfOver(browser, opened)
      return collect(browser)
    }
    if (isRepeating(also.login)) return give(browser, also.login, { user, salt, opened })
    if (also.login.status !== 'denied') return undefined
    // A store that writes records one by one may have created the session. No browser has it, or can get it.
    await sessions.discard(opened)
    return denialOf(also.login)
  }

  /**
   * Gives a session again. If it is no longer there, it has ended and is not created anew. Where it is not given again
   * it stays: the reply that brought it may have arrived, and this poll may have been sent before that.
   */
  async function repeat(browser: CollectingBrowser, login: DeliveredLogin & { salt: string }) {
    const { loginId, browserKey } = browser
    const { phone, salt } = login
    const secret = deriveSessionSecret(browserKey, loginId, salt)
    const [user, opened] = await Promise.all([approver(phone, loginId), sessions.resume(secret)])
    if (user === undefined) return denialOf(login)
    // Changes nothing, but is answered only once replicas have the write that the first try may have left undone.
    if (!isRepeating(await applyFor(phone, loginId, COLLECT))) return undefined
    return opened && give(browser, login, { user, salt, opened })
  }

  async function collect(browser: CollectingBrowser, found?: StoredRecord): Promise<Collected> {
    const record = found ?? (await records.readStored(browser.loginId))
    const login = records.decode(record)
    if (login?.status === 'denied') return denialOf(login)
    if (login?.status === 'authenticated') return handOver(browser, login, record)
    return isRepeating(login) ? repeat(browser, login) : undefined
  }

  return collect
}

function ifStillOf(phone: Phone, event: LoginEvent): EventFor {
  return (login) => (isStillOf(login, phone) ? event : undefined)
}

/** Takes what the session is like from the login, and whose it is from the person as they are now. */
function newSession(
  { loginId, browserKey }: CollectingBrowser,
  { salt, remember, browser, ip, phone }: AuthenticatedLogin,
  user: User,
): NewSession {
  const secret = deriveSessionSecret(browserKey, loginId, salt)
  const { amr, confirm, issuedAt } = phone
  const how = { ...(amr === undefined ? {} : { amr }), ...(confirm === undefined ? {} : { confirm }) }
  const profile = issuedAt === undefined ? {} : { profile: tokenProfileOf(user, issuedAt) }
  return { secret, user, kind: 'browser', remember, browser, ip, handedOverBy: loginId, ...how, ...profile }
}

/** The secret of the session that this login may still give to its browser. `undefined`: it may give none. */
export function secretToGive(
  { loginId, browserKey }: Pick<CollectingBrowser, 'loginId' | 'browserKey'>,
  login: Login,
): string | undefined {
  const isToGive = login.status === 'authenticated' || isRepeating(login)
  return isToGive ? deriveSessionSecret(browserKey, loginId, login.salt) : undefined
}

function isRepeating(login: Login | undefined): login is DeliveredLogin & { salt: string } {
  return login?.status === 'delivered' && login.salt !== undefined
}
