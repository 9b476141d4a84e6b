import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { ScanInError } from '../errors.ts'
import { addressBlock, clientAddress } from '../http/client-address.ts'
import { type Cookies, readCookie } from '../http/cookies.ts'
import type { RateLimit } from '../http/rate-limits.ts'
import { pollQuery, problemReplies } from '../http/schemas.ts'
import type { TypedApp } from '../http/typed-app.ts'
import { browserOf } from '../http/user-agent.ts'
import {
  type BrowserLogins,
  type BrowserStatus,
  isWaiting,
  type ShownLogin,
  type WaitingBrowser,
} from './browser-logins.ts'
import {
  browserStatus,
  matchBody,
  shownLogin,
  shownOnWire,
  startBody,
  statusOnWire,
  userCodeReply,
} from './browser-wire.ts'
import type { Ending } from './ending.ts'
import type { Pace } from './pace-wire.ts'
import type { PollPacing } from './poll-pacing.ts'
import { holdRequestOf, tokenOf } from './poll-request.ts'
import { formatUserCode, isBrowserKey, parseToken, type Token } from './token.ts'
import { tokenBody, tokenSchema } from './token-wire.ts'

export interface BrowserRoutesOptions {
  logins: BrowserLogins
  cookies: Cookies
  pacing: PollPacing
  creationLimit: RateLimit
  /** Where a code is taken on the phone, `<PUBLIC_URL>/scan`. */
  verificationUri: string
  /** Seconds that a browser key's cookie may be needed at the most. */
  browserKeyMaxAge: number
  pace: Pace
  /** Comes when the process shuts down. */
  closing: Ending
  /** A `return_to` that may be followed, or `undefined`. */
  allowedReturn: (returnTo: string | undefined) => string | undefined
}

const tags = ['browser']

/** What the desktop calls. The browser key in its cookie is what makes a login its own. */
export function browserRoutes(app: TypedApp, options: BrowserRoutesOptions): void {
  const { logins, cookies, pacing, pace, verificationUri, closing } = options

  function browserBehind(request: FastifyRequest, token: Token): WaitingBrowser {
    const key = readCookie(request.headers.cookie, cookies.browserKeyName(token.loginId))
    return { token, browserKey: key !== undefined && isBrowserKey(key) ? key : undefined }
  }

  /** At `authenticated` the session comes with the reply, and the browser key goes. */
  function answer(status: BrowserStatus, { token }: WaitingBrowser, reply: FastifyReply) {
    if (status.status === 'authenticated') {
      reply.header('set-cookie', [
        cookies.set(cookies.sessionName, status.sessionSecret, status.sessionMaxAge),
        cookies.set(cookies.browserKeyName(token.loginId), '', 0),
      ])
    }
    return statusOnWire(status, pace)
  }

  async function rotate(request: FastifyRequest, text: string | undefined): Promise<ShownLogin | undefined> {
    const token = parseToken(text ?? '')
    const browser = token && browserBehind(request, token)
    if (browser?.browserKey === undefined) return undefined
    // Drawing a QR is the dearest thing a browser can ask for: it keeps to its pace here too.
    refuseIfTooFast(pacing.admit(paceKeyOf(browser.browserKey)))
    return logins.rotate(browser)
  }

  async function start(
    request: FastifyRequest,
    reply: FastifyReply,
    returnTo: string | undefined,
  ): Promise<ShownLogin> {
    const address = clientAddress(request)
    await options.creationLimit.count(addressBlock(address))
    const browser = browserOf(request.headers['user-agent'])
    const started = await logins.start(browser, address, options.allowedReturn(returnTo))
    const keyName = cookies.browserKeyName(started.loginId)
    reply.header('set-cookie', cookies.set(keyName, started.browserKey, options.browserKeyMaxAge))
    return started
  }

  app.post(
    '/login',
    {
      schema: {
        tags,
        summary: 'Start a login, or rotate the QR of a pending one',
        body: startBody,
        response: { 201: shownLogin, ...problemReplies },
      },
    },
    async (request, reply) => {
      const { token, return_to } = request.body ?? {}
      const shown = (await rotate(request, token)) ?? (await start(request, reply, return_to))
      reply.code(201)
      return shownOnWire(shown, verificationUri, pace)
    },
  )

  app.get(
    '/login/status/:token',
    {
      // HEAD would collect a session and throw it away.
      exposeHeadRoute: false,
      schema: {
        tags,
        summary: 'Poll; at `authenticated` the session cookie comes with the reply',
        params: Type.Object({ token: tokenSchema }),
        querystring: pollQuery,
        response: { 200: browserStatus, ...problemReplies },
      },
    },
    async (request, reply) => {
      const browser = browserBehind(request, tokenOf(request.params.token))
      const tooFastFor = browser.browserKey === undefined ? 0 : pacing.admit(paceKeyOf(browser.browserKey))
      const longestHold = tooFastFor > 0 ? 0 : pace.hold
      const status = await logins.status(browser, holdRequestOf(request, request.query, longestHold, closing))
      // Refused only while there is nothing to tell: how a login ended is never withheld.
      if (isWaiting(status)) refuseIfTooFast(tooFastFor)
      return answer(status, browser, reply)
    },
  )

  app.post(
    '/login/match',
    {
      schema: {
        tags,
        summary: 'Type the digits that the phone shows',
        body: matchBody,
        response: { 200: browserStatus, ...problemReplies },
      },
    },
    async (request, reply) => {
      const browser = browserBehind(request, tokenOf(request.body.token))
      return answer(await logins.match(browser, request.body.match_code), browser, reply)
    },
  )

  app.post(
    '/login/user-code',
    {
      schema: {
        tags,
        summary: 'A code to type on the phone instead of scanning (RFC 8628 §6.1)',
        body: tokenBody,
        response: { 201: userCodeReply, ...problemReplies },
      },
    },
    async (request, reply) => {
      const { userCode, expiresIn } = await logins.userCode(browserBehind(request, tokenOf(request.body.token)))
      reply.code(201)
      return { user_code: formatUserCode(userCode), verification_uri: verificationUri, expires_in: expiresIn }
    },
  )

  app.delete(
    '/login/:token',
    {
      schema: {
        tags,
        summary: 'End the login of this browser; anything else is left as it is',
        params: Type.Object({ token: tokenSchema }),
        response: { 204: Type.Null(), ...problemReplies },
      },
    },
    async (request, reply) => {
      await logins.cancel(browserBehind(request, tokenOf(request.params.token)))
      return reply.code(204).send(null)
    },
  )
}

/** Enough of a browser key to tell browsers apart: 72 bits, and short enough to be a copy that keeps no header alive. */
function paceKeyOf(browserKey: string): string {
  return browserKey.slice(0, 12)
}

function refuseIfTooFast(seconds: number): void {
  if (seconds > 0) throw new ScanInError('slow_down', { retryAfterSeconds: seconds })
}
