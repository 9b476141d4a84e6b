import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { eventually } from '../support/eventually.ts'
import { createWrongClock, type WrongClock } from '../support/fake-time.ts'
import { createFaultyLine } from '../support/faulty-line.ts'
import { type Client, createClient, createPhone } from '../support/http-client.ts'
import { approve, signInBrowser, startLogin } from '../support/login-flow.ts'
import { type RedisWithAClock, startRedisWithAClock } from '../support/redis-with-a-clock.ts'
import { type Service, startService, startServiceProcess } from '../support/service.ts'

/**
 * S5: instances whose clocks are five minutes slow and five minutes fast, on one Redis whose own clock is set while they
 * run: all of them go by Redis's.
 */

const LOGIN_SECONDS = 60
const SESSION_SECONDS = 200
const QR_OVERLAP_SECONDS = 20
const URL = 'http://127.0.0.1:1'

let clocks: { slow: WrongClock; fast: WrongClock }
let redis: RedisWithAClock
let admin: Redis
let services: [Service, Service]
let startedAt: number

beforeAll(async () => {
  clocks = { slow: createWrongClock(-300), fast: createWrongClock(300) }
  redis = await startRedisWithAClock()
  admin = new Redis(redis.url)
  startedAt = Date.now()
  const start = ({ env }: WrongClock) =>
    startServiceProcess({
      REDIS_URL: redis.url,
      PUBLIC_URL: URL,
      POLL_HOLD_SECONDS: '0',
      LOGIN_SECONDS: String(LOGIN_SECONDS),
      QR_OVERLAP_SECONDS: String(QR_OVERLAP_SECONDS),
      SESSION_SECONDS: String(SESSION_SECONDS),
      ...env,
    })
  services = await Promise.all([start(clocks.slow), start(clocks.fast)])
})

afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()))
  admin.disconnect()
  await redis.stop()
  for (const clock of Object.values(clocks)) clock.remove()
})

/** Calls each instance in turn. */
const from = (first: 0 | 1) => [services[first].url, services[1 - first]?.url ?? '']

/** Sets Redis's clock ahead, and waits until both instances have noticed. */
let ahead = 0
async function passOnRedis(seconds: number, phone: Client): Promise<void> {
  const before = await secondsLeft(phone)
  ahead += seconds
  redis.setAhead(ahead)
  await eventually('both instances have the new time', async () => {
    const left = [await secondsLeft(phone), await secondsLeft(phone)]
    return left.every((each) => each <= before - seconds)
  })
}

const secondsLeft = async (phone: Client): Promise<number> => (await phone.get('/session')).json.session.expires_in

/** More than two readings of one clock differ by, and a tenth of what the clocks here differ by. */
const SLACK_SECONDS = 30

/** Starts a login. Checks that none of its time has passed but what the request took. */
async function beginLogin(browser: Client): Promise<string> {
  const askedAt = performance.now()
  const { token, expires_in } = (await browser.post('/login')).json
  expect(expires_in).toBeLessThanOrEqual(LOGIN_SECONDS)
  expect(expires_in + secondsSince(askedAt)).toBeGreaterThan(LOGIN_SECONDS - SLACK_SECONDS)
  return token
}

/** By this process's steady clock: so a slow machine does not look like a wrong clock. */
const secondsSince = (then: number) => (performance.now() - then) / 1000

test('the instances themselves do not agree on what time it is', () => {
  for (const [service, minutesOff] of [
    [services[0], -5],
    [services[1], 5],
  ] as const) {
    const [, said = ''] = /"time":"([^"]+)"/.exec(service.stdout()) ?? []
    const at = Date.parse(said) - minutesOff * 60_000
    expect(at).toBeGreaterThan(startedAt - 30_000)
    expect(at).toBeLessThan(Date.now() + 30_000)
  }
})

test.each([0, 1] as const)('a login goes on at whichever instance, beginning at instance %i', async (first) => {
  for (let round = 0; round < 5; round++) {
    const phone = await createPhone(from(first), URL)
    // Begun at one, scanned at the other, confirmed at the first, collected at the other.
    const browser = createClient(from(first), URL)
    const askedAt = performance.now()
    const token = await beginLogin(browser)
    await approve(phone, token)
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('authenticated')
    const sessions = [(await browser.get('/session')).json.session, (await browser.get('/session')).json.session]
    for (const { created_at, expires_in } of sessions) {
      expect(expires_in + secondsSince(askedAt)).toBeGreaterThan(SESSION_SECONDS - SLACK_SECONDS)
      // They may be a millisecond apart, and a second begun counts as one.
      expect(expires_in).toBeLessThanOrEqual(SESSION_SECONDS + 1)
      const secondsAgo = (Date.now() - Date.parse(created_at)) / 1000
      expect(secondsAgo).toBeGreaterThan(-SLACK_SECONDS)
      expect(secondsAgo).toBeLessThan(secondsSince(askedAt) + SLACK_SECONDS)
    }
    const { sessions: listed } = (await phone.get('/sessions')).json
    expect(listed.map(({ created_at }: { created_at: string }) => created_at)).toContain(sessions[0].created_at)
  }
})

