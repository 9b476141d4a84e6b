import Type from 'typebox'
import { type Clock, secondsUntil } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import type { Cookies } from '../http/cookies.ts'
import { occasionOf } from '../http/occasion.ts'
import type { PlaceOf } from '../http/place.ts'
import { AWAY, expiresIn, nothing, userId, userName } from '../http/schemas.ts'
import type { TypedApp } from '../http/typed-app.ts'
import { isName } from '../identity/names.ts'
import { publicPerson } from '../identity/person-key.ts'
import type { CurrentSession } from './current-session.ts'
import { expiryOf } from './session.ts'
import type { SessionService } from './session-service.ts'
import {
  sessionId as id,
  iso,
  sessionKind as kind,
  kindToEnd,
  listedOnWire,
  listedSession,
  moment,
  renameBody,
} from './session-wire.ts'

export interface SessionRoutesOptions {
  sessions: SessionService
  current: CurrentSession
  cookies: Cookies
  clientAddresses: Pick<ClientAddresses, 'of'>
  placeOf: PlaceOf
  clock: Clock
}

const sessionReply = Type.Object(
  {
    user: Type.Object(
      {
        id: userId,
        name: userName,
        email: Type.Optional(Type.String({ examples: ['ada@example.org'] })),
        groups: Type.Optional(Type.Array(Type.String({ examples: ['engineering'] }))),
      },
      { title: 'SignedInUser' },
    ),
    session: Type.Object(
      { id, kind, created_at: moment, last_seen_at: moment, expires_in: expiresIn },
      { title: 'Session' },
    ),
  },
  { title: 'CurrentSession' },
)

const tags = ['session']
const security = [{ session: [] }]
/** Of who has to be signed in. */
const SIGNED_IN = ['authentication_required', ...AWAY] as const

/** Who is signed in, where else, and how that ends. */
export function sessionRoutes(app: TypedApp, options: SessionRoutesOptions): void {
  const { sessions, current, cookies, clientAddresses, placeOf, clock } = options

  app.get(
    '/session',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'getSession',
        tags,
        security,
        summary: 'Who is signed in',
        problems: SIGNED_IN,
        response: { 200: sessionReply },
      },
    },
    async (request) => {
      const { id, session } = await current.require(request)
      const { user, kind, createdAt, lastSeenAt } = session
      const { source: _source, credential: _credential, ...shown } = user
      return {
        user: shown,
        session: {
          id,
          kind,
          created_at: iso(createdAt),
          last_seen_at: iso(lastSeenAt),
          expires_in: secondsUntil(expiryOf(session), clock()),
        },
      }
    },
  )

  app.get(
    '/sessions',
    {
      exposeHeadRoute: false,
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
      const own = await current.require(request)
      const listed = await sessions.list(own.session.user)
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
      const own = await current.require(request)
      const name = request.body.name.normalize('NFC') || undefined
      if (name !== undefined && !isName(name)) throw new ScanInError('invalid_request')
      const renamed = await sessions.rename(own.session.user, request.params.id, name)
      if (renamed === undefined) throw new ScanInError('not_found')
      return listedOnWire(renamed, own, placeOf)
    },
  )

  app.delete(
    '/sessions/:id',
    {
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
      const own = await current.require(request)
      const { id } = request.params
      const why = id === own.id ? 'signed_out' : 'revoked'
      const isRevoked = await sessions.revoke(own.session.user, id, occasionOf(request, clientAddresses), why)
      if (!isRevoked) throw new ScanInError('not_found')
      return reply.code(204).send(null)
    },
  )

  app.delete(
    '/sessions',
    {
      schema: {
        operationId: 'endOtherSessions',
        tags,
        security,
        summary: 'End all sessions but the one that asks, or all of a kind',
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
      const own = await current.require(request)
      const occasion = occasionOf(request, clientAddresses)
      const { kind } = request.query
      return { revoked: await sessions.revokeOthers(own.session.user, own.id, { kind, occasion }) }
    },
  )

  app.post(
    '/sign-out',
    {
      schema: {
        operationId: 'signOut',
        tags,
        security: [{}, ...security],
        summary: 'End this session',
        problems: AWAY,
        replyHeaders: { 204: { 'Set-Cookie': 'The session, cleared' } },
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const id = current.named(request)
      const person = id === undefined ? undefined : await sessions.signOut(id, occasionOf(request, clientAddresses))
      if (person !== undefined) Object.assign(request.labels, { session: id, ...publicPerson(person) })
      return reply
        .code(204)
        .header('set-cookie', cookies.set(cookies.sessionName, '', 0))
        .send(null)
    },
  )
}
