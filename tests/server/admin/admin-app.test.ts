import { afterEach, describe, expect, test } from '@jest/globals'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { ScanInError } from '../../../server/errors.ts'
import { createMetrics } from '../../../server/http/metrics.ts'
import { createAccounts, demoAccount } from '../../../server/identity/accounts.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type TestApp,
  type TestParts,
} from '../../support/app.ts'
import { keepLog } from '../../support/audit-lines.ts'
import { eventually } from '../../support/eventually.ts'
import { DEMO_PASSWORD } from '../../support/service.ts'

const ADMIN_TOKEN = 'a-token-of-an-operator-that-is-long'
const NOW = Date.parse('2026-01-01T00:00:00Z')

let testApp: TestApp

afterEach(() => testApp.app.close())

async function begin(parts: TestParts = {}) {
  const accounts = createAccounts([await demoAccount(DEMO_PASSWORD)])
  const log = keepLog()
  const options = { accounts, logger: log.logger, ...parts }
  testApp = await createTestApp({ MATCH: 'never', ADMIN_PORT: '0', ADMIN_TOKEN }, options)
  const admin = testApp.adminApp as FastifyInstance
  const ask = (method: 'GET' | 'POST' | 'DELETE', url: string, more: InjectOptions = {}) =>
    admin.inject({ method, url, headers: { host: '127.0.0.1:9465', authorization: `Bearer ${ADMIN_TOKEN}` }, ...more })
  return { ask, log, phone: await createInjectPhone(testApp.app) }
}

