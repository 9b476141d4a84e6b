import type { IncomingMessage } from 'node:http'
import type { Static } from 'typebox'
import { ScanInError } from '../errors.ts'
import { type Cookies, readCookie } from '../http/cookies.ts'
import { type BrowserLogins, type BrowserStatus, isWaiting, type WaitingBrowser } from './browser-logins.ts'
import { type browserStatus, statusOnWire } from './browser-wire.ts'
import type { Pace } from './pace-wire.ts'
import type { PollPacing } from './poll-pacing.ts'
import { type HoldWish, holdRequestOf } from './poll-request.ts'
import { isBrowserKey, type Token } from './token.ts'

export interface PollOptions {
  logins: Pick<BrowserLogins, 'status'>
  cookies: Cookies
  pacing: PollPacing
  pace: Pace
}

/** What a browser is told about its login, whoever writes the reply. */
export interface PollReply {
  body: Static<typeof browserStatus>
  /** `Set-Cookie` values; mostly none. */
  setCookies: readonly string[]
}

const NO_COOKIES: readonly string[] = []

/** Answers a poll of the browser that sent `request`. Rejects with `slow_down`, and as `BrowserLogins` does. */
export type Poll = (request: IncomingMessage, token: Token, wish: HoldWish) => Promise<PollReply>

export function createPoll({ logins, cookies, pacing, pace }: PollOptions): Poll {
  return async (request, token, wish) => {
    const browser = browserBehind(request, token, cookies)
    const tooFastFor = browser.browserKey === undefined ? 0 : pacing.admit(paceKeyOf(browser.browserKey))
    const longestHold = tooFastFor > 0 ? 0 : pace.hold
    const status = await logins.status(browser, holdRequestOf(request, wish, longestHold))
    // Refused only while there is nothing to tell: how a login ended is never withheld.
    if (isWaiting(status)) refuseIfTooFast(tooFastFor)
    return replyOf(status, token, cookies, pace)
  }
}

/** Which browser asks: the key in its cookie is what makes a login its own. */
export function browserBehind({ headers }: IncomingMessage, token: Token, cookies: Cookies): WaitingBrowser {
  const key = readCookie(headers.cookie, cookies.browserKeyName(token.loginId))
  return { token, browserKey: key !== undefined && isBrowserKey(key) ? key : undefined }
}

/** At `authenticated` the session comes with the reply, and the browser key goes. */
export function replyOf(status: BrowserStatus, { loginId }: Token, cookies: Cookies, pace: Pace): PollReply {
  const body = statusOnWire(status, pace)
  if (status.status !== 'authenticated') return { body, setCookies: NO_COOKIES }
  const setCookies = [
    cookies.set(cookies.sessionName, status.sessionSecret, status.sessionMaxAge),
    cookies.set(cookies.browserKeyName(loginId), '', 0),
  ]
  return { body, setCookies }
}

/** Enough of a browser key to tell browsers apart: 72 bits, and short enough to be a copy that keeps no header alive. */
export function paceKeyOf(browserKey: string): string {
  return browserKey.slice(0, 12)
}

/** @throws ScanInError `slow_down` */
export function refuseIfTooFast(seconds: number): void {
  if (seconds > 0) throw new ScanInError('slow_down', { retryAfterSeconds: seconds })
}
