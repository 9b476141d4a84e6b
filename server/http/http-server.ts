import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  type Server,
  type ServerOptions,
  ServerResponse,
} from 'node:http'
import type { Socket } from 'node:net'
import type { Connections } from './connections.ts'
import { answerExpectation, type UnseenOptions } from './error-replies.ts'
import { bareRequestOf, dropHeaders } from './shortcut/bare-request.ts'
import { createConnectionBytes } from './shortcut/connection-bytes.ts'
import type { Shortcut } from './shortcut/shortcut.ts'

/** A request, its body included, has to arrive within this. Replies may be held longer. */
const REQUEST_TIMEOUT_MS = 10_000
const HEADERS_TIMEOUT_MS = 9000
/** Longer than common proxies keep an idle connection, so that it is they who close it. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000
/** Nothing came and nothing was read for this long: longer than a reply is held. */
const SILENCE_TIMEOUT_MS = 40_000
/**
 * From Node 24.12 on, makes no stream of a request without a body, and saves its cost; `node:http`'s types do not have
 * it yet. Such a request is closed from the first: to learn whether the client is still there, ask the response. Who
 * reads the request is never told that it has ended (web-app.ts).
 */
const WITHOUT_BODY: ServerOptions & { optimizeEmptyRequests: boolean } = { optimizeEmptyRequests: true }
/** Requests that one connection may send ahead of their replies. Browsers and proxies send none. */
const MOST_AHEAD = 64

type Listener = (request: IncomingMessage, response: ServerResponse) => void

export interface HttpServerOptions extends UnseenOptions {
  /** Sees each request before Fastify does. */
  shortcut: Shortcut
  connections: Connections
}

/** For Fastify's `serverFactory`. */
export function httpServer(options: HttpServerOptions): (fastify: Listener) => Server {
  const { shortcut, connections } = options
  return (fastify) => {
    const server = createServer({
      ServerResponse: lastReplies(connections),
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      // Node looks for slow requests only every 30 seconds by itself, and refuses a missing Host without a body.
      connectionsCheckingInterval: 1000,
      requireHostHeader: false,
      ...WITHOUT_BODY,
    })
    server.timeout = SILENCE_TIMEOUT_MS
    // By default Node silently drops headers beyond a number, the last first, and a proxy's own may be among them.
    // Their size stays bounded: Node refuses more than 16 KiB.
    server.maxHeadersCount = 0
    const keepAliveSeconds = KEEP_ALIVE_TIMEOUT_MS / 1000
    const answerFromBytes = createConnectionBytes(server, { shortcut, connections, keepAliveSeconds })
    const answer: Listener = (request, response) => {
      const { socket } = request
      if (!answerShort(request, response, shortcut)) return fastify(request, response)
      response.once('finish', () => answerFromBytes(socket))
    }
    const take: Listener = (request, response) => connections.whenSettled(answer, request, response)
    const ahead = new WeakMap<Socket, number>()
    server.on('request', (request, response) => {
      // Once its last reply was sent, a connection is read on for a moment, and what comes is ignored (RFC 9112 §9.6).
      if (request.socket.writableEnded) return
      // Node gives a reply its connection once those before it are through.
      if (response.socket === null) waitForTurn(request, response, { ahead, take })
      else take(request, response)
    })
    server.on('checkExpectation', answerExpectation(options))
    connections.watch(server)
    return server
  }
}

function answerShort(request: IncomingMessage, response: ServerResponse, shortcut: Shortcut): boolean {
  const bare = bareRequestOf(request)
  const isTaken =
    bare !== undefined &&
    shortcut(bare, {
      client: response,
      send({ status, fields, text }) {
        response.writeHead(status, fields)
        response.end(text)
      },
    })
  if (isTaken) dropHeaders(request)
  return isTaken
}

type Fields = OutgoingHttpHeaders | OutgoingHttpHeader[]

/** Replies that end their connection while the process ends, whoever writes them, and whenever their request came. */
function lastReplies(connections: Pick<Connections, 'isDraining'>): typeof ServerResponse<IncomingMessage> {
  return class extends ServerResponse {
    override writeHead(status: number, fields?: Fields): this
    override writeHead(status: number, message?: string, fields?: Fields): this
    override writeHead(status: number, second?: string | Fields, third?: Fields): this {
      if (connections.isDraining) this.shouldKeepAlive = false
      return typeof second === 'string'
        ? super.writeHead(status, second, third)
        : super.writeHead(status, second ?? third)
    }
  }
}

interface Line {
  /** How many wait, by connection. */
  ahead: WeakMap<Socket, number>
  take: Listener
}

/**
 * Keeps a request that was sent before earlier ones were answered (RFC 9112 §9.3.2) until its turn. So sending ahead
 * gets nobody more done at a time, and for a client that never reads one reply is made. A client that sends ahead
 * without end loses the connection.
 */
function waitForTurn(request: IncomingMessage, response: ServerResponse, { ahead, take }: Line): void {
  const { socket } = request
  const waiting = (ahead.get(socket) ?? 0) + 1
  ahead.set(socket, waiting)
  if (waiting > MOST_AHEAD) {
    socket.destroy()
    return
  }
  response.once('socket', () => {
    ahead.set(socket, (ahead.get(socket) ?? 1) - 1)
    // After all others that this turn of the loop serves.
    setImmediate(() => {
      if (!socket.destroyed) take(request, response)
    })
  })
}
