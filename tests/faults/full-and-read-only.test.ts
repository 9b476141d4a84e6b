import { connect, createServer } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { createMemoryStore } from '../../server/store/memory-store.ts'
import { createInjectClient, createInjectPhone, createTestApp } from '../support/app.ts'
import { type AskAbout, behindThisMachine, enterApplication } from '../support/applications.ts'
import { eventually } from '../support/eventually.ts'
import { createFailingStore } from '../support/failing-store.ts'
import { freePort } from '../support/free-port.ts'
import { type Client, createClient, createPhone } from '../support/http-client.ts'
import { approve, scan, signInBrowser, startLogin } from '../support/login-flow.ts'
import { startRedis } from '../support/redis-server.ts'
import { type RedisWithAClock, startRedisWithAClock } from '../support/redis-with-a-clock.ts'
import { type Service, startService } from '../support/service.ts'

/** S7: where the store takes no writes, what only reads goes on; where it is full, ending and denying do too. */

const WIKI = 'http://wiki.test'

let redis: RedisWithAClock
let admin: Redis
let service: Service
let ahead = 0

beforeAll(async () => {
  redis = await startRedisWithAClock()
  admin = new Redis(redis.url)
  service = await startService({
    REDIS_URL: redis.url,
    POLL_HOLD_SECONDS: '0',
    ...behindThisMachine([{ origin: WIKI }]),
  })
})

afterAll(async () => {
  await service.stop()
  admin.disconnect()
  await redis.stop()
})

const status = async (client: Client, path: string) => (await client.get(path)).status

let phone: Client
let browser: Client
let asked: AskAbout[]

beforeEach(async () => {
  phone = await createPhone(service.url)
  browser = createClient(service.url)
  await signInBrowser(browser, phone)
  asked = await Promise.all([phone, browser].map((client) => enterApplication(client, WIKI)))
})

/** The next use of either is worth writing down. */
async function letTimePass(): Promise<void> {
  const witness = createClient(service.url)
  const token = await startLogin(witness)
  ahead += 90
  redis.setAhead(ahead)
  await eventually('90 s have passed', async () => {
    return (await witness.get(`/login/status/${token}`)).json.expires_in <= 300 - 90
  })
}

async function expectReads(token: string): Promise<void> {
  // As many polls as may come at once.
  for (let again = 0; again < 8; again++) {
    for (const client of [phone, browser]) {
      expect(await status(client, '/session')).toBe(200)
      expect(await status(client, '/sessions')).toBe(200)
    }
    for (const ask of asked) expect((await ask()).status).toBe(200)
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('pending')
  }
}

