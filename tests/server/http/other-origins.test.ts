import { beforeAll, describe, expect, test } from '@jest/globals'
import type { LightMyRequestResponse } from 'fastify'
import { createInjectClient, createTestPeople, type InjectClient, PUBLIC_URL, type TestApp } from '../../support/app.ts'

const APP = 'https://app.example.com'
const EVIL = 'https://evil.test'

let testApp: TestApp
let phone: InjectClient

beforeAll(async () => {
  ;({ testApp, phone } = await createTestPeople({
    ALLOWED_ORIGINS: `${APP},https://b.example.com`,
    TOKEN_AUDIENCES: 'x',
  }))
})

const corsOf = ({ headers }: LightMyRequestResponse) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')))

const READABLE = {
  'access-control-allow-origin': APP,
  'access-control-allow-credentials': 'true',
  'access-control-expose-headers': 'retry-after, x-request-id, www-authenticate, date',
}

const preflight = (url: string, headers: Record<string, string>) =>
  testApp.app.inject({ method: 'OPTIONS', url, headers: { 'access-control-request-method': 'POST', ...headers } })

describe('a page of a listed origin', () => {
  test('is told before a request that it may send it, and with what', async () => {
    for (const url of ['/login', '/login/status/x', '/session', '/session/token']) {
      const reply = await preflight(url, { origin: APP, 'access-control-request-headers': 'content-type' })
      expect([url, reply.statusCode, reply.body]).toEqual([url, 204, ''])
      expect(reply.headers.vary).toBe('Origin')
      expect(corsOf(reply)).toEqual({
        ...READABLE,
        'access-control-allow-methods': 'GET, POST, PATCH, DELETE',
        'access-control-allow-headers': 'authorization, content-type, dpop, traceparent',
        'access-control-max-age': '7200',
      })
    }
  })

  test('may read replies, refusals too', async () => {
    const headers = { origin: APP }
    const replies = [
      await phone.post('/login', undefined, { headers }),
      await phone.get('/session', { headers }),
      await phone.post('/session/token', undefined, { headers }),
      await phone.get('/.well-known/jwks.json', { headers }),
      await phone.post('/login/scan', { token: 'x' }, { headers }),
      await createInjectClient(testApp.app).get('/session', { headers }),
      await phone.post('/sign-in', undefined, { headers: { ...headers, 'content-type': 'text/plain' }, payload: 'x' }),
    ]
    expect(replies.map(({ statusCode }) => statusCode)).toEqual([201, 200, 200, 200, 400, 401, 415])
    for (const reply of replies) expect([corsOf(reply), reply.headers.vary]).toEqual([READABLE, 'Origin'])
  })

  test('reads no page of ours', async () => {
    for (const url of ['/', '/scan', '/home', '/embed', '/docs/', '/openapi.json']) {
      expect(corsOf(await phone.get(url, { headers: { origin: APP } }))).toEqual({})
    }
  })
})

describe('a page of another origin', () => {
  test.each([
    EVIL,
    `${APP}.evil.test`,
    `${APP}:8443`,
    'http://app.example.com',
    `${APP}, ${EVIL}`,
    `${APP}/`,
    'null',
    '',
  ])('%s is told nothing, and that it depends on who asks', async (origin) => {
    const replies = [
      await preflight('/session/token', { origin }),
      await phone.get('/session', { headers: { origin } }),
      await phone.post('/login', undefined, { headers: { origin } }),
      await phone.post('/session/token', undefined, { headers: { origin } }),
    ]
    expect(replies.map(({ statusCode }) => statusCode)).toEqual([404, 200, 403, 403])
    for (const reply of replies) expect([corsOf(reply), reply.headers.vary]).toEqual([{}, 'Origin'])
  })
})

test('our own pages and programs get what they got, and that it depends on who asks', async () => {
  for (const headers of [{ origin: PUBLIC_URL }, {}]) {
    const reply = await phone.get('/session', { headers })
    expect([reply.statusCode, corsOf(reply), reply.headers.vary]).toEqual([200, {}, 'Origin'])
  }
})

test('a question that is no preflight is answered as before', async () => {
  const reply = await testApp.app.inject({ method: 'OPTIONS', url: '/session', headers: { origin: APP } })
  expect([reply.statusCode, reply.json().code]).toEqual([404, 'not_found'])
})

test('without other origins nothing is said of them', async () => {
  ;({ testApp } = await createTestPeople())
  const reply = await createInjectClient(testApp.app).get('/session', { headers: { origin: APP } })
  expect([reply.statusCode, corsOf(reply), reply.headers.vary]).toEqual([401, {}, undefined])
  expect((await preflight('/session', { origin: APP })).statusCode).toBe(404)
})
