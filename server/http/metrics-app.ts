import { createInnerApp, type InnerAppOptions } from './inner-app.ts'
import type { Metrics } from './metrics.ts'
import type { TypedApp } from './typed-app.ts'

interface MetricsAppOptions extends InnerAppOptions {
  metrics: Pick<Metrics, 'contentType' | 'text'>
}

/** Serves `GET /metrics` and nothing else, for a port of its own. It does not listen yet. */
export function createMetricsApp({ metrics, ...options }: MetricsAppOptions): TypedApp {
  const { app } = createInnerApp(options)
  app.get('/metrics', { exposeHeadRoute: true, schema: { hide: true } }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  )
  return app
}
