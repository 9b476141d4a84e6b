import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, ScanInError } from '../errors.ts'
import { problemOf, retryAfterOf } from './problems.ts'
import type { HeaderSets } from './security-headers.ts'

const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

/** Makes a problem of everything that goes wrong. No message repeats what the caller sent. */
export function answerWithProblems(app: FastifyInstance, headers: HeaderSets): void {
  function send(reply: FastifyReply, error: ScanInError): FastifyReply {
    const problem = problemOf(error)
    const retryAfter = retryAfterOf(error)
    if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
    return reply.code(problem.status).headers(headers.api).type(PROBLEM_TYPE).send(JSON.stringify(problem))
  }

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = error instanceof ScanInError ? error : new ScanInError(codeOf(error), { cause: error })
    logError(request, known)
    return send(reply, known)
  })
  app.setNotFoundHandler((_request, reply) => send(reply, new ScanInError('not_found')))
}

function logError(request: FastifyRequest, error: ScanInError): void {
  if (error.code === 'internal_error') request.log.error({ err: error.cause }, 'internal error')
  else if (error.code === 'store_unavailable' || error.code === 'identity_provider_unavailable') {
    request.log.warn({ err: error.cause }, error.message)
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
  const problem = problemOf(new ScanInError(brokenRequestCode(error.code)))
  const body = JSON.stringify(problem)
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n` +
      `X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n${body}`,
  )
}

function brokenRequestCode(code: string | undefined): ErrorCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large'
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request_timeout' : 'invalid_request'
}
