import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { type Clock, secondsUntil } from '../../clock.ts'
import { ScanInError } from '../../errors.ts'
import { hashSecret } from '../../hashes.ts'
import type { ClientAddresses } from '../../http/client-address.ts'
import { readCookie } from '../../http/cookies.ts'
import { requestContextOf } from '../../http/request-context.ts'
import { AWAY, nothing } from '../../http/schemas.ts'
import type { TypedApp } from '../../http/typed-app.ts'
import { isNavigating, isVisit } from '../../http/visits.ts'
import { type Randomness, SECRET_LENGTH } from '../../randomness.ts'
import type { CurrentSession } from '../../session/current-session.ts'
import type { CodeLimit } from '../../session/issuance-limit.ts'
import type { IdentifiedSession } from '../../session/session.ts'
import type { SessionService } from '../../session/session-service.ts'
import { parseOrigin } from '../../url.ts'
import type { AppCodes } from './app-codes.ts'
import { type AppGate, entryCookie, safeReturnPath } from './app-gate.ts'
import { type App, type AppList, mayEnterApp } from './app-list.ts'
import type { AppNews, OnAppNews } from './app-news.ts'
import { isStartKey, makeStartKey, makeState, openState, STATE_PATTERN } from './app-state.ts'
import { isAskedFromThere } from './sign-out-origin.ts'

interface EntryRoutesOptions {
  apps: AppList
  gate: AppGate
  codes: AppCodes
  codeLimit: CodeLimit
  current: CurrentSession
  sessions: Pick<SessionService, 'useFor' | 'enter' | 'leave'>
  clientAddresses: Pick<ClientAddresses, 'of'>
  clock: Clock
  randomness: Randomness
  publicUrl: string
  onNews: OnAppNews
}

/** Where ScanIn's own host takes an errand in hand. */
export const ENTER_PATH = '/auth/enter'

/** People may look for their phone, and for a new code. */
const ERRAND_SECONDS = 3600

/** Whoever comes here is a person's browser, which goes where it is sent, and what goes wrong is a page. */
const config = { isForPeople: true } as const
const tags = ['applications']
const description = 'For browsers of people, by the redirects that lead here: what goes wrong is a page to them.'
/** Of what is on an application's host, to which its proxy sends it. */
const THERE = ['authentication_required', 'unknown_application', ...AWAY] as const
const state = Type.String({
  pattern: STATE_PATTERN,
  description: 'As `/.scanin/start` made it: the way on, sealed for one browser',
  examples: [`V1StGXR8_Z5jdHi6.kvZVMBFQmNNSJSHX0FR4Bd.${'x'.repeat(43)}`],
})
const code = Type.String({
  pattern: '^[A-Za-z0-9_-]{43}$',
  description: 'Good once, for half a minute, and with its state alone',
  examples: ['x'.repeat(43)],
})
const wayBack = Type.Optional(
  Type.String({ description: 'Where to go once in, on that host. Any other place is its start page', examples: ['/'] }),
)
const origin = Type.String({
  maxLength: 300,
  description: "The application's, as `APPS_FILE` has it",
  examples: ['https://wiki.example.org'],
})

/**
 * How somebody who is signed in at ScanIn gets into an application: from its host to ScanIn's, and back by a code. On the
 * application's host, to which its proxy sends `/.scanin/*`, there are the three that begin so.
 */
