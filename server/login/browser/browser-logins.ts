import { type Clock, secondsUntil } from '../../clock.ts'
import { ScanInError } from '../../errors.ts'
import { hashSecret } from '../../hashes.ts'
import type { ClientAddress } from '../../http/client-address.ts'
import type { RequestContext } from '../../http/request-context.ts'
import type { BrowserName } from '../../http/user-agent.ts'
import type { Randomness } from '../../randomness.ts'
import { sessionIdOf } from '../../session/session.ts'
import type { SessionService } from '../../session/session-service.ts'
import type { StoredRecord } from '../../store/record-store.ts'
import type { Application } from '../application.ts'
import { isOwn, isOwnByAny, type WaitingBrowser } from '../hold/own-login.ts'
import { isUnderWay, type Login, type LoginEvent, MATCH_TRIES, pendingLogin } from '../login.ts'
import type { LoginPolicy } from '../login-policy.ts'
import type { ApplyOptions, LoginRecords } from '../login-records.ts'
import { formatToken, hashMatchCode, makeBrowserKey, makeLoginId, makeQrSecret, makeSalt } from '../token.ts'
import type { UserCodes } from '../user-codes.ts'
import type { BrowserPolls, BrowserStatus } from './browser-polls.ts'
import type { Matching } from './digit-guard.ts'
import { secretToGive } from './hand-over.ts'

interface BrowserLoginsOptions {
  records: LoginRecords
  userCodes: UserCodes
  polls: Pick<BrowserPolls, 'statusOf' | 'denialFor'>
  sessions: Pick<SessionService, 'signOut'>
  clock: Clock
  randomness: Randomness
  policy: LoginPolicy
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

/** What a desktop's browser does with its login. Every method rejects with `store_unavailable` when the store does. */
export interface BrowserLogins {
  /** Starts a login. The browser key is for the browser's cookie alone. */
  start(browser: BrowserName, from: ClientAddress, goal?: Goal): Promise<ShownLogin & { browserKey: string }>
  /** Whether a phone has it, and its browser can still be let in. */
  isUnderWay(browser: WaitingBrowser): Promise<boolean>
  /**
   * Gives a pending login a new QR secret. The browser may show one that is rotated out: replies with newer ones may
   * have been lost. `undefined`: the login is not pending, or not this browser's.
   */
  rotate(browser: WaitingBrowser): Promise<ShownLogin | undefined>
  /** What is known of a login that waits for digits. `undefined`: it waits for none, or is not this browser's. */
  matching(browser: WaitingBrowser): Promise<Matching | undefined>
  /**
   * Checks the digits that the person read off the phone. `wrong_match_code` with the tries left; else as a poll.
   * @param guess from `matching`
   */
  match(browser: WaitingBrowser, matchCode: string, guess?: StoredRecord): Promise<BrowserStatus>
  /** The typed code of a pending login, without its dash. `expired_token`: not pending, or not this browser's. */
  userCode(browser: WaitingBrowser): Promise<{ userCode: string; expiresIn: number }>
  /**
   * Ends the browser's own login, also by a token that is rotated out, as `rotate` does; leaves any other alone. First
   * ends the session that the login could still hand over: once the login is gone, nobody can ever get that.
   */
  cancel(browser: WaitingBrowser, by?: RequestContext): Promise<void>
}

export function createBrowserLogins(options: BrowserLoginsOptions): BrowserLogins {
  const { records, userCodes, polls, sessions, clock, randomness, policy } = options

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
      const outcome = await applyToOwn(browser, (login) => polls.denialFor(login) ?? event, {
        durable: true,
        guess,
        by: browser.by,
      })
      if (outcome?.refusal === 'wrong_match_code') {
        const triesLeft = outcome.login.status === 'match_required' ? outcome.login.triesLeft : 0
        throw new ScanInError('wrong_match_code', { triesLeft })
      }
      return polls.statusOf(outcome?.login, browser)
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
