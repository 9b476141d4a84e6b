import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyBaseLogger, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, ScanInError } from '../errors.ts'
import { problemOf, retryAfterOf } from './problems.ts'
import type { HeaderSets } from './security-headers.ts'

const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

/** Makes a problem of everything that goes wrong. No message repeats what the caller sent. */
export function answerWithProblems(app: FastifyInstance, headers: HeaderSets, logger: FastifyBaseLogger): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = error instanceof ScanInError ? error : new ScanInError(codeOf(error), { cause: error })
    logError(logger, request.id, known)
    return send(reply, known, headers)
  })
  app.setNotFoundHandler((_request, reply) => send(reply, new ScanInError('not_found'), headers))
}

/** For addresses that no route can be looked up by: broken escapes, parameters beyond all length. */
export function answerUnroutable(headers: HeaderSets) {
  return (_error: Error, _request: FastifyRequest, reply: FastifyReply): void => {
    void send(reply, new ScanInError('invalid_request'), headers)
  }
}

/** RFC 9112 §3.2: a request without a Host is refused. */
export function refuseMissingHost(request: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  if (request.headers.host === undefined) throw new ScanInError('invalid_request')
  done()
}

function send(reply: FastifyReply, error: ScanInError, headers: HeaderSets): FastifyReply {
  const problem = problemOf(error)
  const retryAfter = retryAfterOf(error)
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  return reply.code(problem.status).headers(headers.api).type(PROBLEM_TYPE).send(JSON.stringify(problem))
}

function logError(logger: FastifyBaseLogger, reqId: string, error: ScanInError): void {
  if (error.code === 'internal_error') logger.error({ reqId, err: error.cause }, 'internal error')
  else if (error.code === 'store_unavailable' || error.code === 'identity_provider_unavailable') {
    logger.warn({ reqId, err: error.cause }, error.message)
  }
}

/** Fastify's own errors, by status: it refuses before any handler of ours is asked. */
function codeOf(error: FastifyError): ErrorCode {
  switch (error.statusCode ?? 500) {
    case 408:
      return 'request_timeout'
    case 413:
      return 'payload_too_large'
    case 415:
      return 'unsupported_media_type'
    case 431:
      return 'headers_too_large'
    default:
      return error.statusCode !== undefined && error.statusCode < 500 ? 'invalid_request' : 'internal_error'
  }
}

/** Answers what never became a request: broken HTTP, too many headers, a request that took too long. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const { status, headers, body } = bareProblem(brokenRequestCode(error.code))
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
}

/** Answers an `Expect` that is not `100-continue` (RFC 9110 §10.1.1), which Node does not even hand to Fastify. */
export function answerExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const { status, headers, body } = bareProblem('invalid_request')
  response.writeHead(status, headers).end(body)
}

/** A problem for where there is no Fastify reply. */
function bareProblem(code: ErrorCode): { status: number; headers: Record<string, string | number>; body: string } {
  const problem = problemOf(new ScanInError(code))
  const body = JSON.stringify(problem)
  const headers = {
    'Content-Type': PROBLEM_TYPE,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
  }
  return { status: problem.status, headers, body }
}

function brokenRequestCode(code: string | undefined): ErrorCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large'
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request_timeout' : 'invalid_request'
}