test('an old QR scans nowhere after its end, and what is waited for ends everywhere when it should', async () => {
  const phone = await createPhone(from(0), URL)
  const waiting = await Promise.all(
    ([0, 1] as const).map(async (first) => {
      const browser = createClient(from(first), URL)
      const askedAt = performance.now()
      const old = await beginLogin(browser)
      const { token, expires_in } = (await browser.post('/login', { token: old })).json
      expect(expires_in + secondsSince(askedAt)).toBeGreaterThan(LOGIN_SECONDS - SLACK_SECONDS)
      return { browser, old, token }
    }),
  )
  await passOnRedis(QR_OVERLAP_SECONDS, phone)
  for (const { browser, old, token } of waiting) {
    for (const _instance of services) expect((await phone.post('/login/scan', { token: old })).status).toBe(404)
    for (const _instance of services) {
      expect((await browser.get(`/login/status/${token}`)).json.status).toBe('pending')
    }
  }
  await passOnRedis(LOGIN_SECONDS - QR_OVERLAP_SECONDS, phone)
  for (const { browser, token } of waiting) {
    for (const _instance of services) {
      expect((await browser.get(`/login/status/${token}`)).json).toEqual({ status: 'expired' })
    }
  }
})

test('a session lasts as long as it should, at both instances, and no longer', async () => {
  const phone = await createPhone(from(0), URL)
  const browser = createClient(from(1), URL)
  await signInBrowser(browser, phone)
  await passOnRedis(SESSION_SECONDS - 60, phone)
  for (const _instance of services) expect((await browser.get('/session')).status).toBe(200)
  await passOnRedis(60, phone)
  for (const _instance of services) expect((await browser.get('/session')).status).toBe(401)
})

test('an instance whose own clock is set while it runs goes on as before', async () => {
  const phone = await createPhone(from(0), URL)
  const browser = createClient(from(0), URL)
  const token = await startLogin(browser)
  for (const [minutes, clock] of [
    [5, clocks.slow],
    [-5, clocks.fast],
  ] as const) {
    clock.set(minutes * 60)
    expect((await browser.get(`/login/status/${token}`)).json).toMatchObject({ status: 'pending' })
    await beginLogin(createClient(from(0), URL))
  }
  await approve(phone, token)
  expect((await browser.get(`/login/status/${token}`)).json.status).toBe('authenticated')
  clocks.slow.set(-300)
  clocks.fast.set(300)
})

test('an instance that starts while Redis is away judges nothing by its own clock once it is back', async () => {
  const line = await createFaultyLine(redis.port)
  line.cut()
  const late = await startServiceProcess({
    REDIS_URL: `redis://127.0.0.1:${line.port}`,
    PUBLIC_URL: URL,
    ...clocks.fast.env,
  })
  const phone = await createPhone(services[0].url, URL)
  const browser = createClient([services[0].url, late.url], URL)
  const token = await startLogin(browser)
  await line.mend()
  const first = await eventually('the store is back', async () => {
    const reply = await createClient(late.url, URL).get(`/login/status/${token}`, { cookie: jarOf(browser) })
    return reply.status === 503 ? undefined : reply
  })
  expect(first.json.status).toBe('pending')
  await approve(phone, token)
  expect((await browser.get(`/login/status/${token}`)).json.status).toBe('authenticated')
  await late.stop()
  await line.close()
})

const jarOf = ({ cookies }: Client) => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')

test('a Redis that does not let its time be asked is told about, and worked with', async () => {
  await admin.call('ACL', 'SETUSER', 'timeless', 'on', '>pw', '~*', '&*', '+@all', '-time')
  const service = await startService({ REDIS_URL: `redis://timeless:pw@127.0.0.1:${redis.port}`, PUBLIC_URL: URL })
  const phone = await createPhone(service.url, URL)
  await signInBrowser(createClient(service.url, URL), phone)
  expect(service.stdout()).toContain('"trouble":"redis_time"')
  await service.stop()
})
