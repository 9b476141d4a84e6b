import type { FastifyRequest } from 'fastify'
import type { ClientAddresses } from './client-address.ts'
import { type RequestLabels, traceIdOf } from './request-labels.ts'
import { type BrowserName, browserOf } from './user-agent.ts'

/** The request on which something happens: for records of what happened, and decided by nowhere. */
export interface RequestContext {
  /** The client's. */
  address: string
  /** The client's own claim. */
  device: BrowserName
  labels: RequestLabels
}

/** A browser's poll on which something happens: all that is kept of it is the trace that it is a part of. */
export interface PollContext {
  labels: Required<Pick<RequestLabels, 'trace_id'>>
}

/** Either: a login, and the session that comes of it, go on by both. */
export type AnyContext = RequestContext | PollContext

/** Whether its address and device are known: of a poll, and of nothing that anybody asked for, they are not. */
export function isOfRequest(by: AnyContext | undefined): by is RequestContext {
  return by !== undefined && 'address' in by
}

/** `undefined`: it is a part of none that anybody knows. */
export function pollContext(traceparent: string | undefined): PollContext | undefined {
  const traceId = traceIdOf(traceparent)
  return traceId === undefined ? undefined : { labels: { trace_id: traceId } }
}

/**
 * Of a request: whose address it comes from by `TRUST_PROXY`, the browser that its `User-Agent`
 * names, its labels.
 */
export function requestContextOf(
  { raw, headers, labels }: FastifyRequest,
  clientAddresses: Pick<ClientAddresses, 'of'>,
): RequestContext {
  return { address: clientAddresses.of(raw).address, device: browserOf(headers['user-agent']), labels }
}
