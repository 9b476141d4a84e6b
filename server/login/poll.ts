import type { IncomingMessage } from 'node:http'
import { ScanInError } from '../errors.ts'
import { type Cookies, readCookie } from '../http/cookies.ts'
import { type BrowserLogins, type BrowserStatus, isWaiting } from './browser-logins.ts'
import type { WaitingBrowser } from './own-login.ts'
import type { Pace } from './pace-wire.ts'
import { type HoldWish, holdRequestOf } from './poll-request.ts'
import type { PollingClients } from './polling-clients.ts'
import { isBrowserKey, type Token } from './token.ts'

export interface PollOptions {
  logins: Pick<BrowserLogins, 'status'>
  cookies: Cookies
  clients: PollingClients
  pace: Pace
}

/** What a browser is told about its login, whoever writes the reply. */
export interface PollReply {
  status: BrowserStatus
  /** `Set-Cookie` values; mostly none. */
  setCookies: readonly string[]
}

const NO_COOKIES: readonly string[] = []

/** Answers a poll of the browser that sent `request`. Rejects with `slow_down`, and as `BrowserLogins` does. */
export type Poll = (request: IncomingMessage, token: Token, wish: HoldWish) => Promise<PollReply>

export function createPoll({ logins, cookies, clients, pace }: PollOptions): Poll {
  return (request, token, wish) => {
    const { browserKey } = browserBehind(request, token, cookies)
    const client = browserKey === undefined ? undefined : clients.find(clientKeyOf(browserKey))
    const tooFastFor = client === undefined ? 0 : clients.admit(client)
    const longestHold = tooFastFor > 0 ? 0 : pace.hold
    const browser = { token, browserKey, client }
    return logins.status(browser, holdRequestOf(request, wish, longestHold)).then((status) => {
      // Refused only while there is nothing to tell: how a login ended is never withheld.
      if (isWaiting(status)) refuseIfTooFast(tooFastFor)
      return replyOf(status, token, cookies)
    })
  }
}

/** Which browser asks: the key in its cookie is what makes a login its own. */
export function browserBehind({ headers }: IncomingMessage, token: Token, cookies: Cookies): WaitingBrowser {
  const key = readCookie(headers.cookie, cookies.browserKeyName(token.loginId))
  return { token, browserKey: key !== undefined && isBrowserKey(key) ? key : undefined }
}

/** At `authenticated` the session comes with the reply, and the browser key goes. */
export function replyOf(status: BrowserStatus, { loginId }: Token, cookies: Cookies): PollReply {
  if (status.status !== 'authenticated') return { status, setCookies: NO_COOKIES }
  const setCookies = [
    cookies.set(cookies.sessionName, status.sessionSecret, status.sessionMaxAge),
    cookies.set(cookies.browserKeyName(loginId), '', 0),
  ]
  return { status, setCookies }
}

/** Enough of a browser key to tell browsers apart: 72 bits, and short enough to be a copy that keeps no header alive. */
export function clientKeyOf(browserKey: string): string {
  return browserKey.slice(0, 12)
}

/** @throws ScanInError `slow_down` */
export function refuseIfTooFast(seconds: number): void {
  if (seconds > 0) throw new ScanInError('slow_down', { retryAfterSeconds: seconds })
}
