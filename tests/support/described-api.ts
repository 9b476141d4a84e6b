import type { FastifyInstance } from 'fastify'
import Schema from 'typebox/schema'

/** `/openapi.json` as tests read it. */

/** What it takes for every route to be there. */
export const WITH_ALL_THERE_IS = {
  TOKEN_AUDIENCES: 'https://api.example.org',
  PHONE_OIDC_ISSUER: 'https://id.example.org',
  PHONE_OIDC_CLIENT_ID: 'scanin',
  PHONE_OIDC_CLIENT_SECRET: 'a secret',
}

export type Json = Readonly<Record<string, unknown>>

export interface Media {
  schema: Json
  example?: unknown
  examples?: Record<string, { value?: unknown; $ref?: string }>
}

export interface Operation {
  operationId?: string
  summary?: string
  tags?: string[]
  security?: Json[]
  parameters: { name: string; description?: string; example?: unknown; schema: Json }[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, { description: string; headers: Json; content?: Record<string, Media> }>
}

export interface Document {
  servers: { url: string }[]
  tags: { name: string }[]
  paths: Record<string, Record<string, Operation>>
  components: {
    schemas: Json
    examples: Record<string, { value: unknown }>
    securitySchemes: Record<string, { name?: string; scheme?: string }>
  }
}

export interface DescribedApi {
  document: Document
  /** By `POST /login/{token}` and the like. */
  operations: [string, Operation][]
  /** What is wrong with a value by a schema of the document. Keys that it does not name are wrong too. */
  wrongWith(value: unknown, schema: Json): string[]
}

export async function readDescription(app: FastifyInstance): Promise<DescribedApi> {
  const document: Document = (await app.inject('/openapi.json')).json()
  const { components } = document
  return {
    document,
    operations: Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, what]): [string, Operation] => [`${method.toUpperCase()} ${path}`, what]),
    ),
    wrongWith(value, schema) {
      // A list has no keys of its own.
      const closed = Array.isArray(value) ? {} : { unevaluatedProperties: false }
      const [, errors] = Schema.Errors({ components, allOf: [schema], ...closed }, value)
      return errors.map(({ instancePath, message }) => `${instancePath} ${message}`)
    },
  }
}
