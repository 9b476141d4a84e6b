import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { exampleOf } from '../../../../server/http/openapi/examples.ts'
import { createNamedSchemas } from '../../../../server/http/openapi/named-schemas.ts'
import { ERROR_CODES } from '../../../../server/http/problems.ts'
import { createTestApp, type TestApp } from '../../../support/app.ts'
import {
  type DescribedApi,
  type Json,
  type Media,
  type Operation,
  readDescription,
  WITH_ALL_THERE_IS,
} from '../../../support/described-api.ts'

/**
 * What `/openapi.json` has to say of every route, so that whoever adds one is told what is left out. Whether it is true
 * is for `replies.test.ts`, and for all tests of an app: it refuses to answer what its schemas do not say.
 */

let testApp: TestApp
let api: DescribedApi

beforeAll(async () => {
  testApp = await createTestApp(WITH_ALL_THERE_IS)
  api = await readDescription(testApp.app)
})

afterAll(() => testApp.app.close())

function bodiesOf({ requestBody, responses }: Operation): Media[] {
  return [requestBody, ...Object.values(responses)].flatMap((carrier) => Object.values(carrier?.content ?? {}))
}

function examplesOf({ example, examples = {} }: Media): unknown[] {
  const named = Object.values(examples).map(({ value, $ref }) =>
    $ref === undefined ? value : api.document.components.examples[$ref.split('/').at(-1) ?? '']?.value,
  )
  return example === undefined ? named : [example, ...named]
}

/** Everything in the document that may be a schema, wherever it stands; nothing within one that has an example itself. */
function* partsOf(value: unknown): Generator<Json> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield value as Json
  if ('examples' in value && 'type' in value) return
  for (const part of Object.values(value)) yield* partsOf(part)
}

describe('every operation', () => {
  test('has an id of its own, a summary, a tag that is explained, and says who may call it', () => {
    expect(api.operations.length).toBeGreaterThan(15)
    const tags = api.document.tags.map(({ name }) => name)
    for (const [name, { operationId, summary, security, tags: own = ['none'] }] of api.operations) {
      expect([name, operationId, summary, security]).toEqual([
        name,
        expect.stringMatching(/^[a-z][A-Za-z]+$/),
        expect.stringMatching(/^[A-Z]/),
        expect.any(Array),
      ])
      expect([name, tags]).toEqual([name, expect.arrayContaining(own)])
    }
    expect(new Set(api.operations.map(([, { operationId }]) => operationId)).size).toBe(api.operations.length)
  })

  test('has a described parameter for each part of its path, with an example', () => {
    for (const [name, { parameters }] of api.operations) {
      const inPath = [...name.matchAll(/\{(\w+)\}/g)].map(([, part]) => part)
      expect([name, parameters.map((parameter) => parameter.name)]).toEqual([name, expect.arrayContaining(inPath)])
      for (const { name: parameter, description, example, schema } of parameters) {
        expect([name, parameter, typeof description, api.wrongWith(example, schema)]).toEqual([
          name,
          parameter,
          'string',
          [],
        ])
      }
    }
  })

  test('has named schemas for what it takes and gives, and examples that are valid and whole', () => {
    for (const [name, operation] of api.operations) {
      for (const media of bodiesOf(operation)) {
        const named = [media.schema, ...Object.values(media.schema['anyOf'] ?? media.schema['allOf'] ?? {})]
        expect([name, named]).toEqual([name, expect.arrayContaining([{ $ref: expect.any(String) }])])
        const examples = examplesOf(media)
        expect([
          name,
          examples.length > 0,
          examples.flatMap((example) => api.wrongWith(example, media.schema)),
        ]).toEqual([name, true, []])
      }
    }
  })

  test('has problems, each with an example, headers, and Retry-After where one is to wait', () => {
    for (const [name, { responses }] of api.operations) {
      expect([name, Object.keys(responses)]).toEqual([name, expect.arrayContaining(['400', '500'])])
      for (const [status, { headers, content = {} }] of Object.entries(responses)) {
        const isToWait = ['429', '503'].includes(status)
        expect([name, status, 'Cache-Control' in headers, 'Retry-After' in headers]).toEqual([
          name,
          status,
          true,
          isToWait,
        ])
        if (Number(status) >= 400) expect(Object.keys(content)).toEqual(['application/problem+json'])
      }
    }
  })
})