export function entryRoutes(scope: TypedApp, options: EntryRoutesOptions): void {
  const { apps, gate, codes, codeLimit, current, sessions, clientAddresses, clock } = options
  const { randomness, publicUrl } = options

  function tell(
    type: AppNews['type'],
    app: App,
    { id, session }: IdentifiedSession,
    request: FastifyRequest,
    certainty: Pick<AppNews, 'isUncertain'> = {},
  ): void {
    const by = requestContextOf(request, clientAddresses)
    options.onNews({ type, origin: app.origin, person: session.user, session: id, by, ...certainty })
  }

  function refuseWhoMayNot(app: App, found: IdentifiedSession, request: FastifyRequest): void {
    if (mayEnterApp(app, found.session.user)) return
    tell('refused', app, found, request)
    throw new ScanInError('not_allowed')
  }

  scope.get(
    '/.scanin/start',
    {
      config,
      schema: {
        operationId: 'startEntry',
        tags,
        security: [],
        summary: "On an application's host: begin to sign in there",
        description,
        querystring: Type.Object({ rd: wayBack }),
        problems: THERE,
        replyHeaders: {
          302: { Location: "`/auth/enter`, on this service's own host", 'Set-Cookie': 'Its half of the state' },
        },
        response: { 302: nothing },
      },
    },
    async (request, reply) => {
      const { app, cookies } = gate.appRequestOf(request)
      const known = readCookie(request.headers.cookie, cookies.applicationStartName) ?? ''
      // One for all tabs of a browser, so that they do not end each other's errands.
      const key = isStartKey(known) ? known : makeStartKey(randomness)
      const made = makeState({ origin: app.origin, rd: safeReturnPath(app, request.query.rd) }, key, randomness)
      reply.header('set-cookie', cookies.set(cookies.applicationStartName, key, ERRAND_SECONDS))
      return go(reply, `${publicUrl}${enterPath(app, made)}`)
    },
  )

  scope.get(
    ENTER_PATH,
    {
      config,
      schema: {
        operationId: 'enterApplication',
        tags,
        security: [{}, { session: [] }],
        summary: 'On the way to an application: back there with a code, after a sign-in where that is needed',
        description,
        querystring: Type.Object({ app: origin, state }),
        problems: ['cross_site_request', 'unknown_application', 'not_allowed', 'slow_down', ...AWAY],
        replyHeaders: { 302: { Location: "The application's `/.scanin/callback`, or the login page" } },
        response: { 302: nothing },
      },
    },
    async (request, reply) => {
      // Before a code is counted: by pictures, a page could use up what its visitor may have.
      if (!isNavigating(request.headers)) throw new ScanInError('cross_site_request')
      const app = apps.find(parseOrigin(request.query.app) ?? '')
      if (app === undefined) throw new ScanInError('unknown_application')
      const found = await current.find(request)
      const here = enterPath(app, request.query.state)
      if (found === undefined) return go(reply, `${publicUrl}/?${new URLSearchParams({ return_to: here })}`)
      refuseWhoMayNot(app, found, request)
      const errand = { session: found.id, origin: app.origin, state: request.query.state }
      const code = await codeLimit(!isVisit(request.headers))(found, () => codes.make(errand))
      const query = new URLSearchParams({ code, state: request.query.state })
      return go(reply, `${app.origin}/.scanin/callback?${query}`)
    },
  )

  scope.get(
    '/.scanin/callback',
    {
      config,
      schema: {
        operationId: 'endEntry',
        tags,
        security: [],
        summary: "On an application's host: in, by the code, in the browser that began",
        description,
        querystring: Type.Object({ code, state }),
        problems: ['expired_token', 'not_allowed', ...THERE],
        replyHeaders: { 302: { Location: 'Where it began', 'Set-Cookie': 'What lets it in there, and nowhere else' } },
        response: { 302: nothing },
      },
    },
    async (request, reply) => {
      const { app, cookies } = gate.appRequestOf(request)
      const { code, state } = request.query
      const key = readCookie(request.headers.cookie, cookies.applicationStartName) ?? ''
      // The code first: one that is shown with an errand of another browser's is used up all the same.
      const id = await codes.take(code, { origin: app.origin, state })
      const rd = isStartKey(key) ? openState(state, app.origin, key) : undefined
      if (rd === undefined) throw new ScanInError('expired_token')
      const found = id === undefined ? undefined : await sessions.useFor(id)
      if (found === undefined) throw new ScanInError('expired_token')
      refuseWhoMayNot(app, found, request)
      const secret = randomness.text(SECRET_LENGTH)
      const entered = await sessions.enter(found, app.origin, hashSecret(secret))
      if (entered === undefined) throw new ScanInError('expired_token')
      tell('entered', app, entered, request)
      const maxAge = secondsUntil(entered.session.endsAt, clock())
      reply.header('set-cookie', cookies.set(cookies.applicationName, entryCookie(entered.id, secret), maxAge))
      // Checked when it was sealed, and again: whatever becomes of the seal, this leads nowhere else.
      return go(reply, `${app.origin}${safeReturnPath(app, rd)}`)
    },
  )

  async function signOut(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const appRequest = gate.appRequestOf(request)
    const { app, cookies } = appRequest
    if (!isAskedFromThere(request, app.origin)) throw new ScanInError('cross_site_request')
    const found = await gate.visitor(request, appRequest)
    if (found !== undefined) {
      // Told also where the store does not answer: a second try would find nobody to sign out, and tell nothing.
      await sessions.leave(found.id, app.origin, () => tell('left', app, found, request, { isUncertain: true }))
      tell('left', app, found, request)
    }
    reply.header('set-cookie', cookies.set(cookies.applicationName, '', 0))
    go(reply, `${publicUrl}/home`, request.method === 'POST' ? 303 : 302)
  }

  const leave = async (request: FastifyRequest, reply: FastifyReply) => {
    await signOut(request, reply)
    return reply
  }
  const leaving = (operationId: string, status: number) => ({
    operationId,
    tags,
    security: [{}, { application: [] }],
    summary: "On an application's host: sign out there, and there alone",
    description,
    problems: ['cross_site_request', ...THERE] as const,
    replyHeaders: {
      [status]: { Location: "`/home`, on this service's own host", 'Set-Cookie': 'What let it in, cleared' },
    },
    response: { [status]: nothing },
  })
  const path = '/.scanin/sign-out'
  const ends = { ...config, step: 'finish' } as const
  scope.get(path, { config: ends, schema: leaving('followSignOut', 302) }, leave)
  scope.post(path, { config: { ...ends, checksOrigin: true }, schema: leaving('postSignOut', 303) }, leave)
}

export function enterPath({ origin }: App, state: string): string {
  return `${ENTER_PATH}?${new URLSearchParams({ app: origin, state })}`
}

function go(reply: FastifyReply, target: string, status = 302): FastifyReply {
  return reply.code(status).header('location', target).send()
}
