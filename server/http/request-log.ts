import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { ScanInError } from '../errors.ts'
import type { TroubleLog } from '../log/trouble-log.ts'
import { createReplyTally, type ReplyTally } from './reply-tally.ts'
import type { RequestLabels } from './request-labels.ts'

/** What a line says of its request; a function is asked only where there is a line. */
type Labels = Partial<RequestLabels> | (() => Partial<RequestLabels>)

/** What happened to a request, with the route's pattern and never its address: the status URL has a token in it. */
export interface RequestLog {
  reply(answered: { method: string; route: string; status: number; ms: number }, labels: Labels): void
  /** What was answered and what was refused, counted. */
  tally: ReplyTally
  /** Of a refusal only what somebody has to look into. */
  error(error: ScanInError, request: { method: string; route: string }, labels: Partial<RequestLabels>): void
}

/**
 * One line a request; a GET or HEAD that went well, as a poll with nothing new, is worth a line at debug level only. An
 * application may be told by a redirect what is wrong.
 */
export function createRequestLog(logger: FastifyBaseLogger, troubles: TroubleLog): RequestLog {
  const tally = createReplyTally()
  const isRoutineLogged = ['trace', 'debug'].includes(logger.level)
  return {
    tally,
    reply({ method, route, status, ms }, labels) {
      tally.countReply(method, route, status, ms / 1000)
      const isRefusal = typeof labels === 'object' && labels.error !== undefined
      const isRoutine = (method === 'GET' || method === 'HEAD') && status < 400 && !isRefusal
      if (isRoutine && !isRoutineLogged) return
      const said = typeof labels === 'function' ? labels() : labels
      const line = { method, route, status, ms: Math.round(ms * 10) / 10, ...said }
      logger[isRoutine ? 'debug' : 'info'](line, 'request')
    },
    error(error, request, labels) {
      const { code, cause } = error
      tally.refusals[code]++
      const about = { ...request, ...labels }
      if (code === 'internal_error') logger.error({ ...about, err: cause }, 'internal error')
      else if (code === 'store_unavailable' || code === 'identity_provider_unavailable') troubles.tell(error, about)
    },
  }
}

/** Logs what Fastify answers. */
export function logReplies(app: FastifyInstance, log: RequestLog): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions, labels } = request
    const { statusCode: status, elapsedTime: ms } = reply
    log.reply({ method, route: routeOptions.url ?? 'unknown', status, ms }, labels)
    done()
  })
}
