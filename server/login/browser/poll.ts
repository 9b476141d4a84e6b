import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Cookies, readCookie } from '../../http/cookies.ts'
import { traceparentOf } from '../../http/request-labels.ts'
import { sessionIdOf } from '../../session/session.ts'
import type { WaitingBrowser } from '../hold/own-login.ts'
import type { Paces } from '../hold/paces.ts'
import { type HoldWish, takeHoldRequest } from '../hold/poll-request.ts'
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

/**
 * What the browser that sent `request` is to be told. Reads the request's headers and drops them before it returns.
 * Rejects as `BrowserPolls.status` does.
 */
export type Poll = (
  request: IncomingMessage,
  response: ServerResponse,
  token: Token,
  wish: HoldWish,
) => Promise<BrowserStatus>

export function createPoll({ polls, cookies, clients, paces }: PollOptions): Poll {
  return (request, response, token, wish) => {
    const { browserKey, replaces } = browserBehind(request, token, cookies)
    const client = browserKey === undefined ? undefined : clients.find(browserKey)
    const retryAfterSeconds = client === undefined ? 0 : clients.admit(client)
    const longestHold = retryAfterSeconds > 0 ? 0 : paces.holdSeconds()
    return polls.status(
      { token, browserKey: client?.key, replaces, client, retryAfterSeconds, traceparent: traceparentOf(request) },
      takeHoldRequest(request, response, wish, longestHold),
    )
  }
}

/** Which browser asks: the key in its cookie is what makes a login its own. */
export function browserBehind({ headers }: IncomingMessage, token: Token, cookies: Cookies): WaitingBrowser {
  const key = readCookie(headers.cookie, cookies.browserKeyName(token.loginId))
  const session = readCookie(headers.cookie, cookies.sessionName)
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
