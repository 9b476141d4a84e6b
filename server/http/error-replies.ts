import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, ScanInError } from '../errors.ts'
import type { Pages } from './pages.ts'
import { isElsewhere } from './pages-elsewhere.ts'
import { problemOf, retryAfterOf } from './problems.ts'
import { labelsOf, type RequestIds, type RequestLabels, sendId } from './request-labels.ts'
import type { RequestLog } from './request-log.ts'
import { asOfAnyHost, type HeaderSets } from './security-headers.ts'
import type { ShortReply } from './shortcut/shortcut.ts'

const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'
/** How long a client may go on sending what was refused. */
const LINGER_MS = 1000

export interface ProblemOptions {
  headers: HeaderSets
  log: RequestLog
  /** Whether native apps' tokens are taken, by the routes that say so. Left out: none is. */
  takesTokens?: boolean
  /** Sees first what no route takes, and what fails at a page's own address: people get a page. */
  pages: Pick<Pages, 'answerNavigation' | 'answerTrouble'>
}

/** Makes a problem of everything that goes wrong. No message repeats what the caller sent. */
export function answerWithProblems(app: FastifyInstance, options: ProblemOptions): void {
  const { headers, log, takesTokens, pages } = options
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = error instanceof ScanInError ? error : new ScanInError(codeOf(error, request), { cause: error })
    log.error(known, { method: request.method, route: request.routeOptions.url ?? 'unknown' }, request.labels)
    // RFC 6750 §3. What was wrong with a token that was shown, the error itself says.
    if (takesTokens === true && asksForToken(known, request)) reply.header('www-authenticate', 'Bearer')
    // Of what people are told by a page, too.
    reply.headers(retryHeaders(known))
    if (pages.answerTrouble(request, reply, problemOf(known).status)) return reply
    return send(reply, known, headers)
  })
  const answerNotFound = (request: FastifyRequest, reply: FastifyReply): void => {
    log.tally.refusals.not_found++
    if (!pages.answerNavigation(request, reply, 404)) send(reply, new ScanInError('not_found'), headers)
  }
  app.setNotFoundHandler(answerNotFound)
  // Before the body is read: where there is no route, no body is of a wrong type, form or size.
  app.addHook('preParsing', (request, reply, payload, done) => {
    if (!request.is404) return done(null, payload)
    if (hasBody(request.raw)) reply.header('connection', 'close')
    answerNotFound(request, reply)
  })
}

/** Whether a token, had there been one, would have done. */
function asksForToken({ code }: ScanInError, { routeOptions }: FastifyRequest): boolean {
  const { security = [] } = routeOptions.schema ?? {}
  return code === 'authentication_required' && security.some((schemes) => 'bearer' in schemes)
}

/** For addresses that no route can be looked up by: broken escapes. */
export function answerUnroutable({ headers, log, pages }: ProblemOptions) {
  return (_error: Error, request: FastifyRequest, reply: FastifyReply): void => {
    sendId(request, reply)
    noteUnseen(log, { method: request.method, code: 'invalid_request', labels: labelsOf(request.id, request) })
    if (!pages.answerNavigation(request, reply, 400)) void send(reply, new ScanInError('invalid_request'), headers)
  }
}

/**
 * Refuses a request that names no host, or two (RFC 9112 §3.2). HTTP/1.0 may name none: HAProxy's probes speak it. The
 * name's form is not checked: only the admin port goes by it, by names that it knows, and polls would pay for it.
 */
export function refuseWithoutOneHost({ raw }: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  const { httpVersionMajor, httpVersionMinor } = raw
  const mayNameNone = httpVersionMajor === 1 && httpVersionMinor === 0
  const hosts = hostsIn(raw)
  if (hosts > 1 || (hosts === 0 && !mayNameNone)) throw new ScanInError('invalid_request')
  done()
}

