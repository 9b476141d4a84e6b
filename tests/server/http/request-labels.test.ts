import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { InjectOptions } from 'fastify'
import { pino } from 'pino'
import { traceIdOf } from '../../../server/http/request-labels.ts'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type InjectClient,
  PUBLIC_URL,
  type TestApp,
} from '../../support/app.ts'
import { eventually } from '../../support/eventually.ts'
import { createClient } from '../../support/http-client.ts'
import { startLogin } from '../../support/login-flow.ts'
import { sendRaw } from '../../support/raw-socket.ts'

const PROXY = '10.9.8.7'
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`
const MADE_HERE = /^[\w-]{21}$/

let testApp: TestApp
let port: number
const lines: Record<string, unknown>[] = []

beforeAll(async () => {
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  testApp = await createTestApp({ TRUST_PROXY: PROXY, MATCH: 'never' }, { logger })
  port = Number(new URL(await testApp.app.listen({ host: '127.0.0.1', port: 0 })).port)
})
afterAll(() => testApp.app.close())

const idOf = (reply: { headers: Record<string, unknown> }) => reply.headers['x-request-id']

async function askedBy(remoteAddress: string, headers: InjectOptions['headers']): Promise<unknown> {
  return idOf(await testApp.app.inject({ url: '/healthz', remoteAddress, ...(headers ? { headers } : {}) }))
}

describe("every reply but a poll's names its request", () => {
  test.each<InjectOptions & { url: string }>([
    { url: '/' },
    { url: '/scan' },
    { url: '/page-guard.js' },
    { url: '/nowhere' },
    { url: '/nowhere', headers: { accept: 'text/html' } },
    { url: '/login/', headers: { accept: 'text/html' } },
    { url: '/%zz' },
    { url: `/login/${'x'.repeat(300)}`, method: 'DELETE' },
    { url: '/login/%ff', method: 'DELETE' },
    { url: '/healthz' },
    { url: '/readyz' },
    { url: '/openapi.json' },
    { url: '/docs/' },
    { url: '/session' },
    { url: '/login', method: 'POST' },
    { url: '/login', method: 'POST', payload: 'x', headers: { 'content-type': 'text/plain' } },
    { url: '/login', method: 'POST', headers: { origin: 'https://evil.example' } },
    { url: '/sign-in', method: 'POST', payload: { username: 'demo', password: 'wrong' } },
    { url: '/login/status/x', method: 'HEAD' },
  ])('%j', async (request) => {
    const [one, other] = [await testApp.app.inject(request), await testApp.app.inject(request)]
    expect(idOf(one)).toMatch(MADE_HERE)
    expect(idOf(other)).not.toBe(idOf(one))
  })

  test('what never became a request is answered with an id too, which its line has', async () => {
    const broken = [
      'GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      'GET / HTTP/1.1\r\nno colon\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: x\r\nExpect: the impossible\r\nConnection: close\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: x\r\nMuch: ${'x'.repeat(20_000)}\r\n\r\n`,
      'GET / HTTP/1.1\r\nConnection: close\r\n\r\n',
    ]
    for (const bytes of broken) {
      const reply = await sendRaw(port, bytes)
      expect(reply.status).toBeGreaterThanOrEqual(400)
      const id = reply.headers.get('x-request-id')
      expect(id).toMatch(MADE_HERE)
      const isOfIt = ({ request_id, status }: Record<string, unknown>) => request_id === id && status === reply.status
      await eventually('it has a line', () => lines.filter(isOfIt).length === 1)
    }
  })

  test("a poll's has none, whatever comes of it", async () => {
    const browser = createInjectClient(testApp.app)
    const token: string = (await browser.post('/login')).json().token
    for (const path of [token, `${token}?seen=pending&wait=0`, 'no-token', `${'u'.repeat(16)}.${'v'.repeat(22)}`]) {
      expect((await browser.get(`/login/status/${path}`)).headers).not.toHaveProperty('x-request-id')
    }
  })

  test('the API`s description says so', async () => {
    const { paths } = (await testApp.app.inject('/openapi.json')).json()
    expect(paths['/login'].post.responses['201'].headers).toHaveProperty('X-Request-Id')
    expect(paths['/session'].get.responses['401'].headers).toHaveProperty('X-Request-Id')
    expect(paths['/login/status/{token}'].get.responses['200'].headers).not.toHaveProperty('X-Request-Id')
  })
})