describe('of a person', () => {
  test('all sessions are listed and ended', async () => {
    const { ask, phone, log } = await begin()
    await createInjectPhone(testApp.app)
    const { id } = (await phone.get('/session')).json().session
    const listed = await ask('GET', '/users/demo/sessions')
    expect(listed.json()).toMatchObject({ user: { id: 'demo' }, blocked: false, sessions: [{}, {}] })
    expect(listed.json().sessions).toContainEqual({
      ...{ id, kind: 'phone', browser: { name: 'Unknown browser', os: 'unknown system' }, ip: '127.0.0.1' },
      ...{ created_at: '2026-01-01T00:00:00.000Z', last_seen_at: '2026-01-01T00:00:00.000Z', expires_in: 2_592_000 },
    })
    log.news()
    expect((await ask('DELETE', '/users/demo/sessions')).json()).toEqual({ revoked: 2 })
    expect((await phone.get('/session')).statusCode).toBe(401)
    expect((await ask('GET', '/users/demo/sessions')).json().sessions).toEqual([])
    const by = { address: '127.0.0.1', outcome: 'success', person: 'demo', request_id: expect.any(String) }
    expect(log.news()).toMatchObject([
      { audit: 'session.revoked', reason: 'operator', ...by },
      { audit: 'session.revoked', reason: 'operator', ...by },
      { audit: 'admin.sessions_ended', sessions: 2, ...by },
    ])
    expect((await ask('DELETE', '/users/demo/sessions')).json()).toEqual({ revoked: 0 })
    expect((await createInjectPhone(testApp.app)).cookies.size).toBe(1)
  })

  test('a block signs them out, lets them in nowhere and is listed, until it is taken back', async () => {
    const { ask, phone, log } = await begin()
    const browser = createInjectClient(testApp.app)
    const { token } = (await browser.post('/login')).json()
    await phone.post('/login/scan', { token })
    log.news()
    const blocked = { user: { id: 'demo' }, blocked: true, revoked: 1 }
    expect((await ask('POST', '/users/demo/block')).json()).toEqual(blocked)
    expect((await phone.get('/session')).statusCode).toBe(401)
    expect((await browser.get(`/login/status/${token}`)).json().status).toBe('denied')
    const right = { username: 'demo', password: DEMO_PASSWORD }
    const wrong = { username: 'demo', password: 'wrong' }
    const [refused, mistaken] = [await phone.post('/sign-in', right), await phone.post('/sign-in', wrong)]
    expect([refused.statusCode, refused.body]).toEqual([401, mistaken.body])
    expect(log.news().map(({ audit, reason, outcome }) => [audit, reason, outcome])).toEqual([
      ['session.revoked', 'operator', 'success'],
      ['login.denied', 'authority_ended', 'success'],
      ['admin.blocked', undefined, 'success'],
      ['sign_in.failed', undefined, 'failure'],
      ['sign_in.failed', undefined, 'failure'],
    ])

    testApp.time.now += 1000
    expect((await ask('POST', '/users/demo/block')).json()).toEqual({ ...blocked, revoked: 0 })
    expect((await ask('GET', '/users/demo/sessions')).json()).toMatchObject({ blocked: true, sessions: [] })
    expect((await ask('GET', '/blocks')).json()).toEqual({
      blocks: [{ user: { id: 'demo' }, blocked_at: new Date(NOW).toISOString() }],
    })

    const unblocked = await ask('DELETE', '/users/demo/block')
    expect([unblocked.statusCode, unblocked.body]).toEqual([204, ''])
    expect((await phone.post('/sign-in', right)).statusCode).toBe(200)
    expect((await ask('GET', '/blocks')).json()).toEqual({ blocks: [] })
    expect((await ask('DELETE', '/users/demo/block')).statusCode).toBe(204)
    expect(log.news().map(({ audit }) => audit)).toEqual([
      'admin.blocked',
      'admin.unblocked',
      'sign_in.succeeded',
      'admin.unblocked',
    ])
  })

  test('from elsewhere the address says from where, and ids may be long and of any letters', async () => {
    const { ask } = await begin()
    const id = `auth0|${'ж'.repeat(249)}`
    expect((await ask('POST', `/users/${encodeURIComponent(`jwt|${id}`)}/block`)).statusCode).toBe(200)
    expect((await ask('POST', `/users/${encodeURIComponent('userinfo|a/b?c#d')}/block`)).statusCode).toBe(200)
    const { blocks } = (await ask('GET', '/blocks')).json()
    expect(blocks.map(({ user }: { user: unknown }) => user)).toEqual([{ id: `jwt|${id}` }, { id: 'userinfo|a/b?c#d' }])
    expect((await ask('GET', '/users/demo/sessions')).json().blocked).toBe(false)
  })

  test('what a native app approved for them is denied with their sessions, and it may approve again', async () => {
    const user = { id: 'ada', name: 'Ada', source: 'jwt' as const }
    const goodUntil = NOW + 3_600_000
    const { ask } = await begin({ bearerVerifiers: [async () => ({ kind: 'person', user, goodUntil })] })
    const app = createInjectClient(testApp.app)
    const as = { headers: { authorization: 'Bearer x' } }
    const approve = async () => {
      const browser = createInjectClient(testApp.app)
      const { token } = (await browser.post('/login')).json()
      await app.post('/login/scan', { token }, as)
      expect((await app.post('/login/confirm', { token }, as)).json()).toEqual({ status: 'authenticated' })
      return async () => (await browser.get(`/login/status/${token}`)).json().status
    }
    const statusOf = await approve()
    expect((await ask('DELETE', '/users/jwt%7Cada/sessions')).statusCode).toBe(200)
    expect(await statusOf()).toBe('denied')
    expect(await (await approve())()).toBe('authenticated')
  })

  test('sessions end also where what their native app approved cannot be looked for, and that is told', async () => {
    const store = createMemoryStore({ clock: () => NOW })
    let isAway = false
    const read: typeof store.read = (key) => {
      if (isAway && key.startsWith('scans-of:')) return Promise.reject(new ScanInError('store_unavailable'))
      return store.read(key)
    }
    const { ask, phone } = await begin({ store: { ...store, read } })
    isAway = true
    expect((await ask('DELETE', '/users/demo/sessions')).statusCode).toBe(503)
    expect((await phone.get('/session')).statusCode).toBe(401)
  })

  test.each([
    ['a block', 'POST', 'DELETE'],
    ['the end of a block', 'DELETE', 'POST'],
  ] as const)(
    '%s that is cut in two by its opposite leaves nobody blocked and in no list',
    async (_, first, second) => {
      const store = createMemoryStore({ clock: () => NOW })
      let isToHold = false
      let hasCome = false
      let release = () => {}
      const released = new Promise<void>((resolve) => (release = resolve))
      const hold = async () => {
        isToHold = false
        hasCome = true
        await released
      }
      const write: typeof store.write = async (key, ...rest) => {
        const isHeld = isToHold && key === 'blocked'
        if (isHeld && first === 'DELETE') await hold()
        const isWritten = await store.write(key, ...rest)
        if (isHeld && first === 'POST') await hold()
        return isWritten
      }
      const { ask } = await begin({ store: { ...store, write } })
      if (first === 'DELETE') await ask('POST', '/users/demo/block')
      isToHold = true
      const cut = ask(first, '/users/demo/block')
      await eventually('the list of who is blocked is written', () => hasCome)
      expect((await ask(second, '/users/demo/block')).statusCode).toBeLessThan(300)
      release()
      expect((await cut).statusCode).toBeLessThan(300)
      expect((await ask('GET', '/users/demo/sessions')).json().blocked).toBe(true)
      expect((await ask('GET', '/blocks')).json().blocks).toMatchObject([{ user: { id: 'demo' } }])
    },
  )

  test('a block that the store did not take is in no list, nor is one that was taken back before it was noted again', async () => {
    const time = { now: NOW }
    const store = createMemoryStore({ clock: () => time.now })
    let writes: 'done' | 'lost' | 'held' = 'done'
    let notes = 0
    let hasCome = false
    let release = () => {}
    const released = new Promise<void>((resolve) => (release = resolve))
    const write: typeof store.write = async (key, ...rest) => {
      if (writes === 'lost' && key.startsWith('sessions-of:')) throw new ScanInError('store_unavailable')
      if (writes === 'held' && key === 'blocked' && ++notes === 2) {
        writes = 'done'
        hasCome = true
        await released
      }
      return store.write(key, ...rest)
    }
    const { ask } = await begin({ store: { ...store, write }, clock: () => time.now })
    const blocks = async () => (await ask('GET', '/blocks')).json().blocks
    writes = 'lost'
    expect((await ask('POST', '/users/demo/block')).statusCode).toBe(503)
    expect(await blocks()).toEqual([])

    writes = 'held'
    const cut = ask('POST', '/users/demo/block')
    await eventually('the block is noted again', () => hasCome)
    expect((await ask('DELETE', '/users/demo/block')).statusCode).toBe(204)
    release()
    expect((await cut).statusCode).toBe(200)
    expect((await ask('GET', '/users/demo/sessions')).json().blocked).toBe(false)
    expect(await blocks()).toEqual([])

    time.now += 1000
    await ask('POST', '/users/demo/block')
    expect(await blocks()).toEqual([{ user: { id: 'demo' }, blocked_at: new Date(time.now).toISOString() }])
  })

  test('nobody is blocked who is nobody: a slip of the finger is told', async () => {
    const { ask } = await begin()
    for (const id of ['dmeo', 'a\tb', ' demo', 'x'.repeat(301)]) {
      const { statusCode } = await ask('POST', `/users/${encodeURIComponent(id)}/block`)
      expect([id, [404, 400].includes(statusCode)]).toEqual([id, true])
    }
    expect((await ask('GET', '/blocks')).json()).toEqual({ blocks: [] })
  })

  test('what the store did not answer is told as unknown, and done when it is asked again', async () => {
    const store = createMemoryStore({ clock: () => NOW })
    let isDown = false
    const write: typeof store.write = async (key, ...rest) => {
      if (isDown && key.startsWith('session:')) throw new ScanInError('store_unavailable')
      return store.write(key, ...rest)
    }
    const { ask, phone, log } = await begin({ store: { ...store, write } })
    isDown = true
    const failed = await ask('POST', '/users/demo/block')
    expect([failed.statusCode, failed.headers['retry-after']]).toEqual([503, '1'])
    expect(log.news()).toContainEqual(expect.objectContaining({ audit: 'admin.blocked', outcome: 'unknown' }))
    isDown = false
    expect((await ask('POST', '/users/demo/block')).json()).toMatchObject({ revoked: 1 })
    expect((await phone.get('/session')).statusCode).toBe(401)
  })
})

test('metrics are there for who shows the token, and without metrics nothing is', async () => {
  const { ask } = await begin({ metrics: createMetrics() })
  const reply = await ask('GET', '/metrics')
  expect([reply.statusCode, reply.headers['content-type']]).toEqual([
    200,
    expect.stringMatching(/^text\/plain; version=/),
  ])
  expect(reply.body).toContain('scanin_audit_events_total{event="admin.blocked"} 0')
})

test('every reply is a problem with an id where it is refused, and kept by nobody', async () => {
  const { ask } = await begin()
  for (const [method, url] of [
    ['GET', '/users/demo'],
    ['GET', '/login'],
    ['POST', '/users/demo/sessions'],
    ['GET', '/metrics'],
    ['GET', '/'],
  ] as const) {
    const { statusCode, headers } = await ask(method, url)
    expect([url, statusCode, headers]).toMatchObject([
      url,
      404,
      {
        'content-type': 'application/problem+json; charset=utf-8',
        'cache-control': expect.stringContaining('no-store'),
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'x-request-id': expect.any(String),
      },
    ])
  }
})
