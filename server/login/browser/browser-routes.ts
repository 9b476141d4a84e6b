import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import type { ClientAddresses } from '../../http/client-address.ts'
import type { Cookies } from '../../http/cookies.ts'
import { JSON_TYPE } from '../../http/json-body.ts'
import type { Pressure } from '../../http/pressure.ts'
import type { NetworkLimit } from '../../http/rate-limits.ts'
import { requestContextOf } from '../../http/request-context.ts'
import { traceparentOf } from '../../http/request-labels.ts'
import { AWAY, nothing, pollQuery } from '../../http/schemas.ts'
import type { TypedApp } from '../../http/typed-app.ts'
import { browserOf } from '../../http/user-agent.ts'
import type { ApplicationOf } from '../application.ts'
import type { Paces } from '../hold/paces.ts'
import { takeHoldWish, tokenOf } from '../hold/poll-request.ts'
import { type PollingClients, refuseIfTooFast } from '../hold/polling-clients.ts'
import { formatUserCode, parseToken, type Token } from '../token.ts'
import { tokenBody, tokenSchema } from '../token-wire.ts'
import type { BrowserLogins, Goal, ShownLogin } from './browser-logins.ts'
import type { BrowserStatus } from './browser-polls.ts'
import {
  anyToken,
  browserStatus,
  matchBody,
  shownLogin,
  shownOnWire,
  startBody,
  statusOnWire,
  userCodeReply,
} from './browser-wire.ts'
import type { DigitGuard } from './digit-guard.ts'
import { browserBehind, cookiesWith, type Poll } from './poll.ts'
import { spareKeyNames } from './spare-keys.ts'

interface BrowserRoutesOptions {
  logins: BrowserLogins
  poll: Poll
  cookies: Cookies
  clientAddresses: Pick<ClientAddresses, 'of'>
  renewing: PollingClients
  pressure: Pick<Pressure, 'admit'>
  creationLimit: NetworkLimit
  digitGuard: DigitGuard
  /** Where a code is taken on the phone, `<PUBLIC_URL>/scan`. */
  verificationUri: string
  /** Seconds that a browser key's cookie may be needed at the most. */
  browserKeyMaxAge: number
  paces: Paces
  /** A `return_to` that may be followed, or `undefined`. */
  allowedReturn: (returnTo: string | undefined) => string | undefined
  applicationOf: ApplicationOf
}

const tags = ['browser']
const security = [{ browserKey: [] }]
const SESSION_COMES = 'At `authenticated` alone: the session, and the browser key cleared'