describe('an id that comes with the request', () => {
  test.each([
    '3f2504e0-4f89-11d3-9a0c-0305e82c3301',
    'f7d2c0a1b2',
    'Root=1-67891233-abcdef012345678912345678',
    'a/b+c=',
  ])('is kept from a proxy that is trusted: %s', async (id) =>
    expect(await askedBy(PROXY, { 'x-request-id': id })).toBe(id),
  )

  test('is made anew for anybody else', async () => {
    expect(await askedBy('10.9.8.8', { 'x-request-id': 'chosen' })).toMatch(MADE_HERE)
    expect(await askedBy('10.9.8.8', { 'x-request-id': 'chosen', 'x-forwarded-for': PROXY })).toMatch(MADE_HERE)
  })

  test.each(['', ' ', 'two words', 'a,b', 'x'.repeat(129), 'a"b', '\u00e9', 'a\\b', '<script>'])(
    'is made anew when it is not of the form: %j',
    async (id) => expect(await askedBy(PROXY, { 'x-request-id': id })).toMatch(MADE_HERE),
  )
})

describe('traceparent, as W3C Trace Context has it', () => {
  test.each([TRACEPARENT, `00-${TRACE}-00f067aa0ba902b7-00`, `01-${TRACE}-00f067aa0ba902b7-01-more`])('%s', (text) => {
    expect(traceIdOf(text)).toBe(TRACE)
  })

  test.each([
    undefined,
    '',
    `${TRACEPARENT}-more`,
    `${TRACEPARENT} `,
    ` ${TRACEPARENT}`,
    TRACEPARENT.toUpperCase(),
    `ff-${TRACE}-00f067aa0ba902b7-01`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE}-00f067aa0ba902b7`,
    `00-${TRACE.slice(1)}-00f067aa0ba902b7-01`,
    `${TRACEPARENT}, ${TRACEPARENT}`,
    `01-${TRACE}-00f067aa0ba902b7-01-${'x'.repeat(1000)}`,
  ])('is none, and no trace: %j', (text) => {
    expect(traceIdOf(text)).toBeUndefined()
  })
})

describe('log lines say which request they are of', () => {
  async function linesOf(call: (client: InjectClient, headers: Record<string, string>) => Promise<unknown>) {
    const phone = await createInjectPhone(testApp.app)
    lines.length = 0
    await call(phone, { origin: 'http://scanin.test', traceparent: TRACEPARENT })
    return lines.filter(({ msg }) => msg === 'request')
  }

  test('its id as in the reply, its trace, and the public ids of login, session and person', async () => {
    const { token } = (await createInjectClient(testApp.app).post('/login')).json()
    let id: unknown
    const [line, ...others] = await linesOf(async (phone, headers) => {
      id = idOf(await phone.post('/login/scan', { token }, { headers }))
    })
    expect(others).toEqual([])
    expect(line).toMatchObject({
      route: '/login/scan',
      request_id: id,
      trace_id: TRACE,
      login: token.slice(0, 16),
      session: expect.stringMatching(/^[\w-]{43}$/),
      person: 'demo',
    })
  })

  test('a poll past Fastify says which login it is of and which trace, and no request', async () => {
    const browser = createClient(`http://127.0.0.1:${port}`, PUBLIC_URL)
    const token = await startLogin(browser)
    const [line] = await linesOf((_phone, { traceparent }) =>
      browser.get(`/login/status/${token}?seen=scanned&wait=0`, { headers: { traceparent } }),
    )
    expect(line).toMatchObject({ route: '/login/status/:token', login: token.slice(0, 16), trace_id: TRACE })
    expect(line).not.toHaveProperty('request_id')
  })

  test('a claim that is no trace id is not repeated', async () => {
    const headers = { origin: 'http://scanin.test', traceparent: '"}\n{"level":60' }
    const [line] = await linesOf((phone) => phone.post('/sign-out', undefined, { headers }))
    expect(line).not.toHaveProperty('trace_id')
    expect(JSON.stringify(line)).not.toContain('level":60')
  })
})

test.each(['GET', 'HEAD'] as const)(
  'a %s that went well is a line at debug alone, as a proxy asks so of all it lets through',
  async (method) => {
    const from = lines.length
    await testApp.app.inject({ url: '/healthz', method })
    await testApp.app.inject({ url: '/nowhere', method })
    const seen = lines.slice(from).map(({ level, status }) => [level, status])
    expect(seen).toEqual([
      [20, 200],
      [30, 404],
    ])
  },
)