describe('the document', () => {
  test('has the way into an application, and out of it, step by step', () => {
    const steps = ['GET /.scanin/start', 'GET /auth/enter', 'GET /.scanin/callback']
    for (const step of [...steps, 'GET /.scanin/sign-out']) {
      const { responses } = new Map(api.operations).get(step) ?? {}
      expect([step, Object.keys(responses?.[302]?.headers ?? {})]).toEqual([step, expect.arrayContaining(['Location'])])
    }
    expect(new Map(api.operations).get('POST /.scanin/sign-out')?.responses).toHaveProperty('303')
  })

  test('has every code there is, and says of some operation that it comes', () => {
    expect(Object.keys(api.document.components.examples).sort()).toEqual([...ERROR_CODES].sort())
  })

  test('has no number that is not whole, and an example for every text and number of a schema', () => {
    for (const part of partsOf(api.document)) expect(part['type']).not.toBe('number')
    for (const [name, schema] of Object.entries(api.document.components.schemas)) {
      if (name === 'Problem') continue
      for (const part of partsOf(schema)) {
        if (!['string', 'integer', 'boolean'].includes(String(part['type']))) continue
        expect([name, part, exampleOf(part) !== undefined]).toEqual([name, part, true])
      }
    }
  })

  test('names the cookies as they are called, and where the service is; of localhost only that it is here', async () => {
    expect(api.document.servers).toEqual([{ url: 'http://scanin.test' }])
    const secure = await createTestApp({ PUBLIC_URL: 'https://login.example.org' })
    const local = await createTestApp({ PUBLIC_URL: 'http://localhost:3000' })
    const { components } = (await secure.app.inject('/openapi.json')).json()
    expect(components.securitySchemes.session.name).toBe('__Host-scanin_session')
    expect(components.securitySchemes.browserKey.name).toBe('__Host-scanin_LOGIN_ID')
    expect((await local.app.inject('/openapi.json')).json().servers).toEqual([{ url: '/' }])
  })

  test('names what clients put into headers by what may be one (RFC 9110 §5.6.2, RFC 6265 §4.1.1)', () => {
    const schemes = Object.values(api.document.components.securitySchemes)
    const names = schemes.flatMap(({ name, scheme }) => name ?? scheme ?? [])
    expect(names).toHaveLength(schemes.length)
    for (const name of names) expect(name).toMatch(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/)
  })

  test('is what /docs shows', async () => {
    expect((await testApp.app.inject('/docs/json')).json()).toEqual(api.document)
    expect((await testApp.app.inject('/docs/yaml')).body).toMatch(/^openapi: 3\.1\.0$/m)
  })

  test('is made once, in each of its forms, however often it is asked for', async () => {
    const { app } = await createTestApp()
    const sent = new Map<string, Set<unknown>>()
    app.addHook('onSend', async ({ url }, reply, payload) => {
      sent.set(url, (sent.get(url) ?? new Set()).add(payload))
      if (url !== '/docs/yaml') expect(reply.getHeader('content-type')).toBe('application/json; charset=utf-8')
      return payload
    })
    const forms = ['/openapi.json', '/docs/json', '/docs/yaml']
    for (const url of [...forms, ...forms]) expect((await app.inject(url)).statusCode).toBe(200)
    for (const url of forms) {
      const payloads = [...(sent.get(url) ?? [])]
      expect([url, payloads.length, Buffer.isBuffer(payloads[0])]).toEqual([url, 1, true])
    }
    await app.close()
  })

  test('two schemas of one name are told of at once', () => {
    const { refer } = createNamedSchemas()
    refer({ title: 'Thing', type: 'string' })
    expect(refer({ title: 'Thing', type: 'string' })).toEqual({ $ref: '#/components/schemas/Thing' })
    expect(() => refer({ title: 'Thing', type: 'integer' })).toThrow('Two schemas are called Thing')
  })
})
