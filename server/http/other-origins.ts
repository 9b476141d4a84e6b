import type { FastifyInstance, FastifyReply } from 'fastify'
import { ScanInError } from '../errors.ts'

/** What our pages send, and others' with a token of their own. `Accept` and its like need no asking. */
const METHODS = 'GET, POST, PATCH, DELETE'
const REQUEST_HEADERS = 'authorization, content-type, dpop, traceparent'
/** What a client keeps to, what it names to whoever reads the log, and by what it makes a proof anew. */
export const READABLE_HEADERS = 'retry-after, x-request-id, www-authenticate, date'
/** The longest that Chromium keeps the answer to a preflight. */
const KEPT_SECONDS = '7200'

/**
 * Lets pages of the listed origins call these routes with the person's cookies, and read the replies (Fetch §3.2). Of any
 * other origin nothing is said. That a reply depends on who asks stands in each one: `Vary`, in `security-headers.ts`.
 */
export function letOtherOriginsIn(api: FastifyInstance, allowedOrigins: readonly string[]): void {
  if (allowedOrigins.length === 0) return
  const listed = new Set(allowedOrigins)

  api.addHook('onRequest', ({ headers: { origin } }, reply, done) => {
    if (origin !== undefined && listed.has(origin)) {
      letRead(reply, origin).header('access-control-allow-credentials', 'true')
    }
    done()
  })

  // A browser's question before the request itself: whether there is such a route is the request's affair.
  api.options('/*', { schema: { hide: true } }, (request, reply) => {
    const { origin = '', 'access-control-request-method': method } = request.headers
    if (method === undefined || !listed.has(origin)) throw new ScanInError('not_found')
    return reply
      .code(204)
      .headers({
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': REQUEST_HEADERS,
        'access-control-max-age': KEPT_SECONDS,
      })
      .send()
  })
}

/** Lets pages of an origin read a reply. */
export function letRead(reply: FastifyReply, origin: string): FastifyReply {
  return reply.headers({
    'access-control-allow-origin': origin,
    'access-control-expose-headers': READABLE_HEADERS,
  })
}
