import type { FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import { type Clock, iso, secondsUntil } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import { hashSecret } from '../hashes.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import type { Cookies } from '../http/cookies.ts'
import type { PlaceOf } from '../http/place.ts'
import { requestContextOf } from '../http/request-context.ts'
import { AWAY, nothing, OF_TOKENS } from '../http/schemas.ts'
import type { TypedApp } from '../http/typed-app.ts'
import type { User } from '../identity/identity.ts'
import { isName } from '../identity/names.ts'
import type { AuthenticateNativeApp, NativeApp } from '../identity/native-apps.ts'
import { publicPerson } from '../identity/person-key.ts'
import type { CurrentSession } from './current-session.ts'
import type { IdentifiedSession } from './session.ts'
import type { SessionService } from './session-service.ts'
import {
  currentOnWire,
  currentSession,
  sessionId as id,
  kindToEnd,
  listedOnWire,
  listedSession,
  renameBody,
  signedInOnWire,
  signedInUser,
} from './session-wire.ts'

interface SessionRoutesOptions {
  sessions: SessionService
  current: CurrentSession
  nativeApp: AuthenticateNativeApp
  cookies: Cookies
  clientAddresses: Pick<ClientAddresses, 'of'>
  placeOf: PlaceOf
  clock: Clock
}

const sessionReply = Type.Object({ user: signedInUser, session: currentSession }, { title: 'CurrentSession' })

const tags = ['session']
const bySession = [{ session: [] }]
const security = [...bySession, { bearer: [] }, { dpop: [] }]
/** The problems of each route that needs somebody signed in. */
const SIGNED_IN = ['authentication_required', ...OF_TOKENS, ...AWAY] as const
/** For how long an app may take a token for good whose end is unknown: we ask about such a token each time. */
const NO_KNOWN_END_SECONDS = 600

/** Who asks, and by which session of theirs; a native app has none. */
interface Asking {
  user: User
  own?: IdentifiedSession
  shown: Static<typeof currentSession>
}

/** Who is signed in, where else, and how that ends. */
export function sessionRoutes(app: TypedApp, options: SessionRoutesOptions): void {
  const { sessions, current, nativeApp, cookies, clientAddresses, placeOf, clock } = options

  async function whoAsks(request: FastifyRequest): Promise<Asking> {
    const app = await nativeApp(request)
    if (app !== undefined) return { user: app.user, shown: ofToken(app, clock()) }
    const own = await current.require(request)
    return { user: own.session.user, own, shown: currentOnWire(own, clock()) }
  }

  app.get(
    '/session',
    {
      exposeHeadRoute: true,
      config: { step: 'finish' },
      schema: {
        operationId: 'getSession',
        tags,
        security,
        summary: 'Who is signed in',
        description:
          "To a native app its token is its session, for as long as that is good. It is on no list here: it ends at its provider's.",
        problems: SIGNED_IN,
        response: { 200: sessionReply },
      },
    },
    async (request) => {
      const { user, shown: session } = await whoAsks(request)
      return { user: signedInOnWire(user), session }
    },
  )

  app.get(
    '/sessions',
    {
      exposeHeadRoute: true,
      schema: {
        operationId: 'listSessions',
        tags,
        security,
        summary: "The person's own sessions, the newest first",
        problems: SIGNED_IN,
        response: { 200: Type.Object({ sessions: Type.Array(listedSession) }, { title: 'SessionList' }) },
      },
    },
    async (request) => {
      const { user, own } = await whoAsks(request)
      const listed = await sessions.list(user)
      return { sessions: listed.map((entry) => listedOnWire(entry, own, placeOf)) }
    },
  )

  app.patch(
    '/sessions/:id',
    {
      schema: {
        operationId: 'renameSession',
        tags,
        security,
        summary: "Call one of the person's devices by a name",
        params: Type.Object({ id }),
        body: renameBody,
        problems: ['not_found', ...SIGNED_IN],
        response: { 200: listedSession },
      },
    },
    async (request) => {
      const { user, own } = await whoAsks(request)
      const name = request.body.name.normalize('NFC') || undefined
      if (name !== undefined && !isName(name)) throw new ScanInError('invalid_request')
      const renamed = await sessions.rename(user, request.params.id, name)
      if (renamed === undefined) throw new ScanInError('not_found')
      return listedOnWire(renamed, own, placeOf)
    },
  )

  app.delete(
    '/sessions/:id',
    {
      config: { step: 'finish' },
      schema: {
        operationId: 'endSession',
        tags,
        security,
        summary: "End one of the person's sessions; it is refused from the very next request on",
        params: Type.Object({ id }),
        problems: ['not_found', ...SIGNED_IN],
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const { user, own } = await whoAsks(request)
      const { id } = request.params
      const why = id === own?.id ? 'signed_out' : 'revoked'
      const isRevoked = await sessions.revoke(user, id, requestContextOf(request, clientAddresses), why)
      if (!isRevoked) throw new ScanInError('not_found')
      return reply.code(204).send(null)
    },
  )

  app.delete(
    '/sessions',
    {
      config: { step: 'finish' },
      schema: {
        operationId: 'endOtherSessions',
        tags,
        security,
        summary: 'End all sessions but the one that asks, or all of a kind; a native app has none to keep',
        querystring: Type.Object({ kind: Type.Optional(kindToEnd) }),
        problems: SIGNED_IN,
        response: {
          200: Type.Object(
            { revoked: Type.Integer({ description: 'How many that were', examples: [2] }) },
            { title: 'EndedSessions' },
          ),
        },
      },
    },
    async (request) => {
      const { user, own } = await whoAsks(request)
      const by = requestContextOf(request, clientAddresses)
      const { kind } = request.query
      return { revoked: await sessions.revokeOthers(user, own?.id, { kind, by }) }
    },
  )

  app.post(
    '/sign-out',
    {
      config: { changesSessionCookie: true, step: 'finish' },
      schema: {
        operationId: 'signOut',
        tags,
        security: [{}, ...bySession],
        summary: 'End this session',
        description: "The cookie's, whatever token is shown beside it: a native app signs out at its provider's.",
        problems: AWAY,
        replyHeaders: { 204: { 'Set-Cookie': 'The session, cleared' } },
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const id = current.idInCookie(request)
      const person =
        id === undefined ? undefined : await sessions.signOut(id, requestContextOf(request, clientAddresses))
      if (person !== undefined) Object.assign(request.labels, { session: id, ...publicPerson(person) })
      return reply
        .code(204)
        .header('set-cookie', cookies.set(cookies.sessionName, '', 0))
        .send(null)
    },
  )
}

/** A native app's token in the form of a session. The id is a hash, and nothing leads back from it to the token. */
function ofToken({ token, issuedAt, goodUntil }: NativeApp, now: number): Static<typeof currentSession> {
  return {
    id: hashSecret(`token ${token}`),
    kind: 'phone',
    created_at: iso(Math.min(Math.max(0, issuedAt ?? now), now)),
    last_seen_at: iso(now),
    expires_in: goodUntil === undefined ? NO_KNOWN_END_SECONDS : secondsUntil(goodUntil, now),
  }
}