/** What the desktop calls. The browser key in its cookie is what makes a login its own. */
export function browserRoutes(app: TypedApp, options: BrowserRoutesOptions): void {
  const { logins, cookies, clientAddresses, renewing, pressure, paces, verificationUri } = options
  const whoWaits = (request: FastifyRequest, token: Token) => browserBehind(request.headers.cookie, token, cookies)

  function send(reply: FastifyReply, status: BrowserStatus, token: Token) {
    const setCookies = cookiesWith(status, token, cookies)
    if (setCookies.length > 0) reply.header('set-cookie', setCookies)
    return statusOnWire(status, paces.current)
  }

  async function rotate(request: FastifyRequest, text: string | undefined): Promise<ShownLogin | undefined> {
    const token = parseToken(text ?? '')
    const browser = token && whoWaits(request, token)
    if (browser?.browserKey === undefined) return undefined
    request.labels.login = browser.token.loginId
    pressure.admit('go_on')
    // Drawing a QR is the dearest thing a browser can ask for: it keeps to its pace here too.
    refuseIfTooFast(renewing.admit(renewing.find(browser.browserKey)))
    return logins.rotate(browser)
  }

  async function goalOf(asked: string | undefined): Promise<Goal> {
    const returnTo = options.allowedReturn(asked)
    return returnTo === undefined ? {} : { returnTo, application: await options.applicationOf(returnTo) }
  }

  /** The browser key cookies to clear; never that of `about` once a phone has that login: its page goes on with it. */
  async function spareKeys(request: FastifyRequest, about: string | undefined): Promise<string[]> {
    const { cookie } = request.headers
    const spare = spareKeyNames(cookie, cookies)
    const token = parseToken(about ?? '')
    const isMeant = token !== undefined && spare.includes(cookies.browserKeyName(token.loginId))
    return isMeant && (await logins.isUnderWay(whoWaits(request, token)))
      ? spareKeyNames(cookie, cookies, token.loginId)
      : spare
  }

  /** @param about the token that the browser sent: it gets a new login, but may go on with that token's */
  async function start(
    request: FastifyRequest,
    reply: FastifyReply,
    { token: about, return_to: returnTo }: { token?: string; return_to?: string },
  ): Promise<ShownLogin> {
    pressure.admit('begin')
    const from = clientAddresses.of(request.raw)
    const browser = browserOf(request.headers['user-agent'])
    const started = await options.creationLimit.spend(from.address, async () =>
      logins.start(browser, from, await goalOf(returnTo)),
    )
    request.labels.login = started.loginId
    const keyName = cookies.browserKeyName(started.loginId)
    const gone = (await spareKeys(request, about)).map((name) => cookies.set(name, '', 0))
    reply.header('set-cookie', [...gone, cookies.set(keyName, started.browserKey, options.browserKeyMaxAge)])
    return started
  }

  app.post(
    '/login',
    {
      // Only the body says whether this begins a login or goes on with one, so the handler itself asks `pressure`.
      config: { step: 'never_refused' },
      schema: {
        operationId: 'startLogin',
        tags,
        security: [{}, ...security],
        summary: 'Start a login, or renew the QR of a pending one',
        description:
          'With the `token` of a pending login and its browser key the login stays and its QR is a new one; the old QR scans ' +
          'for a moment more. Else a new login starts, and its browser key comes as a cookie.',
        body: startBody,
        problems: ['slow_down', ...AWAY],
        replyHeaders: {
          201: {
            'Set-Cookie':
              'Of a new login: its browser key. A browser carries five: then the oldest is cleared with it, but not that of `token` once a phone has that login',
          },
        },
        response: { 201: shownLogin },
      },
    },
    async (request, reply) => {
      const body = request.body ?? {}
      const shown = (await rotate(request, body.token)) ?? (await start(request, reply, body))
      // Fastify's serializer looks at every character of the picture.
      reply.code(201).type(JSON_TYPE).serializer(JSON.stringify)
      return shownOnWire(shown, verificationUri, paces.current)
    },
  )

  app.get(
    '/login/status/:token',
    {
      // A browser that keeps to its pace is never refused: under load the pace gets slower.
      config: { isPoll: true, step: 'never_refused' },
      schema: {
        operationId: 'pollLogin',
        tags,
        security,
        summary: 'Poll; at `authenticated` the session cookie comes with the reply',
        description:
          'With `wait` the reply is held until the status is no longer `seen`, or the time is up. Ask again `interval` ' +
          'seconds after the last time, with `wait` as `hold` says: both grow under load, and who keeps to them is never ' +
          'refused. But a reply that was lost is given again for ten seconds, or until the session is used: from `scanned` on ' +
          'wait for 3 seconds at the most, give up 4 later, and ask again within a second. `denied` and `expired` are ends.',
        params: Type.Object({ token: tokenSchema }),
        querystring: pollQuery,
        problems: ['slow_down', 'store_unavailable', 'identity_provider_unavailable'],
        replyHeaders: { 200: { 'Set-Cookie': SESSION_COMES } },
        response: { 200: browserStatus },
      },
    },
    async (request, reply) => {
      const token = tokenOf(request, request.params.token)
      const asked = { cookie: request.headers.cookie, traceparent: traceparentOf(request.raw) }
      const wish = takeHoldWish(request.raw, request.query)
      return send(reply, await options.poll(asked, reply.raw, token, wish), token)
    },
  )

  app.post(
    '/login/match',
    {
      config: { step: 'finish' },
      schema: {
        operationId: 'matchLogin',
        tags,
        security,
        summary: 'Type the digits that the phone shows',
        description: 'Five wrong ones, and the login is `denied`.',
        body: matchBody,
        problems: ['wrong_match_code', 'slow_down', ...AWAY],
        replyHeaders: { 200: { 'Set-Cookie': SESSION_COMES } },
        response: { 200: browserStatus },
      },
    },
    async (request, reply) => {
      const by = requestContextOf(request, clientAddresses)
      const browser = { ...whoWaits(request, tokenOf(request, request.body.token)), by }
      const status = await options.digitGuard({
        loginId: browser.token.loginId,
        address: by.address,
        find: () => logins.matching(browser),
        run: (found) => logins.match(browser, request.body.match_code, found?.record),
      })
      return send(reply, status, browser.token)
    },
  )

  app.post(
    '/login/user-code',
    {
      schema: {
        operationId: 'makeUserCode',
        tags,
        security,
        summary: 'A code to type on the phone instead of scanning (RFC 8628 §6.1)',
        body: tokenBody,
        problems: ['expired_token', ...AWAY],
        response: { 201: userCodeReply },
      },
    },
    async (request, reply) => {
      const { userCode, expiresIn } = await logins.userCode(whoWaits(request, tokenOf(request, request.body.token)))
      reply.code(201)
      return { user_code: formatUserCode(userCode), verification_uri: verificationUri, expires_in: expiresIn }
    },
  )

  app.delete(
    '/login/:token',
    {
      config: { step: 'finish' },
      schema: {
        operationId: 'cancelLogin',
        tags,
        security,
        summary: 'End the login of this browser; anything else is left as it is',
        description:
          'With it ends the session that it has led to and that was not used yet. Says the same of what is not the login of ' +
          'this browser, and of what is no token.',
        params: Type.Object({ token: anyToken }),
        problems: AWAY,
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const token = parseToken(request.params.token)
      if (token !== undefined) {
        request.labels.login = token.loginId
        await logins.cancel(whoWaits(request, token), requestContextOf(request, clientAddresses))
      }
      return reply.code(204).send(null)
    },
  )
}
