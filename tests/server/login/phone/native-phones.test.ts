import { beforeEach, describe, expect, test } from '@jest/globals'
import type { BearerVerifier } from '../../../../server/identity/identity.ts'
import {
  createInjectClient,
  createTestApp,
  createTestPeople,
  type InjectClient,
  PUBLIC_URL,
  type TestApp,
} from '../../../support/app.ts'

/** Native apps of people, each by a token that names its person: which phone is which, and whose sessions are whose. */

const KNOWN: Record<string, string> = { 'of-ada': 'ada', 'of-ada-too': 'ada', 'of-eve': 'eve' }

let testApp: TestApp
let browser: InjectClient
/** The demo account's, signed in by password. */
let phone: InjectClient

const verify: BearerVerifier = async (token) => {
  const id = KNOWN[token]
  if (id === undefined) return { kind: 'refused', why: 'nobody knows it' }
  const now = testApp.time.now
  return { kind: 'person', user: { id, name: id, source: 'jwt' }, issuedAt: now - 60_000, goodUntil: now + 300_000 }
}

beforeEach(async () => {
  const people = await createTestPeople({}, { bearerVerifiers: [verify] })
  ;({ testApp, browser, phone } = people)
})

const ONE = '6f1c0d8e-3b5a-4c1e-9d57-0a2b7c4e9f13'
const OTHER = '0a2b7c4e-9f13-4c1e-9d57-6f1c0d8e3b5a'

async function ask(bearer: string, method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) {
  const headers = { authorization: `Bearer ${bearer}` }
  const reply = await testApp.app.inject({ method, url, headers, ...(payload && { payload }) })
  const json = reply.body === '' ? undefined : reply.json()
  return { status: reply.statusCode, json, is: [reply.statusCode, json?.code ?? json?.status] }
}

/** What an app asks for a login, as this device or as none. */
const act = (bearer: string, what: string, token: string, device_id?: string) =>
  ask(bearer, 'POST', `/login/${what}`, { token, ...(device_id && { device_id }) })

async function startLogin(): Promise<string> {
  return (await browser.post('/login')).json().token
}

const statusOf = async (token: string) => (await browser.get(`/login/status/${token}`)).json().status

describe('who is not signed in', () => {
  const TAKEN: [method: 'GET' | 'POST' | 'DELETE', path: string][] = [
    ['GET', '/session'],
    ['GET', '/sessions'],
    ['DELETE', '/sessions'],
    ['POST', '/login/scan'],
    ['POST', '/login/confirm'],
    ['POST', '/login/deny'],
  ]
  const tokens = () => ({ token: `${'x'.repeat(16)}.${'y'.repeat(22)}` })
  const asked = async (method: 'GET' | 'POST' | 'DELETE', url: string, headers = {}, app = testApp.app) => {
    const { statusCode, headers: said } = await app.inject({
      method,
      url,
      headers,
      ...(method === 'POST' && { payload: tokens() }),
    })
    return [statusCode, said['www-authenticate']]
  }

  test('is asked for a token where one would do, whatever cookie is sent, and told nothing of an error', async () => {
    const cookie = { cookie: `scanin_session=${'x'.repeat(43)}`, origin: PUBLIC_URL }
    for (const [method, path] of TAKEN) {
      expect([path, await asked(method, path)]).toEqual([path, [401, 'Bearer']])
      expect([path, await asked(method, path, cookie)]).toEqual([path, [401, 'Bearer']])
    }
    const bad = { authorization: 'Bearer of-nobody' }
    expect(await asked('GET', '/session', bad)).toEqual([401, 'Bearer error="invalid_token"'])
  })

  test('is asked for none where none is taken: by a route, or at all', async () => {
    expect(await asked('GET', '/events')).toEqual([401, undefined])
    expect(await asked('GET', '/passkeys')).toEqual([401, undefined])
    const { app } = await createTestApp()
    for (const [method, path] of TAKEN) expect(await asked(method, path, {}, app)).toEqual([401, undefined])
    await app.close()
  })
})

