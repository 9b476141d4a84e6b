import { type Clock, secondsUntil } from '../../clock.ts'
import { ScanInError } from '../../errors.ts'
import { hashSecret } from '../../hashes.ts'
import type { ClientAddress } from '../../http/client-address.ts'
import { type AnyOccasion, type Occasion, pollOccasion } from '../../http/occasion.ts'
import type { HasEnded } from '../../identity/identity.ts'
import type { Randomness } from '../../randomness.ts'
import { sessionIdOf } from '../../session/session.ts'
import type { SessionService } from '../../session/session-service.ts'
import type { StoredRecord } from '../../store/record-store.ts'
import type { Application } from '../application.ts'
import type { Closing } from '../hold/closing.ts'
import { createHold, type HoldRequest, type HoldTally } from '../hold/hold.ts'
import { holds, isOwn, isOwnByAny, type KnownLogin, knownOf, prove, type WaitingBrowser } from '../hold/own-login.ts'
import { type PollingClient, refuseIfTooFast } from '../hold/polling-clients.ts'
import {
  type BrowserDescription,
  isUnderWay,
  isWaiting,
  type Login,
  type LoginEvent,
  MATCH_TRIES,
  pendingLogin,
  phoneOf,
  stepOf,
} from '../login.ts'
import type { LoginPolicy } from '../login-policy.ts'
import { decodeLogin } from '../login-record.ts'
import type { ApplyOptions, LoginRecords } from '../login-records.ts'
import { formatToken, hashMatchCode, makeBrowserKey, makeLoginId, makeQrSecret, makeSalt } from '../token.ts'
import type { UserCodes } from '../user-codes.ts'
import type { Matching } from './digit-guard.ts'
import { type Collect, type HandOver, secretToGive } from './hand-over.ts'

export interface BrowserLoginsOptions {
  records: LoginRecords
  userCodes: UserCodes
  collect: Collect
  sessions: Pick<SessionService, 'signOut'>
  hasEnded: HasEnded
  clock: Clock
  randomness: Randomness
  policy: LoginPolicy
  closing: Closing
  tally?: HoldTally | undefined
}

export interface PollingBrowser extends WaitingBrowser {
  /** What this process remembers of it. `undefined`: it has no key. */
  client: PollingClient | undefined
  /** Whole seconds to wait, when this poll came far too fast; else 0. */
  retryAfterSeconds: number
}

/** What the QR has to say now. Durations in whole seconds. */
export interface ShownLogin {
  loginId: string
  token: string
  expiresIn: number
  /** When to rotate. */
  refreshIn: number
  application: Application | undefined
}

/** Where a login leads. */
export interface Goal {
  /** Checked: it may be followed. */
  returnTo?: string | undefined
  application?: Application | undefined
}

/** What a poll says. Before approval there is nothing about the person in it. */
export type BrowserStatus =
  | { status: 'pending' | 'scanned' | 'denied'; expiresIn: number }
  | { status: 'match_required'; expiresIn: number; triesLeft: number }
  | HandOver
  | typeof EXPIRED

/** Unknown, expired, foreign, rotated out (`ownUntil`) and used up: nobody tells them apart. */
const EXPIRED = { status: 'expired' } as const

/** What a desktop's browser does with its login. Every method rejects with `store_unavailable` when the store does. */
export interface BrowserLogins {
  /** Starts a login. The browser key is for the browser's cookie alone. */
  start(browser: BrowserDescription, from: ClientAddress, goal?: Goal): Promise<ShownLogin & { browserKey: string }>
  /** Whether a phone has it, and its browser can still be let in. */
  isUnderWay(browser: WaitingBrowser): Promise<boolean>
  /**
   * Gives a pending login a new QR secret, also to who comes with one that is rotated out: the answers since may be lost.
   * `undefined`: it is not pending, or not this browser's.
   */
  rotate(browser: WaitingBrowser): Promise<ShownLogin | undefined>
  /**
   * What a poll is told, held while there is nothing new; at `authenticated` the session is handed over.
   * `slow_down` to who came too fast.
   */
  status(browser: PollingBrowser, request: HoldRequest): Promise<BrowserStatus>
  /** What a login that waits for digits is known by. `undefined`: it does not, or is not this browser's. */
  matching(browser: WaitingBrowser): Promise<Matching | undefined>
  /**
   * Takes what the person read off the phone. `wrong_match_code` with the tries left; else as `status`.
   * @param guess from `matching`
   */
  match(browser: WaitingBrowser, matchCode: string, guess?: StoredRecord): Promise<BrowserStatus>
  /** The typed code of a pending login, without its dash. `expired_token`: not pending, or not this browser's. */
  userCode(browser: WaitingBrowser): Promise<{ userCode: string; expiresIn: number }>
  /**
   * Ends the browser's own login, also for who comes with a token that is rotated out, as `rotate` does; anything else stays
   * as it is. The session that it would still be given ends first: once the login is gone, nobody can ever have it.
   */
  cancel(browser: WaitingBrowser, by?: Occasion): Promise<void>
}

