import Type, { type Static } from 'typebox'
import { type Clock, secondsUntil } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import type { Cookies } from '../http/cookies.ts'
import { occasionOf } from '../http/occasion.ts'
import { expiresIn, problemReplies } from '../http/schemas.ts'
import type { TypedApp } from '../http/typed-app.ts'
import { publicPerson } from '../identity/person-key.ts'
import type { CurrentSession } from './current-session.ts'
import { expiryOf, type IdentifiedSession } from './session.ts'
import type { SessionService } from './session-service.ts'

export interface SessionRoutesOptions {
  sessions: SessionService
  current: CurrentSession
  cookies: Cookies
  clientAddresses: Pick<ClientAddresses, 'of'>
  clock: Clock
}

const kind = Type.Union([Type.Literal('browser'), Type.Literal('phone')])
const moment = Type.String({ format: 'date-time' })

const sessionReply = Type.Object({
  user: Type.Object({
    id: Type.String(),
    name: Type.String(),
    email: Type.Optional(Type.String()),
    groups: Type.Optional(Type.Array(Type.String())),
  }),
  session: Type.Object({
    id: Type.String(),
    kind,
    created_at: moment,
    last_seen_at: moment,
    expires_in: expiresIn,
  }),
})

const listedSession = Type.Object({
  id: Type.String({ description: 'Public: no part of the secret in the cookie' }),
  kind,
  browser: Type.Object({ name: Type.String(), os: Type.String() }),
  ip: Type.String(),
  created_at: moment,
  last_seen_at: moment,
  current: Type.Boolean({ description: 'The session that asks' }),
})

const tags = ['session']
const security = [{ session: [] }]

/** Who is signed in, where else, and how that ends. */
export function sessionRoutes(app: TypedApp, options: SessionRoutesOptions): void {
  const { sessions, current, cookies, clientAddresses, clock } = options

  app.get(
    '/session',
    {
      exposeHeadRoute: false,
      schema: { tags, security, summary: 'Who is signed in', response: { 200: sessionReply, ...problemReplies } },
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
        tags,
        security,
        summary: "The person's own sessions, the newest first",
        response: { 200: Type.Object({ sessions: Type.Array(listedSession) }), ...problemReplies },
      },
    },
    async (request) => {
      const own = await current.require(request)
      const listed = await sessions.list(own.session.user)
      return { sessions: listed.map((entry) => listedOnWire(entry, own.id)) }
    },
  )

  app.delete(
    '/sessions/:id',
    {
      schema: {
        tags,
        security,
        summary: "End one of the person's sessions; it is refused from the very next request on",
        params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
        response: { 204: Type.Null(), ...problemReplies },
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
        tags,
        security,
        summary: 'End all sessions but the one that asks',
        response: { 200: Type.Object({ revoked: Type.Integer() }), ...problemReplies },
      },
    },
    async (request) => {
      const own = await current.require(request)
      return { revoked: await sessions.revokeOthers(own.session.user, own.id, occasionOf(request, clientAddresses)) }
    },
  )

  app.post(
    '/sign-out',
    { schema: { tags, summary: 'End this session', response: { 204: Type.Null(), ...problemReplies } } },
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

function listedOnWire({ id, session }: IdentifiedSession, currentId: string): Static<typeof listedSession> {
  const { kind, browser, ip, createdAt, lastSeenAt } = session
  return {
    id,
    kind,
    browser,
    ip,
    created_at: iso(createdAt),
    last_seen_at: iso(lastSeenAt),
    current: id === currentId,
  }
}

function iso(moment: number): string {
  return new Date(moment).toISOString()
}
