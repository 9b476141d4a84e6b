import { type AddressInfo, connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createTestApp, PUBLIC_URL, type TestApp } from '../../../support/app.ts'
import { type KeptLog, keepLog } from '../../../support/audit-lines.ts'
import { eventually } from '../../../support/eventually.ts'
import { type Client, createClient, type Reply } from '../../../support/http-client.ts'
import { approve, scan, startLogin } from '../../../support/login-flow.ts'
import { DEMO_PASSWORD } from '../../../support/service.ts'

/** Polls as the web client writes them pass Fastify by; with the query the other way round they take the route. */
const LANE = '?seen=nothing&wait=0'
const ROUTE = '?wait=0&seen=nothing'

let testApp: TestApp
let browser: Client
let phone: Client
let token: string

beforeEach(async () => {
  testApp = await createTestApp({ MATCH: 'never' })
  const url = await testApp.app.listen({ host: '127.0.0.1', port: 0 })
  browser = createClient(url, PUBLIC_URL)
  phone = createClient(url, PUBLIC_URL)
  await phone.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })
  token = await startLogin(browser)
})
afterEach(() => testApp.app.close())

const poll = (query: string, call: Parameters<Client['get']>[1] = {}) =>
  browser.get(`/login/status/${token}${query}`, call)

/** All of a reply that anybody can see, but for the time of day and the order of its headers. */
function seen({ status, headers, text }: Reply) {
  const { date, ...others } = headers
  expect(date).toBeDefined()
  return { status, headers: others, text }
}

async function expectAlike(call: Parameters<Client['get']>[1] = {}): Promise<Reply> {
  const byLane = await poll(LANE, call)
  expect(seen(byLane)).toEqual(seen(await poll(ROUTE, call)))
  return byLane
}

describe('a poll is answered alike past Fastify and by it', () => {
  test('pending, scanned, denied', async () => {
    expect((await expectAlike()).json).toMatchObject({ status: 'pending' })
    await scan(phone, token)
    expect((await expectAlike()).json).toMatchObject({ status: 'scanned' })
    await phone.post('/login/deny', { token })
    expect((await expectAlike()).json).toMatchObject({ status: 'denied' })
  })

  test("with no cookie, a wrong one, and another login's", async () => {
    const [loginId] = token.split('.')
    for (const cookie of ['', `scanin_${loginId}=${'x'.repeat(43)}`, `scanin_${'y'.repeat(16)}=${'x'.repeat(43)}`]) {
      expect((await expectAlike({ cookie })).text).toBe('{"status":"expired"}')
    }
  })

  test('approved: the same session both times, and its cookies', async () => {
    await approve(phone, token)
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const reply = await expectAlike({ cookie })
    expect(reply.json).toMatchObject({
      status: 'authenticated',
      user: { id: expect.any(String) },
      redirect_to: '/home',
    })
    expect(reply.setCookies).toHaveLength(2)
  })

  test('too fast: refused, with the time to wait', async () => {
    let reply = await poll(LANE)
    for (let tries = 0; reply.status === 200 && tries < 20; tries++) reply = await poll(LANE)
    expect(reply.status).toBe(429)
    expect(reply.headers['retry-after']).toBe('1')
    await expectAlike()
  })

  test('without its store', async () => {
    await testApp.store.close()
    const reply = await expectAlike()
    expect(reply.status).toBe(503)
    expect(reply.json).toMatchObject({ code: 'store_unavailable' })
  })
})

