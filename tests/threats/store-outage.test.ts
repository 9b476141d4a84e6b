import { expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { type Client, createClient, createPhone, type Reply } from '../support/http-client.ts'
import { approve, scan, startLogin } from '../support/login-flow.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { DEMO_PASSWORD, startService } from '../support/service.ts'
import { setUpServiceOverALine } from '../support/service-over-a-line.ts'
import { expectProblem, sessionSetBy } from './seen.ts'

/** T17: while the store is away nothing is approved and nothing is lost. (The embedded store cannot go away alone.) */

const stage = setUpServiceOverALine({
  POLL_HOLD_SECONDS: '0',
  RATE_LOGINS_PER_MINUTE: '1000',
  RATE_SIGN_INS_PER_MINUTE: '1000',
  MATCH: 'always',
})

function expectUnavailable(reply: Reply): void {
  expectProblem(reply, 503, 'store_unavailable')
  expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
}

function everything(browser: Client, phone: Client, token: string): Promise<Reply>[] {
  return [
    browser.get(`/login/status/${token}`),
    browser.get(`/login/status/${token}?seen=pending&wait=1`),
    browser.post('/login', {}),
    browser.post('/login', { token }),
    browser.post('/login/match', { token, match_code: '000000' }),
    browser.post('/login/user-code', { token }),
    browser.delete(`/login/${token}`),
    phone.post('/login/scan', { token }),
    phone.post('/login/scan', { user_code: 'BCDF-GHJK' }),
    phone.post('/login/confirm', { token }),
    phone.post('/login/deny', { token }),
    phone.get(`/login/scan/${token}`),
    phone.get('/session'),
    phone.get('/sessions'),
    phone.delete('/sessions'),
    phone.delete('/sessions/x'),
    phone.post('/sign-out'),
    phone.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD }),
    browser.get('/readyz'),
  ]
}

test('T17 with the store out of reach every call is 503 with Retry-After in bounded time, and the process lives', async () => {
  const [browser, phone] = [createClient(stage.service.url), await createPhone(stage.service.url)]
  const token = await startLogin(browser)
  stage.line.cut()
  // All requests are answered before the store is back.
  for (const reply of await Promise.all(everything(browser, phone, token))) expectUnavailable(reply)
  expect((await browser.get('/healthz')).status).toBe(200)
  await stage.line.mend()
  await stage.untilReady()
})

test('T17 logins in every state are still there once the store is back, and go on to the end', async () => {
  const [browser, phone] = [createClient(stage.service.url), await createPhone(stage.service.url)]
  const pending = await startLogin(browser)
  const scanned = await startLogin(browser)
  await scan(phone, scanned)
  const matching = await startLogin(browser)
  await scan(phone, matching)
  const { match_code } = (await phone.post('/login/confirm', { token: matching })).json

  stage.line.cut()
  expectUnavailable(await phone.post('/login/confirm', { token: scanned }))
  expectUnavailable(await browser.post('/login/match', { token: matching, match_code }))
  await stage.line.mend()
  await stage.untilReady()

  expect((await browser.get(`/login/status/${pending}`)).json.status).toBe('pending')
  expect((await browser.get(`/login/status/${scanned}`)).json.status).toBe('scanned')
  expect((await browser.get(`/login/status/${matching}`)).json).toMatchObject({
    status: 'match_required',
    tries_left: 5,
  })
  const collected = await browser.post('/login/match', { token: matching, match_code })
  expect(collected.json.status).toBe('authenticated')
  expect(sessionSetBy(collected)).toBeDefined()
  expect((await phone.get('/session')).status).toBe(200)
})

test('T17 no answer of a service without its store is ever an approval, and no cookie is set', async () => {
  const [browser, phone] = [createClient(stage.service.url), await createPhone(stage.service.url)]
  const token = await startLogin(browser)
  await scan(phone, token)
  const race = everything(browser, phone, token)
  stage.line.cut()
  for (let round = 0; round < 5; round++) race.push(...everything(createClient(stage.service.url), phone, token))
  for (const reply of await Promise.all(race)) {
    expect(sessionSetBy(reply)).toBeUndefined()
    expect(reply.json?.status).not.toBe('authenticated')
    expect([503, 200, 201, 204, 401, 404, 409, 422, 429]).toContain(reply.status)
  }
  await stage.line.mend()
  await stage.untilReady()
})

test('T17 with limits on, a store that is away lets no flood through: they fail closed', async () => {
  stage.line.cut()
  const replies = await Promise.all(Array.from({ length: 30 }, () => createClient(stage.service.url).post('/login')))
  for (const reply of replies) expectUnavailable(reply)
  await stage.line.mend()
  await stage.untilReady()
})

test('T17 a Redis that was killed, and came back empty, is worked with again at once and without a restart', async () => {
  const own = await startRedis()
  const other = await startService({ REDIS_URL: own.url, POLL_HOLD_SECONDS: '0' })
  let again: RedisServer | undefined
  try {
    const [browser, phone] = [createClient(other.url), await createPhone(other.url)]
    const token = await startLogin(browser)
    await scan(phone, token)
    await own.stop()
    await eventually(
      'the outage is noticed',
      async () => (await phone.post('/login/confirm', { token })).status === 503,
    )
    expectUnavailable(await browser.get(`/login/status/${token}`))
    expectUnavailable(await createClient(other.url).post('/login'))

    again = await startRedis({ port: own.port })
    await eventually('the store is back', async () => (await browser.get('/readyz')).status === 200)
    // A login that was lost with the store is unknown, and not approved.
    expect((await browser.get(`/login/status/${token}`)).text).toBe('{"status":"expired"}')
    expectProblem(await phone.post('/login/confirm', { token }), 401, 'authentication_required')
    const [newBrowser, newPhone] = [createClient(other.url), await createPhone(other.url)]
    const next = await startLogin(newBrowser)
    await approve(newPhone, next)
    expect((await newBrowser.get(`/login/status/${next}`)).json.status).toBe('authenticated')
  } finally {
    await other.stop()
    await again?.stop()
    await own.stop()
  }
})
