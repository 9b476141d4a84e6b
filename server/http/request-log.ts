import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { Metrics } from './metrics.ts'

/**
 * One line a request, with the route's pattern and never its address: the status URL has a token in it.
 * A poll with nothing new is worth a line at debug level only.
 */
export function logRequests(app: FastifyInstance, logger: FastifyBaseLogger): void {
  const isRoutineLogged = ['trace', 'debug'].includes(logger.level)
  app.addHook('onResponse', (request, reply, done) => {
    done()
    const isRoutine = request.method === 'GET' && reply.statusCode < 400
    if (isRoutine && !isRoutineLogged) return
    logger[isRoutine ? 'debug' : 'info'](
      {
        reqId: request.id,
        method: request.method,
        route: request.routeOptions.url ?? 'unknown',
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
      },
      'request',
    )
  })
}

export function countReplies(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onResponse', (request, reply, done) => {
    done()
    const route = request.routeOptions.url ?? 'unknown'
    metrics.countReply(request.method, route, reply.statusCode, reply.elapsedTime / 1000)
  })
}
