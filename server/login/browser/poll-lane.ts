import type { IncomingMessage, ServerResponse } from 'node:http'
import { ScanInError } from '../../errors.ts'
import type { Cookies } from '../../http/cookies.ts'
import { answerWithProblem, hostsIn } from '../../http/error-replies.ts'
import type { Shortcut } from '../../http/http-server.ts'
import { JSON_TYPE } from '../../http/json-body.ts'
import { type RequestLabels, traceIdOf, traceparentOf } from '../../http/request-labels.ts'
import type { RequestLog } from '../../http/request-log.ts'
import type { HeaderSets } from '../../http/security-headers.ts'
import type { Paces } from '../hold/paces.ts'
import type { HoldWish } from '../hold/poll-request.ts'
import { TOKEN_GROUPS, type Token } from '../token.ts'
import type { BrowserStatus } from './browser-polls.ts'
import { statusOnWire } from './browser-wire.ts'
import { cookiesWith, type Poll } from './poll.ts'

interface PollLaneOptions {
  poll: Poll
  cookies: Cookies
  paces: Paces
  headers: HeaderSets
  log: RequestLog
  /** Polls from pages of these origins take the route: they get more headers than the lane writes. */
  allowedOrigins: readonly string[]
}

/** A reply's fields, name and value in turn, and its body. */
interface Reply {
  fields: string[]
  text: string
}

/** A reply that says that more is left is not kept for the next poll. */
const LONGEST_KEPT_SECONDS = 3600

/** A poll as the web client writes it. A poll in any other form takes the route. */
const POLL = new RegExp(`^/login/status/${TOKEN_GROUPS}(?:\\?seen=([a-z_]{1,32})&wait=([0-9]{1,6}))?$`)
const METHOD = 'GET'
const ROUTE = '/login/status/:token'

/**
 * Answers polls without Fastify: they are nearly all that browsers ask for, and without Fastify's request, reply and
 * hooks a plain one costs a sixth less and a held one half as much. `poll` decides, here and in the route alike; the
 * lane only reads the request and writes the reply.
 */
export function createPollLane({ poll, cookies, paces, headers, log, allowedOrigins }: PollLaneOptions): Shortcut {
  const others = new Set(allowedOrigins)
  const apiFields = Object.entries({ ...headers.api, 'content-type': JSON_TYPE }).flat()
  const waitingReplies = { pending: new Map<number, Reply>(), scanned: new Map<number, Reply>() }
  /** The pace that `waitingReplies` are made with. */
  let toldPace = paces.current

  function makeReply(status: BrowserStatus): Reply {
    const text = JSON.stringify(statusOnWire(status, paces.current))
    return { fields: [...apiFields, 'content-length', String(Buffer.byteLength(text))], text }
  }

  /** Nearly every reply says that a login still waits. One for each second left is kept until the pace changes. */
  function replyTo(status: BrowserStatus): Reply {
    if (status.status !== 'pending' && status.status !== 'scanned') return makeReply(status)
    if (paces.current !== toldPace) {
      toldPace = paces.current
      for (const replies of Object.values(waitingReplies)) replies.clear()
    }
    const made = waitingReplies[status.status]
    let reply = made.get(status.expiresIn)
    if (reply === undefined) {
      reply = makeReply(status)
      if (status.expiresIn <= LONGEST_KEPT_SECONDS) made.set(status.expiresIn, reply)
    }
    return reply
  }

  function write(response: ServerResponse, status: BrowserStatus, token: Token): void {
    const { fields, text } = replyTo(status)
    const setCookies = cookiesWith(status, token, cookies).flatMap((cookie) => ['set-cookie', cookie])
    response.writeHead(200, setCookies.length === 0 ? fields : [...fields, ...setCookies])
    response.end(text)
  }

  function logReply(
    { statusCode }: ServerResponse,
    token: Token,
    { startedAt, traceparent }: { startedAt: number; traceparent: string | undefined },
  ): void {
    log.reply({ method: METHOD, route: ROUTE, status: statusCode, ms: performance.now() - startedAt }, () =>
      labelsOf(token, traceparent),
    )
  }

  function answer(request: IncomingMessage, response: ServerResponse, token: Token, wish: HoldWish): void {
    const startedAt = performance.now()
    // `poll` drops the request's headers, so this is kept for the log; it is parsed only if a line needs it.
    const traceparent = traceparentOf(request)
    poll(request, response, token, wish)
      .then((status) => {
        if (response.destroyed) return
        write(response, status, token)
        logReply(response, token, { startedAt, traceparent })
      })
      .catch((cause) => {
        const error = ScanInError.from(cause)
        log.error(error, { method: METHOD, route: ROUTE }, labelsOf(token, traceparent))
        answerWithProblem(response, error, headers.api)
        logReply(response, token, { startedAt, traceparent })
      })
  }

  return (request, response) => {
    const { method, url = '', headers: asked } = request
    if (method !== METHOD || hostsIn(request) !== 1) return false
    if (asked.origin !== undefined && others.has(asked.origin)) return false
    const [, loginId, secret, seen, wait] = POLL.exec(url) ?? []
    if (loginId === undefined || secret === undefined) return false
    answer(request, response, { loginId, secret }, { seen, wait })
    return true
  }
}

function labelsOf({ loginId }: Token, traceparent: string | undefined): Partial<RequestLabels> {
  const traceId = traceIdOf(traceparent)
  return traceId === undefined ? { login: loginId } : { trace_id: traceId, login: loginId }
}