describe('two devices of one person', () => {
  test('are two phones: what one has scanned the other takes over by scanning, and confirms not before', async () => {
    const token = await startLogin()
    expect((await act('of-ada', 'scan', token, ONE)).status).toBe(200)
    expect((await act('of-ada', 'confirm', token, OTHER)).is).toEqual([409, 'not_scanned'])
    expect((await act('of-ada', 'confirm', token)).is).toEqual([409, 'not_scanned'])
    expect((await act('of-ada', 'deny', token, OTHER)).is).toEqual([409, 'not_scanned'])
    expect((await act('of-ada', 'scan', token, OTHER)).status).toBe(200)
    expect((await act('of-ada', 'confirm', token, ONE)).is).toEqual([409, 'not_scanned'])
    expect((await act('of-ada', 'confirm', token, OTHER)).is).toEqual([200, 'authenticated'])
    expect(await statusOf(token)).toBe('authenticated')
  })

  test('go on with another token of theirs, and with their id in capitals', async () => {
    const token = await startLogin()
    expect((await act('of-ada', 'scan', token, ONE)).status).toBe(200)
    expect((await act('of-ada-too', 'confirm', token, ONE.toUpperCase())).is).toEqual([200, 'authenticated'])
  })

  test('need not say which they are to see how it goes on, nor to deny', async () => {
    const token = await startLogin()
    await act('of-ada', 'scan', token, ONE)
    expect((await ask('of-ada', 'GET', `/login/scan/${token}`)).is).toEqual([200, 'scanned'])
    expect((await ask('of-eve', 'GET', `/login/scan/${token}`)).is).toEqual([404, 'expired_token'])
    expect((await act('of-eve', 'deny', token)).is).toEqual([409, 'not_scanned'])
    expect((await act('of-ada', 'deny', token)).is).toEqual([200, 'denied'])
    expect(await statusOf(token)).toBe('denied')
  })

  test('that never say which they are are one phone', async () => {
    const token = await startLogin()
    await act('of-ada', 'scan', token)
    expect((await act('of-ada-too', 'confirm', token)).is).toEqual([200, 'authenticated'])
  })

  test('type a code as they scan one', async () => {
    const token = await startLogin()
    const { user_code } = (await browser.post('/login/user-code', { token })).json()
    const scanned = await ask('of-ada', 'POST', '/login/scan', { user_code, device_id: ONE })
    expect((await act('of-ada', 'confirm', scanned.json.token, OTHER)).is).toEqual([409, 'not_scanned'])
    expect((await act('of-ada', 'confirm', scanned.json.token, ONE)).is).toEqual([200, 'authenticated'])
  })

  test("called as another person's are not that person's", async () => {
    const token = await startLogin()
    await act('of-ada', 'scan', token, ONE)
    expect((await act('of-eve', 'confirm', token, ONE)).is).toEqual([409, 'not_scanned'])
    expect((await act('of-eve', 'scan', token, ONE)).is).toEqual([409, 'already_scanned'])
  })

  test.each([
    '',
    'phone',
    ONE.slice(1),
    `${ONE}0`,
    `{${ONE}}`,
    ONE.replaceAll('-', ''),
    '00000000-0000-0000-0000-000000000000',
  ])('have no other names than UUIDs: "%s" is refused', async (device_id) => {
    const token = await startLogin()
    for (const what of ['scan', 'confirm', 'deny']) {
      expect((await ask('of-ada', 'POST', `/login/${what}`, { token, device_id })).is).toEqual([400, 'invalid_request'])
    }
    expect(await statusOf(token)).toBe('pending')
  })

  test('may be named by a phone that has a session, which is that session all the same', async () => {
    const token = await startLogin()
    expect((await phone.post('/login/scan', { token, device_id: ONE })).statusCode).toBe(200)
    expect((await phone.post('/login/confirm', { token, device_id: OTHER })).json()).toEqual({
      status: 'authenticated',
    })
  })
})

/** A browser that this app has signed in. */
async function signedIn(bearer: string): Promise<InjectClient> {
  const client = createInjectClient(testApp.app)
  const { token } = (await client.post('/login')).json()
  await act(bearer, 'scan', token)
  await act(bearer, 'confirm', token)
  await client.get(`/login/status/${token}`)
  return client
}

