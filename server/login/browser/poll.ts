import { type Cookies, readCookie } from '../../http/cookies.ts'
import type { BareRequest } from '../../http/shortcut/bare-request.ts'
import type { Client } from '../../http/shortcut/shortcut.ts'
import { sessionIdOf } from '../../session/session.ts'
import type { WaitingBrowser } from '../hold/own-login.ts'
import type { Paces } from '../hold/paces.ts'
import { type HoldWish, holdRequest } from '../hold/poll-request.ts'
import type { PollingClients } from '../hold/polling-clients.ts'
import { isBrowserKey, type Token } from '../token.ts'
import type { BrowserPolls, BrowserStatus } from './browser-polls.ts'

interface PollOptions {
  polls: Pick<BrowserPolls, 'status'>
  cookies: Cookies
  clients: PollingClients
  paces: Paces
}

const NO_COOKIES: readonly string[] = []

/** Of a browser's request, all that a poll goes by. */
type Asked = Pick<BareRequest, 'cookie' | 'traceparent'>

/** What the browser that asked is to be told. Keeps nothing of what was asked. Rejects as `BrowserPolls.status` does. */
export type Poll = (asked: Asked, client: Client, token: Token, wish: HoldWish) => Promise<BrowserStatus>

export function createPoll({ polls, cookies, clients, paces }: PollOptions): Poll {
  return ({ cookie, traceparent }, client, token, wish) => {
    const { browserKey, replaces } = browserBehind(cookie, token, cookies)
    const known = browserKey === undefined ? undefined : clients.find(browserKey)
    const retryAfterSeconds = known === undefined ? 0 : clients.admit(known)
    const longestHold = retryAfterSeconds > 0 ? 0 : paces.holdSeconds()
    return polls.status(
      { token, browserKey: known?.key, replaces, client: known, retryAfterSeconds, traceparent },
      holdRequest(client, wish, longestHold),
    )
  }
}

/** Which browser asks: the key in its cookie is what makes a login its own. @param cookie the request's `Cookie` */
export function browserBehind(cookie: string | undefined, token: Token, cookies: Cookies): WaitingBrowser {
  const key = readCookie(cookie, cookies.browserKeyName(token.loginId))
  const session = readCookie(cookie, cookies.sessionName)
  return {
    token,
    browserKey: key !== undefined && isBrowserKey(key) ? key : undefined,
    replaces: session && sessionIdOf(session),
  }
}

/** The `Set-Cookie` values of a reply, mostly none: at `authenticated` the session comes, and the browser key goes. */
export function cookiesWith(status: BrowserStatus, { loginId }: Token, cookies: Cookies): readonly string[] {
  if (status.status !== 'authenticated') return NO_COOKIES
  return [
    cookies.set(cookies.sessionName, status.sessionSecret, status.sessionMaxAge),
    cookies.set(cookies.browserKeyName(loginId), '', 0),
  ]
}
