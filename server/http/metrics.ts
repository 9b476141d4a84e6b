import Fastify, { type FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'

/** Counts replies. Polls that say nothing new are in no log: here they are. */
export interface Metrics {
  countReply(method: string, route: string, status: number, seconds: number): void
  /** An instance that serves `GET /metrics` and nothing else, for a port that the outside does not reach. */
  app: FastifyInstance
}

/** A held poll takes as long as it is held: the buckets go as far as that. */
const SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 30]

/** Metrics of this process, with Node's own beside them. Nothing listens until `app` does. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const labelNames = ['method', 'route', 'status'] as const
  const replies = new Counter({
    name: 'scanin_http_replies_total',
    help: 'Replies by route and status',
    labelNames,
    registers: [registry],
  })
  const duration = new Histogram({
    name: 'scanin_http_reply_seconds',
    help: 'Time to the end of the reply; held polls include their hold',
    labelNames: ['route'] as const,
    buckets: SECONDS,
    registers: [registry],
  })

  const app = Fastify()
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()))
  return {
    app,
    countReply(method, route, status, seconds) {
      replies.inc({ method, route, status })
      duration.observe({ route }, seconds)
    },
  }
}
