import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'

type TransformObject = NonNullable<FastifyDynamicSwaggerOptions['transformObject']>
type OpenApi = Extract<Parameters<TransformObject>[0], { openapiObject: unknown }>['openapiObject']

const REQUEST_ID = {
  description: 'Names this request in the logs. One that a proxy in TRUST_PROXY sends is kept',
  schema: { type: 'string', maxLength: 128 },
} as const

/** The paths of polls, as OpenAPI writes them: to be asked before the routes are there, and filled by them. */
export function pollsOf(app: FastifyInstance): ReadonlySet<string> {
  const polls = new Set<string>()
  app.addHook('onRoute', ({ url, config }) => {
    if (config?.isPoll) polls.add(url.replaceAll(/:(\w+)/g, '{$1}'))
  })
  return polls
}

/** Says of every reply but a poll's what a hook adds to it and no route declares. @param described by the routes' schemas */
export function withRequestIdHeader(described: OpenApi, polls: ReadonlySet<string>): OpenApi {
  const others = Object.entries(described.paths ?? {}).filter(([path]) => !polls.has(path))
  for (const operation of others.flatMap(([, item]) => Object.values(item ?? {}))) {
    if (typeof operation !== 'object' || !('responses' in operation)) continue
    for (const reply of Object.values(operation.responses ?? {})) {
      if (!('$ref' in reply)) reply.headers = { ...reply.headers, 'X-Request-Id': REQUEST_ID }
    }
  }
  return described
}
