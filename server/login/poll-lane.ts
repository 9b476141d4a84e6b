import type { IncomingMessage, ServerResponse } from 'node:http'
import { ScanInError } from '../errors.ts'
import { answerWithProblem } from '../http/error-replies.ts'
import type { Shortcut } from '../http/http-server.ts'
import { JSON_TYPE } from '../http/json-body.ts'
import type { RequestLog } from '../http/request-log.ts'
import type { HeaderSets } from '../http/security-headers.ts'
import { isWaiting } from './browser-logins.ts'
import { statusAsJson } from './browser-wire.ts'
import type { Closing } from './closing.ts'
import type { Pace } from './pace-wire.ts'
import type { Poll, PollReply } from './poll.ts'

export interface PollLaneOptions {
  poll: Poll
  pace: Pace
  headers: HeaderSets
  log: RequestLog
  /** Comes when the process shuts down. */
  closing: Closing
}

/** As the web client writes it. A poll of another form is a poll too, and takes the route. */
const POLL = /^\/login\/status\/([\w-]{16})\.([\w-]{22})(?:\?seen=([a-z_]{1,32})&wait=([0-9]{1,6}))?$/
const METHOD = 'GET'
const ROUTE = '/login/status/:token'

/**
 * Polls past Fastify: they are nearly all that browsers ask for, and without Fastify's request, reply and hooks a plain
 * one costs a sixth less and a held one half. What is decided is `poll`'s affair, here and in the route alike; here it
 * is only read and written.
 */
export function createPollLane({ poll, pace, headers, log, closing }: PollLaneOptions): Shortcut {
  const head = Object.entries({ ...headers.api, 'content-type': JSON_TYPE }).flat()

  function write(response: ServerResponse, { status, setCookies }: PollReply): void {
    const text = statusAsJson(status, pace)
    // Before approval there is nothing in it but ASCII.
    const isAscii = isWaiting(status)
    const fields = [...head, 'content-length', String(isAscii ? text.length : Buffer.byteLength(text))]
    for (const cookie of setCookies) fields.push('set-cookie', cookie)
    response.writeHead(200, fields)
    // Written and then ended, with the socket corked in between, head and body leave as one piece, for 1.3 µs less
    // than by `end(text)`, which hands the system two.
    const { socket } = response
    socket?.cork()
    response.write(text, isAscii ? 'latin1' : 'utf8')
    socket?.uncork()
    response.end()
  }

  async function answer(request: IncomingMessage, response: ServerResponse, ask: Promise<PollReply>): Promise<void> {
    const startedAt = performance.now()
    try {
      const reply = await ask
      if (request.destroyed) return
      write(response, reply)
    } catch (cause) {
      const error = ScanInError.from(cause)
      log.error(error, { method: METHOD, route: ROUTE })
      answerWithProblem(response, error, headers.api)
    }
    log.reply({ method: METHOD, route: ROUTE, status: response.statusCode, ms: performance.now() - startedAt })
  }

  return (request, response) => {
    const { method, url = '', headers: asked } = request
    if (method !== METHOD || asked.host === undefined || closing.hasCome) return false
    const [, loginId, secret, seen, wait] = POLL.exec(url) ?? []
    if (loginId === undefined || secret === undefined) return false
    void answer(request, response, poll(request, { loginId, secret }, { seen, wait }))
    return true
  }
}