const isIn = async (client: InjectClient) => (await client.get('/session')).statusCode === 200

describe("the sessions of an app's person", () => {
  test('are listed, and ended one by one, from the next request on', async () => {
    const [ours, theirs] = [await signedIn('of-ada'), await signedIn('of-eve')]
    const id = (await ours.get('/session')).json().session.id
    const { json } = await ask('of-ada', 'GET', '/sessions')
    expect(json.sessions).toEqual([expect.objectContaining({ id, kind: 'browser', current: false })])
    const notHers = (await theirs.get('/session')).json().session.id
    expect((await ask('of-ada', 'DELETE', `/sessions/${notHers}`)).is).toEqual([404, 'not_found'])
    expect((await ask('of-ada', 'DELETE', `/sessions/${id}`)).status).toBe(204)
    expect([await isIn(ours), await isIn(theirs)]).toEqual([false, true])
  })

  test("are ended all at once, and nobody else's", async () => {
    const [one, other, theirs] = [await signedIn('of-ada'), await signedIn('of-ada-too'), await signedIn('of-eve')]
    expect((await ask('of-ada', 'DELETE', '/sessions')).json).toEqual({ revoked: 2 })
    expect([await isIn(one), await isIn(other), await isIn(theirs), await isIn(phone)]).toEqual([
      false,
      false,
      true,
      true,
    ])
  })

  test("have the app's own token among them nowhere: it says for how long it is good", async () => {
    const { status, json } = await ask('of-ada', 'GET', '/session')
    expect([status, json]).toEqual([
      200,
      {
        user: { id: 'ada', name: 'ada' },
        session: {
          id: expect.stringMatching(/^[\w-]{43}$/),
          kind: 'phone',
          created_at: '2025-12-31T23:59:00.000Z',
          last_seen_at: '2026-01-01T00:00:00.000Z',
          expires_in: 300,
        },
      },
    ])
    expect((await ask('of-ada', 'GET', '/sessions')).json).toEqual({ sessions: [] })
    expect((await ask('of-ada', 'DELETE', `/sessions/${json.session.id}`)).status).toBe(404)
  })

  test("are nobody's to a token that is none, also beside a cookie that is good", async () => {
    const headers = { authorization: 'Bearer of-nobody' }
    const replies = [
      await phone.get('/session', { headers }),
      await phone.get('/sessions', { headers }),
      await phone.delete('/sessions', { headers }),
      await phone.delete(`/sessions/${'x'.repeat(43)}`, { headers }),
    ]
    for (const reply of replies) {
      expect([reply.statusCode, reply.headers['www-authenticate']]).toEqual([401, 'Bearer error="invalid_token"'])
    }
    expect(await isIn(phone)).toBe(true)
  })

  test('are ended by an app without a word of where it comes from, and beside a cookie of somebody else', async () => {
    const [ours, theirs] = [await signedIn('of-ada'), await signedIn('of-eve')]
    const headers = {
      authorization: 'Bearer of-ada',
      origin: 'https://elsewhere.example',
      'sec-fetch-site': 'cross-site',
    }
    const cookies = Object.fromEntries(theirs.cookies)
    const reply = await testApp.app.inject({ method: 'DELETE', url: '/sessions', headers, cookies })
    expect(reply.json()).toEqual({ revoked: 1 })
    expect([await isIn(ours), await isIn(theirs)]).toEqual([false, true])
  })

  test('of a token whose end nobody says are asked for again in ten minutes', async () => {
    const endless: BearerVerifier = async () => ({
      kind: 'person',
      user: { id: 'ada', name: 'ada', source: 'userinfo' },
    })
    const { app } = await createTestApp({}, { bearerVerifiers: [endless] })
    const reply = await app.inject({ url: '/session', headers: { authorization: 'Bearer x' } })
    expect(reply.json().session).toMatchObject({ expires_in: 600, created_at: '2026-01-01T00:00:00.000Z' })
  })
})
