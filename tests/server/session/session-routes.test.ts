import { beforeEach, describe, expect, test } from '@jest/globals'
import { createAccounts } from '../../../server/identity/accounts.ts'
import type { PasswordVerifier } from '../../../server/identity/identity.ts'
import { hashPassword } from '../../../server/identity/passwords.ts'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type InjectClient,
  type TestApp,
} from '../../support/app.ts'
import { DEMO_PASSWORD } from '../../support/service.ts'

let testApp: TestApp
let phone: InjectClient

beforeEach(async () => {
  testApp = await createTestApp()
  phone = await createInjectPhone(testApp.app)
})

const HOUR = 3_600_000

/** A browser that the phone has just signed in. */
async function signedInBrowser(): Promise<InjectClient> {
  const browser = createInjectClient(testApp.app)
  const { token } = (await browser.post('/login')).json()
  await phone.post('/login/scan', { token })
  await phone.post('/login/confirm', { token })
  await browser.get(`/login/status/${token}`)
  return browser
}

const isSignedIn = async (client: InjectClient) => (await client.get('/session')).statusCode === 200

describe('signing in', () => {
  test('gives a phone its session, and each time a new secret', async () => {
    const again = createInjectClient(testApp.app)
    const reply = await again.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })
    expect(reply.json()).toEqual({ user: { id: 'demo', name: 'Demo Person' } })
    expect(reply.cookies[0]).toMatchObject({
      name: 'scanin_session',
      maxAge: 2_592_000,
      httpOnly: true,
      sameSite: 'Lax',
    })
    expect(reply.cookies[0]?.value).not.toBe(phone.cookies.get('scanin_session'))
    expect((await again.get('/session')).json()).toMatchObject({ session: { kind: 'phone' } })
  })

  test('never adopts a cookie that was there before', async () => {
    const planted = createInjectClient(testApp.app)
    planted.cookies.set('scanin_session', 'x'.repeat(43))
    await planted.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })
    expect(planted.cookies.get('scanin_session')).not.toBe('x'.repeat(43))
  })

  test('opens nothing where the account ends while its password is checked', async () => {
    const passwordHash = await hashPassword('right', { memoryCost: 64, timeCost: 1, parallelism: 1 })
    const account = { username: 'ada', user: { id: 'ada', name: 'Ada', credential: 'c' }, passwordHash }
    const accounts = createAccounts([{ ...account, isDisabled: false }])
    const verifyPassword: PasswordVerifier = async (...typed) => {
      const user = await accounts.verifyPassword(...typed)
      accounts.replace([{ ...account, isDisabled: true }])
      return user
    }
    const { app } = await createTestApp({}, { accounts, verifyPassword })
    const client = createInjectClient(app)
    const reply = await client.post('/sign-in', { username: 'ada', password: 'right' })
    expect([reply.statusCode, reply.json().code, reply.cookies]).toEqual([401, 'invalid_credentials', []])
    accounts.replace([{ ...account, isDisabled: false }])
    expect(await isSignedIn(client)).toBe(false)
  })

  test('says the same of a wrong password and of an unknown name', async () => {
    const client = createInjectClient(testApp.app)
    const replies = [
      await client.post('/sign-in', { username: 'demo', password: 'wrong' }),
      await client.post('/sign-in', { username: 'nobody', password: 'wrong' }),
      await client.post('/sign-in', { username: '__proto__', password: 'wrong' }),
    ]
    for (const reply of replies) {
      expect(reply.statusCode).toBe(401)
      expect(reply.json()).toMatchObject({ code: 'invalid_credentials' })
      expect(reply.body).toBe(replies[0]?.body)
      expect(reply.cookies).toEqual([])
    }
  })

  test('is limited by address', async () => {
    const limited = await createTestApp({ RATE_SIGN_INS_PER_MINUTE: '3' })
    const client = createInjectClient(limited.app)
    const tries = (remoteAddress: string) =>
      client.post('/sign-in', { username: 'demo', password: 'wrong' }, { remoteAddress })
    for (let count = 0; count < 3; count++) expect((await tries('192.0.2.1')).statusCode).toBe(401)
    const refused = await tries('192.0.2.1')
    expect(refused.statusCode).toBe(429)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect((await tries('192.0.2.2')).statusCode).toBe(401)
  })
})

