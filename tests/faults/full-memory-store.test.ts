import { beforeEach, expect, test } from '@jest/globals'
import { createMemoryStore } from '../../server/store/memory-store.ts'
import type { RecordStore } from '../../server/store/record-store.ts'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type InjectClient,
  type TestApp,
} from '../support/app.ts'
import { DEMO_PASSWORD } from '../support/service.ts'

const PER_MINUTE = 5

let store: RecordStore
let testApp: TestApp
let browser: InjectClient
let phone: InjectClient

beforeEach(async () => {
  const time = { now: Date.parse('2026-01-01T00:00:00Z') }
  store = createMemoryStore({ clock: () => time.now, maxBytes: 60_000 })
  const env = { MATCH: 'always', RATE_LOGINS_PER_MINUTE: String(PER_MINUTE) }
  testApp = await createTestApp(env, { store }, time)
  browser = createInjectClient(testApp.app)
  phone = await createInjectPhone(testApp.app)
})

/** Writes until nothing fits. */
async function fill(begins: boolean): Promise<void> {
  const expiresAt = testApp.time.now + 60_000
  for (let records = 0, size = 1000; size > 0; records++) {
    await store.write(`junk:${records}`, 'x'.repeat(size), { expiresAt, begins }).catch(() => {
      size = Math.floor(size / 2)
    })
  }
}

test('a store full of logins refuses the next one, and every one that waits still gets in', async () => {
  const others = Array.from({ length: PER_MINUTE - 1 }, () => createInjectClient(testApp.app))
  const waiting = [browser, ...others]
  const tokens = await Promise.all(waiting.map(async (each) => (await each.post('/login')).json().token))
  await fill(true)

  const refused = await createInjectClient(testApp.app).post('/login', undefined, { remoteAddress: '203.0.113.9' })
  expect(refused.json()).toMatchObject({ status: 503, code: 'store_unavailable' })
  expect(refused.headers['retry-after']).toBe('10')

  for (const [at, token] of tokens.entries()) {
    await phone.post('/login/scan', { token })
    const { match_code } = (await phone.post('/login/confirm', { token })).json()
    const collected = await waiting[at]?.post('/login/match', { token, match_code })
    expect(collected?.json().status).toBe('authenticated')
    expect((await waiting[at]?.get('/session'))?.statusCode).toBe(200)
  }
})

test('with no room at all, who is signed in stays so and can sign out, and digits that are right use up no try', async () => {
  const { token } = (await browser.post('/login')).json()
  await phone.post('/login/scan', { token })
  const { match_code } = (await phone.post('/login/confirm', { token })).json()
  await fill(false)

  for (let again = 0; again < 6; again++) {
    expect((await browser.post('/login/match', { token, match_code })).statusCode).toBe(503)
  }
  await store.remove('junk:0')
  expect((await browser.post('/login/match', { token, match_code })).json().status).toBe('authenticated')
  await fill(false)
  expect((await browser.get('/session')).statusCode).toBe(200)
  expect((await browser.post('/sign-out')).statusCode).toBe(204)
  expect((await phone.get('/session')).statusCode).toBe(200)
})

test('a login that could not be started counts for no limit', async () => {
  await fill(true)
  for (let again = 0; again < 2 * PER_MINUTE; again++) expect((await browser.post('/login')).statusCode).toBe(503)
  for (let record = 0; record < PER_MINUTE; record++) await store.remove(`junk:${record}`)
  const started = []
  for (let again = 0; again <= PER_MINUTE; again++) {
    started.push((await createInjectClient(testApp.app).post('/login')).statusCode)
  }
  expect(started).toEqual([...Array.from({ length: PER_MINUTE }, () => 201), 429])
})

test('a store in its last eighth lets in who signs in with the right password, wherever they are', async () => {
  await fill(true)
  const payload = { username: 'demo', password: DEMO_PASSWORD }
  const signIn = (remoteAddress: string) => createInjectClient(testApp.app).post('/sign-in', payload, { remoteAddress })
  expect((await signIn('127.0.0.1')).statusCode).toBe(200)
  expect((await signIn('203.0.113.9')).statusCode).toBe(200)
})
