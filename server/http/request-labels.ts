import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Randomness } from '../randomness.ts'
import type { ClientAddresses } from './client-address.ts'

/** What log lines say of a request: ids that are public, and decide nothing. */
export interface RequestLabels {
  request_id: string
  /** The trace that the request is a part of (W3C Trace Context), as its `traceparent` claims. */
  trace_id?: string
  /** Public ids of what it turned out to be about, noted by whoever finds out. */
  login?: string
  session?: string
  person?: string
  /** Of an application that speaks OpenID Connect. */
  client?: string
  /** Where the person comes from. Left out: our own accounts. */
  source?: string
  /** What such an application was told is wrong, and why: words of closed lists. */
  error?: string
  reason?: string
}

declare module 'fastify' {
  interface FastifyRequest {
    labels: RequestLabels
  }
  interface FastifyContextConfig {
    /** Its replies have no id: there are thousands a second, and all that say the same are the same. */
    isPoll?: boolean
  }
}

export interface RequestIds {
  /** The request's own, if a proxy in `TRUST_PROXY` sends one; else a new one. */
  of(request: IncomingMessage): string
  /** For what never became a request. */
  make(): string
}

interface RequestIdsOptions {
  clientAddresses: Pick<ClientAddresses, 'isFromProxy'>
  randomness: Randomness
}

/** 126 bits: as many as a UUID has. */
const ID_LENGTH = 21
/** UUIDs, hexadecimal, base64, what nginx, Envoy, Traefik and clouds make. Nothing that a log or a header is broken by. */
const ID_FORM = /^[\w.:+/=@-]{1,128}$/
/** W3C Trace Context §3.2: version, trace id, parent id, flags. A later version may say more. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/
export const LONGEST_TRACEPARENT = 512
const REQUEST_ID = 'x-request-id'

export function createRequestIds({ clientAddresses, randomness }: RequestIdsOptions): RequestIds {
  const make = () => randomness.text(ID_LENGTH)
  return {
    make,
    of(request) {
      const said = request.headers[REQUEST_ID]
      const isKept = typeof said === 'string' && ID_FORM.test(said) && clientAddresses.isFromProxy(request)
      return isKept ? said : make()
    },
  }
}

/** Labels each request before anything can answer it, and all replies but a poll's with the request's id. */
export function labelRequests(app: FastifyInstance): void {
  app.decorateRequest('labels')
  app.addHook('onRequest', (request, reply, done) => {
    request.labels = labelsOf(request.id, request)
    if (request.routeOptions.config.isPoll !== true) sendId(request, reply)
    done()
  })
}

/** What is known of a request before anybody looks at it. */
export function labelsOf(id: string, { headers }: Pick<IncomingMessage, 'headers'>): RequestLabels {
  const trace = traceIdOf(headers['traceparent'])
  return { request_id: id, ...(trace === undefined ? {} : { trace_id: trace }) }
}

export function sendId({ id }: FastifyRequest, reply: FastifyReply): void {
  reply.header(REQUEST_ID, id)
}

/**
 * A `traceparent` as it came, for who reads it only if there is something to say. `undefined`: there is none, or it is
 * longer than any that is one.
 */
export function traceparentOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const said = headers['traceparent']
  return typeof said === 'string' && said.length <= LONGEST_TRACEPARENT ? said : undefined
}

/** The trace id of a `traceparent`. `undefined`: it is none, and the trace begins elsewhere. */
export function traceIdOf(traceparent: string | string[] | undefined): string | undefined {
  if (typeof traceparent !== 'string' || traceparent.length > LONGEST_TRACEPARENT) return undefined
  const [, version, traceId, more] = TRACEPARENT.exec(traceparent) ?? []
  return version === '00' && more !== undefined ? undefined : traceId
}