describe('a Redis that is full', () => {
  afterEach(() => admin.config('SET', 'maxmemory', '0'))
  const fill = () => admin.config('SET', 'maxmemory', '1')

  test('is said to be, and what only reads goes on', async () => {
    await letTimePass()
    const token = await startLogin(browser)
    await fill()
    expect(await status(browser, '/readyz')).toBe(503)
    await expectReads(token)
    expect((await createClient(service.url).post('/login')).status).toBe(503)
  })

  test('ends sessions all the same, from the next request on, and they stay ended', async () => {
    const second = createClient(service.url)
    await signInBrowser(second, phone)
    const waiting = createClient(service.url)
    const token = await startLogin(waiting)
    await approve(phone, token)
    await fill()
    const { id } = (await browser.get('/session')).json.session
    expect((await phone.delete(`/sessions/${id}`)).status).toBe(204)
    expect(await status(browser, '/session')).toBe(401)
    expect((await phone.delete('/sessions')).status).toBe(200)
    expect(await status(second, '/session')).toBe(401)
    const copy = [...phone.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    expect((await phone.post('/sign-out')).status).toBe(204)
    expect((await waiting.get(`/login/status/${token}`)).json.status).toBe('denied')
    await admin.config('SET', 'maxmemory', '0')
    for (const client of [browser, second]) expect(await status(client, '/session')).toBe(401)
    expect((await createClient(service.url).get('/session', { cookie: copy })).status).toBe(401)
    expect((await waiting.get(`/login/status/${token}`)).json.status).toBe('denied')
  })

  test('keeps what was confirmed for when there is room, and a phone may still say no', async () => {
    const [confirmed, scanned] = [createClient(service.url), createClient(service.url)]
    const tokens = [await startLogin(confirmed), await startLogin(scanned)] as const
    await approve(phone, tokens[0])
    await scan(phone, tokens[1])
    await fill()
    expect(await status(confirmed, `/login/status/${tokens[0]}`)).toBe(503)
    expect((await phone.post('/login/deny', { token: tokens[1] })).status).toBe(200)
    expect((await scanned.get(`/login/status/${tokens[1]}`)).json.status).toBe('denied')
    await admin.config('SET', 'maxmemory', '0')
    expect((await confirmed.get(`/login/status/${tokens[0]}`)).json.status).toBe('authenticated')
    expect(await status(confirmed, '/session')).toBe(200)
  })

  test('takes the first use of a session, which ends its hand-over', async () => {
    const fresh = createClient(service.url)
    const token = await startLogin(fresh)
    await approve(phone, token)
    const jar = [...fresh.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    await fresh.get(`/login/status/${token}`)
    await fill()
    expect(await status(fresh, '/session')).toBe(200)
    expect((await createClient(service.url).get(`/login/status/${token}`, { cookie: jar })).json).toEqual({
      status: 'expired',
    })
  })
})

describe('a Redis that takes no writes', () => {
  afterEach(() => admin.replicaof('NO', 'ONE'))
  const makeReadOnly = () => admin.replicaof('127.0.0.1', 1)

  test('is said to be, and what only reads goes on without a gap', async () => {
    await letTimePass()
    const token = await startLogin(browser)
    await makeReadOnly()
    expect(await status(browser, '/readyz')).toBe(503)
    await expectReads(token)
  })

  test('ends nothing, says so, and ends it once it can', async () => {
    const { id } = (await browser.get('/session')).json.session
    await makeReadOnly()
    for (const reply of [
      await phone.post('/sign-out'),
      await phone.delete('/sessions'),
      await phone.delete(`/sessions/${id}`),
    ]) {
      expect([reply.status, reply.json.code, reply.setCookies]).toEqual([503, 'store_unavailable', []])
      expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
    }
    for (const client of [phone, browser]) expect(await status(client, '/session')).toBe(200)
    await admin.replicaof('NO', 'ONE')
    expect((await phone.delete(`/sessions/${id}`)).status).toBe(204)
    expect((await phone.post('/sign-out')).status).toBe(204)
    for (const client of [phone, browser]) expect(await status(client, '/session')).toBe(401)
  })
})

test('a Redis that takes no writes any more is left for the one that does', async () => {
  const [first, second] = [await startRedis(), await startRedis()]
  const admins = [new Redis(first.url), new Redis(second.url)]
  const places = [first.port, second.port]
  const line = createServer((near) => {
    const far = connect(places[0] ?? 0, '127.0.0.1')
    near.pipe(far).pipe(near)
    for (const socket of [near, far]) socket.on('error', () => undefined)
  })
  const port = await freePort()
  await new Promise<void>((resolve) => line.listen(port, '127.0.0.1', resolve))
  const other = await startService({ REDIS_URL: `redis://127.0.0.1:${port}`, POLL_HOLD_SECONDS: '0' })
  // As behind a name: the address leads elsewhere from now on, the connection is the old one.
  await admins[0]?.replicaof('127.0.0.1', second.port)
  places.reverse()
  await eventually('writes go to the new primary', async () => {
    return (await createClient(other.url).post('/login')).status === 201
  })
  await other.stop()
  for (const each of admins) each.disconnect()
  line.close()
  await Promise.all([first.stop(), second.stop()])
})

describe('an embedded store', () => {
  test('that is full ends sessions and reads', async () => {
    const time = { now: Date.parse('2026-01-01T00:00:00Z') }
    const store = createMemoryStore({ clock: () => time.now, maxBytes: 20_000 })
    const { app } = await createTestApp({ POLL_HOLD_SECONDS: '0' }, { store }, time)
    const [leaving, staying] = [await createInjectPhone(app), await createInjectPhone(app)]
    const fill = async () => {
      for (let at = 0; ; at++) await store.write(`filler ${at}`, 'x', { expiresAt: time.now + 1e9 })
    }
    await expect(fill()).rejects.toMatchObject({ code: 'store_unavailable' })
    time.now += 61_000
    expect((await staying.get('/session')).statusCode).toBe(200)
    const copy = createInjectClient(app)
    copy.cookies.set('scanin_session', leaving.cookies.get('scanin_session') ?? '')
    expect((await leaving.post('/sign-out')).statusCode).toBe(204)
    expect((await copy.get('/session')).statusCode).toBe(401)
  })

  test('whose writes fail still says who is signed in', async () => {
    const time = { now: Date.parse('2026-01-01T00:00:00Z') }
    const failing = createFailingStore(createMemoryStore({ clock: () => time.now }))
    const { app } = await createTestApp({}, { store: failing.store }, time)
    const signedIn = await createInjectPhone(app)
    time.now += 61_000
    failing.failWritesAt(/^/)
    const first = await signedIn.get('/session')
    expect([first.statusCode, first.json().session.last_seen_at]).toEqual([200, '2026-01-01T00:00:00.000Z'])
    expect((await signedIn.post('/sign-out')).statusCode).toBe(503)
    failing.mend()
    expect((await signedIn.get('/session')).json().session.last_seen_at).toBe('2026-01-01T00:01:01.000Z')
  })
})
