import { ScanInError } from '../../errors.ts'
import type { Cookies } from '../../http/cookies.ts'
import { shortProblem } from '../../http/error-replies.ts'
import { JSON_TYPE } from '../../http/json-body.ts'
import { type RequestLabels, traceIdOf } from '../../http/request-labels.ts'
import type { RequestLog } from '../../http/request-log.ts'
import type { HeaderSets } from '../../http/security-headers.ts'
import type { BareRequest } from '../../http/shortcut/bare-request.ts'
import type { ReplyTo, Shortcut, ShortReply } from '../../http/shortcut/shortcut.ts'
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

/** A reply that says that more is left is not kept for the next poll. */
const LONGEST_KEPT_SECONDS = 3600

/** A poll as the web client writes it. A poll in any other form takes the route. */
const POLL = new RegExp(`^/login/status/${TOKEN_GROUPS}(?:\\?seen=([a-z_]{1,32})&wait=([0-9]{1,6}))?$`)
const METHOD = 'GET'
const ROUTE = '/login/status/:token'

/**
 * Answers polls without Fastify: they are nearly all that browsers ask for, and without Fastify's request, reply and
 * hooks a plain one costs a sixth less and a held one half as much; without Node's own, which most of them are, another
 * fifth (`http/shortcut/`). `poll` decides, here and in the route alike; the lane only reads the request and writes the
 * reply.
 */
export function createPollLane({ poll, cookies, paces, headers, log, allowedOrigins }: PollLaneOptions): Shortcut {
  const others = new Set(allowedOrigins)
  const apiFields = Object.entries({ ...headers.api, 'content-type': JSON_TYPE }).flat()
  const waitingReplies = { pending: new Map<number, ShortReply>(), scanned: new Map<number, ShortReply>() }
  /** The pace that `waitingReplies` are made with. */
  let toldPace = paces.current

  function makeReply(status: BrowserStatus, setCookies: readonly string[] = []): ShortReply {
    const text = JSON.stringify(statusOnWire(status, paces.current))
    const length = ['content-length', String(Buffer.byteLength(text))]
    const cookieFields = setCookies.flatMap((cookie) => ['set-cookie', cookie])
    return { status: 200, fields: [...apiFields, ...length, ...cookieFields], text }
  }

  /** Nearly every reply says that a login still waits. One for each second left is kept until the pace changes. */
  function replyOf(status: BrowserStatus, token: Token): ShortReply {
    if (status.status !== 'pending' && status.status !== 'scanned') {
      return makeReply(status, cookiesWith(status, token, cookies))
    }
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

  function answer({ cookie, traceparent }: BareRequest, { client, send }: ReplyTo, token: Token, wish: HoldWish): void {
    const startedAt = performance.now()

    function reply(short: ShortReply): void {
      send(short)
      log.reply({ method: METHOD, route: ROUTE, status: short.status, ms: performance.now() - startedAt }, () =>
        labelsOf(token, traceparent),
      )
    }

    poll({ cookie, traceparent }, client, token, wish)
      .then((status) => {
        if (!client.destroyed) reply(replyOf(status, token))
      })
      .catch((cause) => {
        const error = ScanInError.from(cause)
        log.error(error, { method: METHOD, route: ROUTE }, labelsOf(token, traceparent))
        reply(shortProblem(error, headers.api))
      })
  }

  return (request, replyTo) => {
    if (request.origin !== undefined && others.has(request.origin)) return false
    const [, loginId, secret, seen, wait] = POLL.exec(request.target) ?? []
    if (loginId === undefined || secret === undefined) return false
    answer(request, replyTo, { loginId, secret }, { seen, wait })
    return true
  }
}

function labelsOf({ loginId }: Token, traceparent: string | undefined): Partial<RequestLabels> {
  const traceId = traceIdOf(traceparent)
  return traceId === undefined ? { login: loginId } : { trace_id: traceId, login: loginId }
}
