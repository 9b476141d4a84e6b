import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { ScanInError } from '../../errors.ts'
import { AWAY, nothing } from '../../http/schemas.ts'
import type { TypedApp } from '../../http/typed-app.ts'
import { fetchMetadataOf } from '../../http/visits.ts'
import type { IdentifiedSession } from '../../session/session.ts'
import { type AppGate, type AppRequest, safeReturnPath } from './app-gate.ts'
import { mayEnterApp } from './app-list.ts'
import type { Asked } from './asked.ts'
import { remoteHeaders } from './remote-headers.ts'

interface VerifyRoutesOptions {
  gate: AppGate
  logger: Pick<FastifyBaseLogger, 'warn'>
}

/** For proxies that hear what is answered, and answer themselves. */
export const VERIFY_PATH = '/auth/verify'

const MOST_REMEMBERED = 1000

const tags = ['applications']
const security = [{ application: [] }]
const problems = ['authentication_required', 'not_allowed', 'unknown_application', ...AWAY] as const
const person = {
  'Remote-User': 'The id',
  'Remote-Name': 'The name, in UTF-8',
  'Remote-Email': 'Empty where there is none',
  'Remote-Groups': 'Joined by `,`, whole ones up to 3 kB',
}
const description =
  'Who is signed in and may not enter is told so by a page with 403 at `/auth/enter`, where `Location` leads them, and gets no cookie for the application: to this route they stay strangers. Its 403 `not_allowed` is for who was let in before, and may not enter any more.'
const start = {
  Location: "Where to sign in, on the application's host. Left out where no proxy says what was asked for",
}
const signedIn = Type.Unsafe<undefined>({
  description: 'Signed in, and may enter: Remote-User, Remote-Name, Remote-Email and Remote-Groups say who',
})

/**
 * Tells a proxy whether a request to an application comes from somebody who may: nginx `auth_request`, HAProxy, Caddy
 * `forward_auth`, Traefik `ForwardAuth`. The proxy must not let clients send the `Remote-*` headers themselves.
 */
export function verifyRoutes(app: TypedApp, { gate, logger }: VerifyRoutesOptions): void {
  const told = new Set<string>()

  /** Says it once of each session: a proxy asks for every picture of every page. */
  function tell(session: string, leftOut: number): void {
    if (told.has(session)) return
    if (told.size === MOST_REMEMBERED) told.clear()
    told.add(session)
    logger.warn({ session, leftOut }, 'Remote-Groups cut: too many groups, or one with a comma')
  }

  function sendPerson(reply: FastifyReply, { id, session }: IdentifiedSession): void {
    const { headers, leftOut } = remoteHeaders(session.user)
    if (leftOut > 0) tell(id, leftOut)
    // Without a body: Node would write the headers in the body's encoding, and UTF-8 twice over.
    reply.headers(headers).send(undefined)
  }

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    mayBeSent: (appRequest: AppRequest) => boolean,
  ): Promise<void> {
    const appRequest = gate.appRequestOf(request)
    const found = await gate.visitor(request, appRequest)
    if (found === undefined) {
      reply.header('location', startOf(appRequest))
      if (!mayBeSent(appRequest)) throw new ScanInError('authentication_required')
      reply.code(302).send()
      return
    }
    if (!mayEnterApp(appRequest.app, found.session.user)) throw new ScanInError('not_allowed')
    sendPerson(reply, found)
  }

  app.get(
    VERIFY_PATH,
    {
      exposeHeadRoute: true,
      config: { step: 'finish' },
      schema: {
        operationId: 'verifyVisit',
        tags,
        security,
        summary: 'For nginx and HAProxy: who it is, or 401 and where to sign in',
        description,
        problems,
        replyHeaders: { 200: person, 401: start },
        response: { 200: signedIn },
      },
    },
    async (request, reply) => {
      await answer(request, reply, () => false)
      return reply
    },
  )

  app.get(
    '/auth/forward',
    {
      exposeHeadRoute: true,
      // Proxies show people what is answered here, where it is no 200: nginx and HAProxy its 403.
      config: { isForPeople: true, step: 'finish' },
      schema: {
        operationId: 'forwardVisit',
        tags,
        security,
        summary:
          'For Caddy and Traefik: who it is, or the way to sign in, by 302 for a navigation and by 401 for all else',
        description,
        problems,
        replyHeaders: { 200: person, 302: start, 401: start },
        response: { 200: signedIn, 302: nothing },
      },
    },
    async (request, reply) => {
      await answer(request, reply, ({ asked }) => isNavigation(asked, request.headers))
      return reply
    },
  )
}

function startOf({ app, asked }: AppRequest): string {
  return `${app.origin}/.scanin/start?${new URLSearchParams({ rd: safeReturnPath(app, asked.uri) })}`
}

/** A person's browser that goes somewhere, and no script that asks (Fetch Metadata §2.3; older browsers by `Accept`). */
function isNavigation({ method }: Asked, headers: IncomingHttpHeaders): boolean {
  const { mode } = fetchMetadataOf(headers)
  if (mode !== undefined) return mode === 'navigate'
  return (method === 'GET' || method === 'HEAD') && /\btext\/html\b/i.test(headers.accept ?? '')
}