describe('what is told of a poll says of which trace it is, alike past Fastify and by it', () => {
  const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
  const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`
  const traced = { headers: { traceparent: TRACEPARENT } }
  let log: KeptLog

  beforeEach(async () => {
    await testApp.app.close()
    log = keepLog('debug')
    testApp = await createTestApp({ MATCH: 'never' }, { logger: log.logger })
    const url = await testApp.app.listen({ host: '127.0.0.1', port: 0 })
    browser = createClient(url, PUBLIC_URL)
    phone = createClient(url, PUBLIC_URL)
    await phone.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })
    token = await startLogin(browser)
    log.news()
  })

  async function pollLines(least: number): Promise<Record<string, unknown>[]> {
    let lines: Record<string, unknown>[] = []
    await eventually(`${least} lines of polls`, () => {
      lines = log
        .text()
        .split('\n')
        .filter((line) => line.includes('"route":"/login/status/:token"'))
        .map((line) => JSON.parse(line))
      return lines.length >= least
    })
    return lines
  }

  const collected = () => log.news().filter(({ audit }) => audit === 'login.collected')

  test.each([LANE, ROUTE])('its line in the log, and the session that it collects: %s', async (query) => {
    await poll(query, traced)
    await approve(phone, token)
    log.news()
    await poll(query, traced)
    expect(await pollLines(2)).toMatchObject([{ trace_id: TRACE }, { trace_id: TRACE }])
    const [line, ...others] = collected()
    expect(others).toEqual([])
    expect(line).toMatchObject({ trace_id: TRACE, address: '127.0.0.1', device: expect.any(Object), person: 'demo' })
    expect(line).not.toHaveProperty('request_id')
  })

  test('one that is held until there is a session', async () => {
    await scan(phone, token)
    const held = poll('?seen=scanned&wait=25', traced)
    await phone.post('/login/confirm', { token })
    expect((await held).json).toMatchObject({ status: 'authenticated' })
    expect(collected()).toMatchObject([{ trace_id: TRACE }])
  })

  test.each([LANE, ROUTE])("the session whose cookie's place is taken: %s", async (query) => {
    await approve(phone, token)
    await poll(LANE)
    token = await startLogin(browser)
    await approve(phone, token)
    log.news()
    await poll(query, traced)
    expect(log.news().map(({ audit, trace_id }) => [audit, trace_id])).toEqual([
      ['login.collected', TRACE],
      ['session.replaced', TRACE],
    ])
  })

  test.each([LANE, ROUTE])('a login that is found to be too late: %s', async (query) => {
    // A process forgets whom it has seen once.
    for (let polls = 0; polls < 2; polls++) await poll(LANE)
    testApp.time.now += 301_000
    log.news()
    expect((await poll(query, traced)).json).toEqual({ status: 'expired' })
    await eventually('it has a line', () => log.text().includes('login.expired'))
    expect(log.news()).toMatchObject([{ audit: 'login.expired', trace_id: TRACE, address: '127.0.0.1' }])
  })

  test('what went wrong', async () => {
    await testApp.store.close()
    await poll(LANE, traced)
    for (const line of await pollLines(2)) expect(line).toMatchObject({ trace_id: TRACE, login: token.slice(0, 16) })
  })

  test.each(['"} {"level":60', `${TRACEPARENT}-more`, TRACEPARENT.padEnd(600, '-x')])(
    'a claim that is none is not repeated: %j',
    async (traceparent) => {
      await poll(LANE, { headers: { traceparent } })
      await approve(phone, token)
      log.news()
      await poll(LANE, { headers: { traceparent } })
      for (const line of [...(await pollLines(2)), ...collected()]) expect(line).not.toHaveProperty('trace_id')
    },
  )
})

test('where pages of other origins may ask, every poll says that it depends on who asks, and a listed one may be read', async () => {
  await testApp.app.close()
  const app = 'https://app.example.com'
  testApp = await createTestApp({ ALLOWED_ORIGINS: app })
  browser = createClient(await testApp.app.listen({ host: '127.0.0.1', port: 0 }), PUBLIC_URL)
  token = await startLogin(browser)
  const allowed = ({ headers }: Reply) => headers['access-control-allow-origin']

  for (const headers of [{}, { origin: 'https://evil.test' }]) {
    const reply = await expectAlike({ headers })
    expect([reply.json.status, reply.headers.vary, allowed(reply)]).toEqual(['pending', 'Origin', undefined])
  }
  const call = { headers: { origin: app } }
  const reply = await expectAlike(call)
  expect([reply.json.status, reply.headers.vary, allowed(reply)]).toEqual(['pending', 'Origin', app])
  await testApp.store.close()
  const trouble = await expectAlike(call)
  expect([trouble.status, trouble.headers.vary, allowed(trouble)]).toEqual([503, 'Origin', app])
  expect(trouble.headers['access-control-expose-headers']).toContain('retry-after')
})

test('under load replies tell of a slower pace, alike past Fastify and by it, and wait no longer than that', async () => {
  await testApp.app.close()
  const time = { now: 0 }
  testApp = await createTestApp({ MATCH: 'never' }, { busySince: () => 1, now: () => time.now })
  browser = createClient(await testApp.app.listen({ host: '127.0.0.1', port: 0 }), PUBLIC_URL)
  token = await startLogin(browser)
  expect((await expectAlike()).json).toMatchObject({ interval: 2, hold: 2 })

  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const anotherPoll = () => testApp.app.inject({ url: `/login/status/${token}`, headers: { cookie } })
  for (let tick = 0; tick < 14; tick++) {
    await Promise.all(Array.from({ length: 100 }, anotherPoll))
    time.now += 500
  }
  testApp.time.now += 60_000
  const { json } = await expectAlike()
  expect(json.interval).toBe(2)
  expect(json.hold).toBeGreaterThan(2)
  expect((await browser.post('/login')).json).toMatchObject({ hold: json.hold, interval: json.interval })
})

test('a poll without a Host is refused', async () => {
  const { port } = testApp.app.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  socket.end(`GET /login/status/${token} HTTP/1.1\r\nConnection: close\r\n\r\n`)
  let text = ''
  for await (const chunk of socket) text += chunk
  expect(text).toMatch(/^HTTP\/1.1 400 /)
  expect(text).toContain('"code":"invalid_request"')
})

test.each([LANE, ROUTE])('cookies that a proxy sends as fields of their own are all read: %s', async (query) => {
  const { port } = testApp.app.server.address() as AddressInfo
  const cookies = [...browser.cookies].map(([name, value]) => `Cookie: ${name}=${value}\r\n`)
  const fields = `Host: login.test\r\nConnection: close\r\nCookie: other=1\r\n${cookies.join('')}`
  const socket = connect(port, '127.0.0.1')
  socket.end(`GET /login/status/${token}${query} HTTP/1.1\r\n${fields}\r\n`)
  let text = ''
  for await (const chunk of socket) text += chunk
  expect(text).toContain('{"status":"pending"')
})

test.each(['?seen=pending&wait=1&more=1', '?seen=%70ending&wait=0', '?', '?wait=x', '?seen=pending&wait=1234567'])(
  'a poll that the web client would not write is looked at by the route: %s',
  async (query) => {
    const { status } = await poll(query)
    expect(status).toBe(/wait=(x|1234567)/.test(query) ? 400 : 200)
  },
)

test('HEAD and POST do not poll', async () => {
  await approve(phone, token)
  for (const method of ['HEAD', 'POST']) {
    const reply = await browser.call(method, `/login/status/${token}`)
    expect(reply.status).toBe(404)
    expect(reply.setCookies).toEqual([])
  }
  expect((await poll(LANE)).json).toMatchObject({ status: 'authenticated' })
})