/** Counts the Host fields of a request. Where there are two, Node keeps the first, and refuses nothing. */
export function hostsIn({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): number {
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  return hosts
}

/** RFC 9112 §6.3 */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function send(reply: FastifyReply, error: ScanInError, sets: HeaderSets): FastifyReply {
  const { status, headers, body } = problemReply(error, sets.api)
  if (!reply.request.raw.complete) closeInStages(reply.request.raw.socket)
  reply.code(status).headers(headers)
  // Also where no route takes the address.
  if (isElsewhere(reply.request.url)) asOfAnyHost(reply, sets)
  return reply.send(body)
}

/**
 * Where the connection ends with this reply, ends it in stages: sends the reply, and then reads on for a moment
 * (RFC 9112 §9.6). Were it cut at once, a client that is still sending would be reset, and never read why.
 */
function closeInStages(socket: Socket): void {
  socket.destroySoon = () => {
    socket.end()
    const cut = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.once('close', () => clearTimeout(cut))
  }
}

/** The refusal of a request that Fastify does not see. */
export function shortProblem(error: ScanInError, api: Readonly<Record<string, string>>): ShortReply {
  const { status, headers, body } = problemReply(error, { ...api, ...retryHeaders(error) })
  return { status, fields: Object.entries(headers).flat().map(String), text: body }
}

function retryHeaders(error: ScanInError): Record<string, string> {
  const seconds = retryAfterOf(error)
  return seconds === undefined ? {} : { 'retry-after': String(seconds) }
}

/** Fastify's own errors, by status: it refuses before any handler of ours is asked. */
function codeOf(error: FastifyError, { raw }: FastifyRequest): ErrorCode {
  // The body broke off: whoever sent it is gone.
  if (error === raw.errored) return 'invalid_request'
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

/** For what Fastify does not see. */
export interface UnseenOptions {
  requestIds: RequestIds
  log: Pick<RequestLog, 'tally' | 'reply'>
  headers: Pick<HeaderSets, 'anyHost'>
}

/** Logs and counts a reply that no hook of Fastify's hears of, as all other replies are. */
function noteUnseen(
  { tally, reply }: UnseenOptions['log'],
  { method, code, labels }: { method: string; code: ErrorCode; labels: RequestLabels },
): void {
  tally.refusals[code]++
  reply({ method, route: 'unknown', status: problemOf(new ScanInError(code)).status, ms: 0 }, labels)
}

/** Answers what never became a request: broken HTTP, too many headers, a request that took too long. */
export function answerBrokenRequest({ requestIds, log, headers: { anyHost } }: UnseenOptions) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const code = brokenRequestCode(error.code)
    const id = requestIds.make()
    const { status, headers, body } = problemReply(new ScanInError(code), lastWord(anyHost, id))
    // Browsers open connections that they may need, and ask for nothing there.
    if (socket.bytesRead === 0) log.tally.refusals[code]++
    else noteUnseen(log, { method: 'unknown', code, labels: { request_id: id } })
    // Node adds the Date to replies of its own alone (RFC 9110 §6.6.1).
    const said = { ...headers, date: new Date().toUTCString() }
    const lines = Object.entries(said).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
  }
}

/** Answers an `Expect` that is not `100-continue` (RFC 9110 §10.1.1), which Node does not even hand to Fastify. */
export function answerExpectation({ requestIds, log, headers: { anyHost } }: UnseenOptions) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const id = requestIds.of(request)
    noteUnseen(log, { method: request.method ?? 'unknown', code: 'invalid_request', labels: labelsOf(id, request) })
    const said = lastWord(anyHost, id)
    const { status, headers, body } = problemReply(new ScanInError('invalid_request'), said)
    response.writeHead(status, headers).end(body)
  }
}

/** Headers of a reply after which the connection ends: whose host it was for is not known. */
const lastWord = (anyHost: Readonly<Record<string, string>>, requestId: string) => ({
  ...anyHost,
  'x-request-id': requestId,
  connection: 'close',
})

/** A problem as it goes over the wire, but for when to come again. */
function problemReply(
  error: ScanInError,
  others: Readonly<Record<string, string>>,
): { status: number; headers: Record<string, string | number>; body: string } {
  const problem = problemOf(error)
  const body = JSON.stringify(problem)
  const headers = {
    ...others,
    'content-type': PROBLEM_TYPE,
    'content-length': Buffer.byteLength(body),
    // RFC 6596, for a page that was opened elsewhere.
    ...(error.publicUrl === undefined ? {} : { link: `<${error.publicUrl}>; rel="canonical"` }),
    ...(error.challenge === undefined ? {} : { 'www-authenticate': error.challenge }),
  }
  return { status: problem.status, headers, body }
}

function brokenRequestCode(code: string | undefined): ErrorCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large'
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request_timeout' : 'invalid_request'
}
