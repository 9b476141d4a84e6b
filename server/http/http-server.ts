import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { answerExpectation } from './error-replies.ts'

/** Answers a request in Fastify's place, or leaves it to Fastify: `false`. */
export type Shortcut = (request: IncomingMessage, response: ServerResponse) => boolean

/** A request, its body included, has to arrive within this. Replies may be held longer. */
const REQUEST_TIMEOUT_MS = 10_000
const HEADERS_TIMEOUT_MS = 9000
/** Longer than common proxies keep an idle connection, so that it is they who close it. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000

type Listener = (request: IncomingMessage, response: ServerResponse) => void

/** For Fastify's `serverFactory`: a server whose requests the shortcut sees first. */
export function httpServer(shortcut: Shortcut): (fastify: Listener) => Server {
  return (fastify) => {
    const server = createServer({
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      // Node looks for slow requests only every 30 seconds by itself, and refuses a missing Host without a body.
      connectionsCheckingInterval: 1000,
      requireHostHeader: false,
    })
    server.on('request', (request, response) => {
      if (!shortcut(request, response)) fastify(request, response)
    })
    server.on('checkExpectation', answerExpectation)
    return server
  }
}
