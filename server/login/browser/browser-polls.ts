import { type Clock, secondsUntil } from '../../clock.ts'
import { type AnyContext, pollContext } from '../../http/request-context.ts'
import type { HasEnded } from '../../identity/identity.ts'
import type { StoredRecord } from '../../store/record-store.ts'
import type { Closing } from '../hold/closing.ts'
import { createHold, type HoldRequest, type HoldTally } from '../hold/hold.ts'
import { isProofCurrent, type PollView, pollViewOf, prove, type WaitingBrowser } from '../hold/own-login.ts'
import { type PollingClient, refuseIfTooFast } from '../hold/polling-clients.ts'
import { isFromBefore, isWaiting, type Login, type LoginEvent, phoneOf } from '../login.ts'
import type { LoginPolicy } from '../login-policy.ts'
import { decodeLogin } from '../login-record.ts'
import type { LoginRecords } from '../login-records.ts'
import type { Collect, HandOver } from './hand-over.ts'

interface BrowserPollsOptions {
  records: LoginRecords
  collect: Collect
  hasEnded: HasEnded
  clock: Clock
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

/** What a poll says. Before approval there is nothing about the person in it. */
export type BrowserStatus =
  | { status: 'pending' | 'scanned' | 'denied'; expiresIn: number }
  | { status: 'match_required'; expiresIn: number; triesLeft: number }
  | HandOver
  | typeof EXPIRED

/** Unknown, expired, another browser's, rotated out (`ownUntil`) or used up: one answer, so nobody tells them apart. */
const EXPIRED = { status: 'expired' } as const

/** What a desktop's browser is told of its login. Whatever asks the store rejects with its `store_unavailable`. */
export interface BrowserPolls {
  /**
   * What a poll is told, held while there is nothing new; at `authenticated` the session is handed over.
   * `slow_down` to who came too fast.
   */
  status(browser: PollingBrowser, request: HoldRequest): Promise<BrowserStatus>
  /** What is told of a login that is known to be this browser's own. `undefined`: there is none. */
  statusOf(login: Login | undefined, browser: WaitingBrowser): BrowserStatus | Promise<BrowserStatus>
  /**
   * Denies a login whose phone's person is no longer one of ours: it waits for nothing. `undefined`: not such a one.
   */
  denialFor(login: Login): LoginEvent | undefined
}

export function createBrowserPolls(options: BrowserPollsOptions): BrowserPolls {
  const { records, collect, hasEnded, clock, policy, closing, tally } = options

  /**
   * What a poll needs to know of its login, with as little work as possible: a browser that polled before has proved
   * that the login is its own, and this process remembers that proof.
   */
  function recognise(record: StoredRecord | undefined, browser: PollingBrowser): PollView | undefined {
    const { client } = browser
    if (client === undefined || record === undefined) return undefined
    const now = clock()
    if (client.proof === undefined || !isProofCurrent(client.proof, record.version, browser, now)) {
      const login = records.decode(record)
      client.proof = login && prove(login, record, browser, now)
    }
    return client.proof?.view
  }

  const hold = createHold<PollingBrowser, PollView | undefined, BrowserStatus>({
    records,
    recognise,
    patienceFor: (view, seen) =>
      isStillWaiting(view) && view.status === seen && !isOfSomebodyGone(view) ? view.expiresAt - clock() : 0,
    isOld: isFromBefore,
    tell: (view, browser) => {
      // Refused only while there is nothing to tell: how a login ended is never withheld.
      if (isStillWaiting(view)) refuseIfTooFast(browser.retryAfterSeconds)
      noteIfExpired(browser)
      return tellOf(view, browser, browser.client?.proof?.record)
    },
    closing,
    tally,
  })

  /** Tells that a login has expired, if an earlier poll proved that it was this browser's. */
  function noteIfExpired({ token, client, traceparent }: PollingBrowser): void {
    if (client?.proof === undefined || client.proof.view.expiresAt > clock()) return
    const { record, loginId } = client.proof
    client.proof = undefined
    const before = decodeLogin(record.value)
    // The remembered proof may be of another login.
    if (before === undefined || loginId !== token.loginId) return
    void records.noteExpired(loginId, before, pollContext(traceparent))
  }

  function isStillWaiting(view: PollView | undefined): view is PollView {
    return view !== undefined && isWaiting(view) && view.expiresAt > clock()
  }

  function isOfSomebodyGone({ user }: PollView): boolean {
    return user !== undefined && hasEnded(user)
  }

  function denialFor(login: Login): LoginEvent | undefined {
    const phone = phoneOf(login)
    const isGone = phone !== undefined && hasEnded(phone.user)
    return isGone ? { type: 'deny', phone, showMs: policy.collectMs, why: 'authority_ended' } : undefined
  }

  async function denyOfSomebodyGone(browser: WaitingBrowser): Promise<BrowserStatus> {
    const outcome = await records.apply(browser.token.loginId, denialFor, { by: contextOf(browser) })
    return statusOf(outcome?.login, browser)
  }

  function statusOf(login: Login | undefined, browser: WaitingBrowser): BrowserStatus | Promise<BrowserStatus> {
    return tellOf(login && pollViewOf(login), browser)
  }

  function tellOf(
    view: PollView | undefined,
    browser: WaitingBrowser,
    found?: StoredRecord,
  ): BrowserStatus | Promise<BrowserStatus> {
    const { token, browserKey, replaces } = browser
    const expiresIn = view === undefined ? 0 : secondsUntil(view.expiresAt, clock())
    if (view === undefined || browserKey === undefined || expiresIn === 0) return EXPIRED
    if (isWaiting(view) && isOfSomebodyGone(view)) return denyOfSomebodyGone(browser)
    switch (view.status) {
      case 'pending':
      case 'scanned':
      case 'denied':
        return { status: view.status, expiresIn }
      case 'match_required':
        return { status: view.status, expiresIn, triesLeft: view.triesLeft ?? 0 }
      case 'authenticated':
      case 'delivered':
        return collect({ loginId: token.loginId, browserKey, replaces, by: contextOf(browser) }, found).then(
          (collected) => collected ?? EXPIRED,
        )
      default:
        return view.status satisfies never
    }
  }

  return {
    status(browser, request) {
      // Without a key nothing can be its own, and nothing is read.
      return browser.client === undefined ? Promise.resolve(EXPIRED) : hold(browser, request)
    },
    statusOf,
    denialFor,
  }
}

/** The request that it asks by, or what is kept of its poll. */
function contextOf({ by, traceparent }: WaitingBrowser): AnyContext | undefined {
  return by ?? pollContext(traceparent)
}