export function createBrowserLogins(options: BrowserLoginsOptions): BrowserLogins {
  const { records, userCodes, collect, sessions, hasEnded, clock, randomness, policy, closing } = options

  function readOwn(browser: WaitingBrowser): Promise<Login | undefined> {
    if (browser.browserKey === undefined) return Promise.resolve(undefined)
    return records
      .read(browser.token.loginId)
      .then((login) => (login && isOwn(login, browser, clock()) ? login : undefined))
  }

  function applyToOwn(browser: WaitingBrowser, eventFor: (login: Login) => LoginEvent, options: ApplyOptions = {}) {
    return records.apply(
      browser.token.loginId,
      (login, now) => (isOwn(login, browser, now) ? eventFor(login) : undefined),
      options,
    )
  }

  function shown(loginId: string, secret: string, { expiresAt, application }: Login): ShownLogin {
    const expiresIn = secondsUntil(expiresAt, clock())
    const refreshIn = Math.min(Math.ceil(policy.qrRefreshMs / 1000), expiresIn)
    return { loginId, token: formatToken({ loginId, secret }), expiresIn, refreshIn, application }
  }

  /**
   * What a poll needs to know, with as little work as can be: who polled before has proved most of it. From then on the
   * browser goes by the proof's copy of its key.
   */
  function know(record: StoredRecord | undefined, browser: PollingBrowser): KnownLogin | undefined {
    const { client } = browser
    if (client === undefined || record === undefined) return undefined
    const now = clock()
    if (client.proof === undefined || !holds(client.proof, record.version, browser, now)) {
      const login = records.decode(record)
      client.proof = login && prove(login, record, browser, now)
    }
    if (client.proof === undefined) return undefined
    // No part of a header, which would live for as long as the poll is held.
    browser.browserKey = client.proof.browserKey
    return client.proof.known
  }

  const hold = createHold<PollingBrowser, KnownLogin | undefined, BrowserStatus>({
    records,
    know,
    patienceFor: (known, seen) =>
      isStillWaiting(known) && known.status === seen && !isOfSomebodyGone(known) ? known.expiresAt - clock() : 0,
    // Nobody is told what was before what was told.
    isOld: (news, read) => read !== undefined && (news === undefined || stepOf(news) < stepOf(read)),
    tell: (known, browser) => {
      // Refused only while there is nothing to tell: how a login ended is never withheld.
      if (isStillWaiting(known)) refuseIfTooFast(browser.retryAfterSeconds)
      noteIfExpired(browser)
      return statusOf(known, browser, browser.client?.proof?.record)
    },
    closing,
    tally: options.tally,
  })

  /** Of a login that this browser was seen to have: whoever looks when it is over says so. */
  function noteIfExpired({ token, client, traceparent }: PollingBrowser): void {
    if (client?.proof === undefined || client.proof.known.expiresAt > clock()) return
    const { record, loginId } = client.proof
    client.proof = undefined
    const before = decodeLogin(record.value)
    // Of another login it proves nothing.
    if (before === undefined || loginId !== token.loginId) return
    void records.noteExpired(loginId, before, pollOccasion(traceparent))
  }

  function isStillWaiting(known: KnownLogin | undefined): known is KnownLogin {
    return known !== undefined && isWaiting(known) && known.expiresAt > clock()
  }

  function isOfSomebodyGone({ user }: KnownLogin): boolean {
    return user !== undefined && hasEnded(user)
  }

  /** Of somebody who is not one of ours any more: what they scanned or approved waits for nothing. */
  function denialFor(login: Login): LoginEvent | undefined {
    const phone = phoneOf(login)
    const isGone = phone !== undefined && hasEnded(phone.user)
    return isGone ? { type: 'deny', phone, showMs: policy.collectMs, why: 'authority_ended' } : undefined
  }

  async function denyOfSomebodyGone(browser: WaitingBrowser): Promise<BrowserStatus> {
    const by = occasionBy(browser)
    const outcome = await records.apply(browser.token.loginId, denialFor, { by })
    return outcome === undefined ? EXPIRED : statusOf(knownOf(outcome.login), browser)
  }

  function statusOf(
    login: KnownLogin | undefined,
    browser: WaitingBrowser,
    found?: StoredRecord,
  ): BrowserStatus | Promise<BrowserStatus> {
    const { token, browserKey, replaces } = browser
    const expiresIn = login === undefined ? 0 : secondsUntil(login.expiresAt, clock())
    if (login === undefined || browserKey === undefined || expiresIn === 0) return EXPIRED
    if (isWaiting(login) && isOfSomebodyGone(login)) return denyOfSomebodyGone(browser)
    switch (login.status) {
      case 'pending':
      case 'scanned':
      case 'denied':
        return { status: login.status, expiresIn }
      case 'match_required':
        return { status: login.status, expiresIn, triesLeft: login.triesLeft ?? 0 }
      case 'authenticated':
      case 'delivered':
        return collect({ loginId: token.loginId, browserKey, replaces, by: occasionBy(browser) }, found).then(
          (collected) => collected ?? EXPIRED,
        )
      default:
        return login.status satisfies never
    }
  }

  return {
    async start(browser, from, { returnTo, application } = {}) {
      const loginId = makeLoginId(randomness)
      const secret = makeQrSecret(randomness)
      const browserKey = makeBrowserKey(randomness)
      const hashes = { browserKeyHash: hashSecret(browserKey), secretHash: hashSecret(secret) }
      const { lifeMs } = policy
      const login = pendingLogin({ ...hashes, browser, from, returnTo, application, lifeMs }, clock())
      await records.create(loginId, login)
      return { ...shown(loginId, secret, login), browserKey }
    },

    async isUnderWay(browser) {
      const login = await readOwn(browser)
      return login !== undefined && isUnderWay(login)
    },

    async rotate(browser) {
      const secret = makeQrSecret(randomness)
      const times = { overlapMs: policy.qrOverlapMs, refreshMs: policy.qrRefreshMs }
      const hashes = { shownHash: hashSecret(browser.token.secret), secretHash: hashSecret(secret) }
      const event = { type: 'rotate', ...hashes, ...times } as const
      const outcome = await records.apply(browser.token.loginId, (login) =>
        isOwnByAny(login, browser) ? event : undefined,
      )
      if (outcome === undefined || outcome.refusal !== undefined) return undefined
      return shown(browser.token.loginId, secret, outcome.login)
    },

    status(browser, request) {
      // Without a key nothing can be its own, and nothing is read.
      return browser.client === undefined ? Promise.resolve(EXPIRED) : hold(browser, request)
    },

    async matching(browser) {
      const record = await records.readStored(browser.token.loginId)
      const login = records.decode(record)
      if (record === undefined || login?.status !== 'match_required' || !isOwn(login, browser, clock()))
        return undefined
      return { person: login.phone.user, hasFailed: login.triesLeft < MATCH_TRIES, record }
    },

    async match(browser, matchCode, guess) {
      const matchCodeHash = hashMatchCode(browser.token.loginId, matchCode)
      const { collectMs } = policy
      const salt = makeSalt(randomness)
      const event = { type: 'match', matchCodeHash, salt, collectMs, showMs: collectMs } as const
      const outcome = await applyToOwn(browser, (login) => denialFor(login) ?? event, {
        durable: true,
        guess,
        by: browser.by,
      })
      if (outcome?.refusal === 'wrong_match_code') {
        const triesLeft = outcome.login.status === 'match_required' ? outcome.login.triesLeft : 0
        throw new ScanInError('wrong_match_code', { triesLeft })
      }
      return statusOf(outcome && knownOf(outcome.login), browser)
    },

    async userCode(browser) {
      const login = await readOwn(browser)
      if (login?.status !== 'pending' || browser.browserKey === undefined) throw new ScanInError('expired_token')
      const userCode = await userCodes.issue(browser.token.loginId, browser.browserKey, login.expiresAt)
      return { userCode, expiresIn: secondsUntil(login.expiresAt, clock()) }
    },

    async cancel(browser, by) {
      const { token, browserKey } = browser
      if (browserKey === undefined) return
      const found = await records.read(token.loginId)
      if (found === undefined || !isOwnByAny(found, browser)) return
      const end = async (login: Login) => {
        const secret = secretToGive({ loginId: token.loginId, browserKey }, login)
        if (secret !== undefined) await sessions.signOut(sessionIdOf(secret), by)
      }
      await records.remove(token.loginId, end, by)
    },
  }
}

/** The request that it asks by, or what is kept of its poll. */
function occasionBy({ by, traceparent }: WaitingBrowser): AnyOccasion | undefined {
  return by ?? pollOccasion(traceparent)
}
