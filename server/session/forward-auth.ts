import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { ScanInError } from '../errors.ts'
import { AWAY, nothing } from '../http/schemas.ts'
import type { TypedApp } from '../http/typed-app.ts'
import type { CurrentSession } from './current-session.ts'
import { remoteHeaders } from './remote-headers.ts'

export interface ForwardAuthOptions {
  logger: Pick<FastifyBaseLogger, 'warn'>
  current: CurrentSession
  publicUrl: string
  /** A `return_to` that may be followed, or `undefined`. */
  allowedReturn: (returnTo: string | undefined) => string | undefined
}

const MOST_REMEMBERED = 1000

const query = Type.Object({
  redirect: Type.Optional(Type.Literal('1', { description: 'Send who is not signed in to the login page' })),
  return_to: Type.Optional(
    Type.String({
      description: 'Where to go afterwards; dropped where it may not lead',
      examples: ['https://app.example.org/'],
    }),
  ),
})

/**
 * Tells a proxy whether a request to another application comes from somebody who is signed in: nginx `auth_request`,
 * Caddy `forward_auth`, Traefik `ForwardAuth`. The proxy must not let clients send the `Remote-*` headers themselves.
 */
export function forwardAuthRoutes(app: TypedApp, options: ForwardAuthOptions): void {
  const { current, publicUrl, allowedReturn, logger } = options
  const told = new Set<string>()

  /** Says it once of each session: a proxy asks for every picture of every page. */
  function tell(session: string, leftOut: number): void {
    if (told.has(session)) return
    if (told.size === MOST_REMEMBERED) told.clear()
    told.add(session)
    logger.warn({ session, leftOut }, 'Remote-Groups cut: too many groups, or one with a comma')
  }

  app.get(
    '/auth/verify',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'verifySession',
        tags: ['session'],
        security: [{ session: [] }],
        summary: 'For a proxy: 200 with Remote-User, Remote-Name, Remote-Email and Remote-Groups, else 401',
        querystring: query,
        problems: ['authentication_required', ...AWAY],
        replyHeaders: {
          200: {
            'Remote-User': 'The id',
            'Remote-Name': 'The name, in UTF-8',
            'Remote-Email': 'Empty where there is none',
            'Remote-Groups': 'Joined by `,`',
          },
          302: { Location: 'The login page' },
        },
        response: { 200: Type.Unsafe<undefined>({ description: 'Signed in' }), 302: nothing },
      },
    },
    async (request, reply) => {
      const found = await current.find(request)
      if (found !== undefined) {
        const { headers, leftOut } = remoteHeaders(found.session.user)
        if (leftOut > 0) tell(found.id, leftOut)
        // Without a body: Node would write the headers in the body's encoding, and UTF-8 twice over.
        return reply.headers(headers).send(undefined)
      }
      if (request.query.redirect === undefined) throw new ScanInError('authentication_required')
      const returnTo = allowedReturn(request.query.return_to ?? forwardedAddress(request))
      const search = returnTo === undefined ? '' : `?${new URLSearchParams({ return_to: returnTo })}`
      return reply.code(302).header('location', `${publicUrl}/${search}`).send(null)
    },
  )
}

/** What the client asked the proxy for. Anyone may claim anything here: it is followed only if it is allowed. */
function forwardedAddress({ headers }: FastifyRequest): string | undefined {
  const { 'x-forwarded-proto': proto, 'x-forwarded-host': host, 'x-forwarded-uri': uri } = headers
  return typeof proto === 'string' && typeof host === 'string' ? `${proto}://${host}${uri ?? '/'}` : undefined
}
