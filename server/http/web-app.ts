import { maxHeaderSize } from 'node:http'
import { Readable } from 'node:stream'
import Fastify, {
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  type RequestPayload,
} from 'fastify'
import type { ClientAddresses } from './client-address.ts'
import {
  answerBrokenRequest,
  answerUnroutable,
  answerWithProblems,
  type ProblemOptions,
  refuseWithoutOneHost,
} from './error-replies.ts'
import { type HttpServerOptions, httpServer } from './http-server.ts'
import { acceptStrictJson, BODY_LIMIT_BYTES } from './json-body.ts'
import { createOriginCheck, type OriginCheckOptions } from './origin-check.ts'
import { labelRequests } from './request-labels.ts'
import { logReplies } from './request-log.ts'
import type { TypedApp } from './typed-app.ts'

export interface WebAppOptions extends OriginCheckOptions, ProblemOptions, Omit<HttpServerOptions, 'log' | 'headers'> {
  clientAddresses: Pick<ClientAddresses, 'notice'>
  /** How schemas become validators and serializers. Left out: Fastify's own way, anew for each app. */
  schemaController?: FastifyServerOptions['schemaController']
  /** Called when the app begins to close: what is held has to be answered now. */
  onClosing: () => void
}

/** An app without routes: what every request meets, whichever room it goes to. */
export function createWebApp(options: WebAppOptions): TypedApp {
  const { log, clientAddresses, requestIds, schemaController, connections, onClosing } = options
  const checkOrigin = createOriginCheck(options)
  const app: TypedApp = Fastify({
    // ScanIn logs by itself: Fastify's log prints the URL, and makes a logger for every request.
    logger: false,
    // A slow machine starts slowly: ten seconds for each part would end its start.
    pluginTimeout: 0,
    serverFactory: httpServer(options),
    // Fastify would take every address in a trusted range for a proxy: who the client is, client-address.ts says.
    trustProxy: false,
    // HEAD on a GET that acts would do it, and throw away what comes of it: a route whose GET only reads says so, by
    // `exposeHeadRoute` (RFC 9110 §9.2.1).
    exposeHeadRoutes: false,
    genReqId: requestIds.of,
    bodyLimit: BODY_LIMIT_BYTES,
    // What still comes in while the process ends is answered like any request.
    return503OnClosing: false,
    // Parameters of any length reach their route, which checks them and answers in its own way.
    routerOptions: { maxParamLength: maxHeaderSize },
    clientErrorHandler: answerBrokenRequest(options),
    frameworkErrors: answerUnroutable(options),
    // Strict on the way in: "1" is no number, and an unknown key is a mistake to be told about.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    ...(schemaController === undefined ? {} : { schemaController }),
  })
  app.addHook('preClose', () => {
    // First, so that each held reply is the last on its connection.
    const drained = connections.drain()
    onClosing()
    return drained
  })
  logReplies(app, log)
  labelRequests(app)
  answerWithProblems(app, options)
  acceptStrictJson(app)
  app.addHook('preParsing', endWhatIsNoStream)
  app.addHook('onRequest', (request, _reply, done) => {
    clientAddresses.notice(request.raw)
    done()
  })
  app.addHook('onRequest', refuseWithoutOneHost)
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config.checksOrigin !== true) checkOrigin(request)
    done()
  })
  return app
}

/**
 * Fastify reads the body of a request that names a content type, also where there is none, and would wait for ever for
 * the end of a request that Node has made no stream of (`WITHOUT_BODY` in http-server.ts).
 */
function endWhatIsNoStream(
  _request: FastifyRequest,
  _reply: FastifyReply,
  payload: RequestPayload,
  done: (error: null, payload: RequestPayload) => void,
): void {
  done(null, payload.readableEnded ? Readable.from([]) : payload)
}
