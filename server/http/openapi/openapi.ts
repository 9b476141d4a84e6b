import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { stringify } from 'yaml'
import { JSON_TYPE } from '../json-body.ts'
import { once } from '../once.ts'
import { type HeaderSets, withHeaders } from '../security-headers.ts'
import { sendWhole, shareBodies } from '../shared-bodies.ts'
import { type DocumentOptions, documentOf } from './document.ts'
import type { DescribedRoute } from './route-schema.ts'

declare module 'fastify' {
  interface FastifyInstance {
    swagger(options?: { yaml?: boolean }): Buffer
  }
}

const DOCS = '/docs'

/** What `/docs` needs: a plugin of this name, and `swagger()`, which it shows. */
const inPlaceOfSwagger = Object.assign(
  async (app: FastifyInstance, { made }: { made: FastifyInstance['swagger'] }) => {
    app.decorate('swagger', made)
  },
  { [Symbol.for('skip-override')]: true, [Symbol.for('plugin-meta')]: { name: '@fastify/swagger' } },
)

interface OpenApiOptions extends Omit<DocumentOptions, 'cacheControl'> {
  headers: HeaderSets
}

/** Describes all routes registered after it, in `/openapi.json` and `/docs`. */
export function openApi(app: FastifyInstance, { headers, ...options }: OpenApiOptions): void {
  const routes: DescribedRoute[] = []
  // Not before somebody asks: it takes longer than a dozen logins, and the YAML of it much longer.
  const document = once(() => documentOf(routes, { ...options, cacheControl: headers.api['cache-control'] ?? '' }))
  const asJson = once(() => Buffer.from(JSON.stringify(document())))
  const asYaml = once(() => Buffer.from(stringify(document())))

  app.addHook('onRoute', ({ method, url, schema = {}, config }) => {
    if (schema.hide === true) return
    const methods = [method].flat().filter((one) => one !== 'HEAD')
    for (const one of methods) routes.push({ method: one, url, schema, isPoll: config?.isPoll === true })
  })
  app.register(async (scope) => {
    scope.addHook('onRequest', withHeaders(headers.page))
    scope.get('/openapi.json', { exposeHeadRoute: true, schema: { hide: true } }, async (_request, reply) =>
      reply.type(JSON_TYPE).send(asJson()),
    )
    // None of the library's routes acts, and none says so.
    scope.addHook('onRoute', (route) => {
      if (route.method === 'GET') route.method = ['GET', 'HEAD']
    })
    scope.register(inPlaceOfSwagger, { made: ({ yaml } = {}) => (yaml ? asYaml() : asJson()) })
    scope.addHook('onRequest', sendWhole)
    scope.addHook('onSend', shareBodies())
    scope.register(swaggerUi, {
      routePrefix: DOCS,
      theme: { title: 'ScanIn API' },
      uiHooks: { onRequest: nameJson },
    })
  })
}

/** The library gives everything a type but this, which it would make JSON of. */
function nameJson({ routeOptions }: FastifyRequest, reply: FastifyReply, done: () => void): void {
  if (routeOptions.url === `${DOCS}/json`) reply.type(JSON_TYPE)
  done()
}
