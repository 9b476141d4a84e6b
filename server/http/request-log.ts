import type { FastifyInstance } from 'fastify'

/**
 * One line a request, with the route's pattern and never its address: the status URL has a token in it.
 * A poll with nothing new is worth a line at debug level only.
 */
export function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const isRoutine = request.method === 'GET' && reply.statusCode < 400
    request.log[isRoutine ? 'debug' : 'info'](
      {
        method: request.method,
        route: request.routeOptions.url ?? 'unknown',
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
      },
      'request',
    )
  })
}