describe('a session', () => {
  test('says who, of what kind, since when and how long', async () => {
    testApp.time.now += 30_000
    expect((await phone.get('/session')).json()).toEqual({
      user: { id: 'demo', name: 'Demo Person' },
      session: {
        id: expect.stringMatching(/^[\w-]{43}$/),
        kind: 'phone',
        created_at: '2026-01-01T00:00:00.000Z',
        last_seen_at: '2026-01-01T00:00:00.000Z',
        expires_in: 2_591_970,
      },
    })
  })

  test('has an id that is no part of its secret', async () => {
    const { id } = (await phone.get('/session')).json().session
    const secret = phone.cookies.get('scanin_session') ?? ''
    expect(id.includes(secret) || secret.includes(id)).toBe(false)
  })

  test('of a browser ends an hour after its last use, and twelve hours after it began', async () => {
    const browser = await signedInBrowser()
    for (let hours = 0; hours < 11; hours++) {
      testApp.time.now += HOUR - 120_000
      expect(await isSignedIn(browser)).toBe(true)
    }
    const idle = await signedInBrowser()
    expect(await isSignedIn(idle)).toBe(true)
    testApp.time.now += HOUR
    expect(await isSignedIn(idle)).toBe(false)
    testApp.time.now += 12 * HOUR
    expect(await isSignedIn(browser)).toBe(false)
  })

  test('that is used all the time still ends at its end', async () => {
    const browser = await signedInBrowser()
    for (let minutes = 0; minutes < 12 * 60; minutes += 30) {
      expect(await isSignedIn(browser)).toBe(true)
      testApp.time.now += HOUR / 2
    }
    expect(await isSignedIn(browser)).toBe(false)
  })

  test('of a phone rests for a month', async () => {
    testApp.time.now += 719 * HOUR
    expect(await isSignedIn(phone)).toBe(true)
    testApp.time.now += HOUR
    expect(await isSignedIn(phone)).toBe(false)
  })

  test('counts for nothing beside a bearer token', async () => {
    const reply = await phone.get('/session', { headers: { authorization: 'Bearer abc' } })
    expect(reply.statusCode).toBe(401)
  })

  test.each(['', 'x', 'x'.repeat(43), 'x'.repeat(4000)])('is not made of just any cookie: %#', async (value) => {
    const client = createInjectClient(testApp.app)
    client.cookies.set('scanin_session', value)
    const reply = await client.get('/session')
    expect([reply.statusCode, reply.json().code]).toEqual([401, 'authentication_required'])
  })
})

describe('the list of sessions', () => {
  test('has all of the person, the newest first, and marks the one that asks', async () => {
    testApp.time.now += 1000
    const browser = await signedInBrowser()
    const { sessions } = (await phone.get('/sessions')).json()
    expect(sessions.map(({ kind, current }: { kind: string; current: boolean }) => [kind, current])).toEqual([
      ['browser', false],
      ['phone', true],
    ])
    expect(sessions[0]).toEqual({
      id: (await browser.get('/session')).json().session.id,
      kind: 'browser',
      browser: { name: 'Unknown browser', os: 'unknown system' },
      ip: '127.0.0.1',
      created_at: '2026-01-01T00:00:01.000Z',
      last_seen_at: '2026-01-01T00:00:01.000Z',
      current: false,
      new: true,
      login: expect.stringMatching(/^[\w-]{16}$/),
    })
  })

  test('forgets what ended by itself', async () => {
    await signedInBrowser()
    testApp.time.now += 13 * HOUR
    expect((await phone.get('/sessions')).json().sessions).toHaveLength(1)
  })
})

describe('revoking', () => {
  test('one ends it from the next request on', async () => {
    const browser = await signedInBrowser()
    const { id } = (await browser.get('/session')).json().session
    expect((await phone.delete(`/sessions/${id}`)).statusCode).toBe(204)
    expect(await isSignedIn(browser)).toBe(false)
    expect((await phone.get('/sessions')).json().sessions).toHaveLength(1)
  })

  test('twice, or what never was, is not found', async () => {
    const browser = await signedInBrowser()
    const { id } = (await browser.get('/session')).json().session
    await phone.delete(`/sessions/${id}`)
    for (const gone of [id, 'x'.repeat(43), 'x', 'x'.repeat(65), 'x'.repeat(1000)]) {
      const reply = await phone.delete(`/sessions/${gone}`)
      expect([reply.statusCode, reply.json().code]).toEqual([404, 'not_found'])
    }
  })

  test('the others leaves the one that asks', async () => {
    const browsers = [await signedInBrowser(), await signedInBrowser()]
    expect((await phone.delete('/sessions')).json()).toEqual({ revoked: 2 })
    for (const browser of browsers) expect(await isSignedIn(browser)).toBe(false)
    expect(await isSignedIn(phone)).toBe(true)
  })

  test('oneself by signing out takes the cookie too, and doing so signed out is fine', async () => {
    const reply = await phone.post('/sign-out')
    expect(reply.statusCode).toBe(204)
    expect(reply.cookies[0]).toMatchObject({ name: 'scanin_session', value: '', maxAge: 0 })
    expect((await createInjectClient(testApp.app).post('/sign-out')).statusCode).toBe(204)
  })

  test('a copied cookie is dead after signing out', async () => {
    const copy = createInjectClient(testApp.app)
    copy.cookies.set('scanin_session', phone.cookies.get('scanin_session') ?? '')
    await phone.post('/sign-out')
    expect(await isSignedIn(copy)).toBe(false)
  })
})

test.each([
  [1e303, 2 ** 31 - 1],
  [Number.POSITIVE_INFINITY, 2 ** 31 - 1],
  [Date.parse('2026-01-01T00:05:00.001Z'), 301],
  [Number.MIN_SAFE_INTEGER, 0],
])('a token that its provider has end at %d ends in %i whole seconds', async (goodUntil, seconds) => {
  const user = { id: 'ann', name: 'Ann', source: 'jwt' } as const
  const { app } = await createTestApp({}, { bearerVerifiers: [async () => ({ kind: 'person', user, goodUntil })] })
  const reply = await createInjectClient(app).get('/session', { headers: { authorization: 'Bearer x' } })
  expect(reply.json().session).toMatchObject({ kind: 'phone', expires_in: seconds })
})
