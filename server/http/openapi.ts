import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { JSON_TYPE } from './json-body.ts'
import { pollsOf, withRequestIdHeader } from './openapi-headers.ts'
import { type HeaderSets, withHeaders } from './security-headers.ts'

export interface OpenApiOptions {
  publicUrl: string
  version: string
  sessionCookieName: string
  headers: HeaderSets
}

/** Collects the schemas of all routes registered after it, for `/openapi.json` and `/docs`. */
export async function openApi(app: FastifyInstance, options: OpenApiOptions): Promise<void> {
  const polls = pollsOf(app)
  await app.register(swagger, {
    transformObject: (described) =>
      'openapiObject' in described ? withRequestIdHeader(described.openapiObject, polls) : {},
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'ScanIn',
        version: options.version,
        description: 'Signs a browser in by a QR code that a signed-in phone scans. Plain HTTP: the browser polls.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: options.publicUrl }],
      tags: [
        { name: 'browser', description: 'What the page with the QR calls' },
        { name: 'phone', description: 'What the signed-in phone calls' },
        { name: 'session', description: 'Who is signed in where' },
        { name: 'back ends', description: "What the team's own back ends verify people by" },
        { name: 'operators', description: 'What monitoring calls' },
      ],
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: options.sessionCookieName },
          bearer: { type: 'http', scheme: 'bearer' },
        },
      },
    },
  })
  app.register(async (scope) => {
    scope.addHook('onRequest', withHeaders(options.headers.page))
    let document: Buffer | undefined
    scope.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
      // Made once: it takes longer than a dozen logins.
      document ??= Buffer.from(JSON.stringify(app.swagger()))
      return reply.type(JSON_TYPE).send(document)
    })
    await scope.register(swaggerUi, { routePrefix: '/docs', theme: { title: 'ScanIn API' } })
  })
}
