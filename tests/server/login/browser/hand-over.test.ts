import { beforeEach, describe, expect, test } from '@jest/globals'
import { ScanInError } from '../../../../server/errors.ts'
import type { BearerVerifier, PasswordVerifier, User } from '../../../../server/identity/identity.ts'
import { decodeLogin } from '../../../../server/login/login-record.ts'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type InjectClient,
  type TestApp,
} from '../../../support/app.ts'
import { eventually } from '../../../support/eventually.ts'

/** People as they are now, and who is none of ours any more. */
let people: Map<string, Partial<User> | undefined>
/** Two instances on one store. */
let instances: [TestApp, TestApp]
let browser: InjectClient
let phone: InjectClient
let token: string

const verifyPassword: PasswordVerifier = async (id) => ({ id, name: id })
const verifyBearer: BearerVerifier = async () => ({ kind: 'person', user: { id: 'ann', name: 'Ann', source: 'jwt' } })
const currentPerson = (user: User) => (people.has(user.id) ? { ...user, ...people.get(user.id) } : undefined)

async function begin(env: Record<string, string> = {}): Promise<void> {
  people = new Map([
    ['ann', {}],
    ['bob', {}],
  ])
  const parts = { verifyPassword, currentPerson, bearerVerifiers: [verifyBearer] }
  const first = await createTestApp({ POLL_HOLD_SECONDS: '25', ...env }, parts)
  const second = await createTestApp({ POLL_HOLD_SECONDS: '25', ...env }, { ...parts, store: first.store }, first.time)
  instances = [first, second]
  browser = createInjectClient(first.app)
  phone = await createInjectPhone(first.app, 'ann')
  token = (await browser.post('/login')).json().token
}

const status = (query = '') => browser.get(`/login/status/${token}${query}`).then((reply) => reply.json())
const pass = (seconds: number) => {
  instances[0].time.now += seconds * 1000
}

async function approve(): Promise<string | undefined> {
  await phone.post('/login/scan', { token })
  return (await phone.post('/login/confirm', { token })).json().match_code
}

/** The browser, at the other instance. */
function elsewhere(): InjectClient {
  const moved = createInjectClient(instances[1].app)
  for (const [name, value] of browser.cookies) moved.cookies.set(name, value)
  return moved
}

async function storedLogin() {
  const record = await instances[0].store.read(`login:${token.slice(0, 16)}`)
  return decodeLogin(record?.value)
}

beforeEach(() => begin())

describe('a person who is gone', () => {
  test('has approved nothing', async () => {
    await approve()
    people.delete('ann')
    expect(await status()).toMatchObject({ status: 'denied' })
    expect((await elsewhere().get(`/login/status/${token}`)).json()).toMatchObject({ status: 'denied' })
    people.set('ann', {})
    expect(await status()).toMatchObject({ status: 'denied' })
  })

  test('has nothing under way: the browser that waits for the phone is told at its next poll, without being held', async () => {
    await phone.post('/login/scan', { token })
    expect(await status()).toMatchObject({ status: 'scanned' })
    people.delete('ann')
    expect(await status('?seen=scanned&wait=25')).toMatchObject({ status: 'denied' })
  })

  test('is not matched with, by the right digits or by wrong ones', async () => {
    for (const isRight of [true, false]) {
      await begin({ MATCH: 'always' })
      const code = await approve()
      people.delete('ann')
      const reply = await elsewhere().post('/login/match', { token, match_code: isRight ? code : '000000' })
      expect(reply.json()).toMatchObject({ status: 'denied' })
      expect(reply.cookies).toEqual([])
    }
  })

  test('leaves the logins of others alone', async () => {
    await approve()
    people.delete('bob')
    expect(await status()).toMatchObject({ status: 'authenticated' })
  })
})

test('who is handed over is the person as of now, not as of the scan', async () => {
  await approve()
  people.set('ann', { name: 'Ann Newname', groups: ['new'] })
  expect(await status()).toMatchObject({ status: 'authenticated', user: { id: 'ann', name: 'Ann Newname' } })
  expect((await browser.get('/session')).json().user).toEqual({ id: 'ann', name: 'Ann Newname', groups: ['new'] })
})

test("a phone's session whose time ended between approval and use approved nothing", async () => {
  await begin({ REMEMBER_SECONDS: '30' })
  await approve()
  pass(30)
  expect(await status()).toMatchObject({ status: 'denied' })
})

describe('a phone that makes way for the session that it approved, as its person has no other browser', () => {
  /** The person's oldest phone, of as many as they may have sessions, approves. */
  async function approveByTheOldestOf(phones: number) {
    await begin({ MAX_SESSIONS: String(phones) })
    for (let count = 1; count < phones; count++) {
      pass(1)
      await createInjectPhone(instances[0].app, 'ann')
    }
    pass(1)
    await approve()
    return Object.fromEntries(browser.cookies)
  }

  test.each([1, 2])('has approved it still when the reply is lost (MAX_SESSIONS=%i)', async (most) => {
    const cookies = await approveByTheOldestOf(most)
    const lost = await browser.get(`/login/status/${token}`)
    const again = await browser.get(`/login/status/${token}`, { cookies })
    expect([lost.json().status, again.json().status]).toEqual(['authenticated', 'authenticated'])
    expect(again.cookies[0]?.value).toBe(lost.cookies[0]?.value)
    expect((await browser.get('/session')).statusCode).toBe(200)
    expect((await phone.get('/session')).statusCode).toBe(401)
  })

  test.each([1, 2])('has approved it still when the store is away for a moment (MAX_SESSIONS=%i)', async (most) => {
    await approveByTheOldestOf(most)
    const [{ store }] = instances
    const { write } = store
    store.write = async (key, ...rest) => {
      if (!key.startsWith('sessions-of:')) return write(key, ...rest)
      store.write = write
      throw new ScanInError('store_unavailable')
    }
    expect((await browser.get(`/login/status/${token}`)).statusCode).toBe(503)
    expect(await status()).toMatchObject({ status: 'authenticated' })
    expect((await browser.get('/session')).statusCode).toBe(200)
  })
})

test("a native app's approval is nobody's session", async () => {
  const headers = { authorization: 'Bearer token' }
  const app = createInjectClient(instances[0].app)
  await app.post('/login/scan', { token }, { headers })
  await app.post('/login/confirm', { token }, { headers })
  expect(await status()).toMatchObject({ status: 'authenticated' })
  expect(await instances[0].store.read('scans-of:bearer:jwt:ann')).toBeUndefined()
})

describe('after the hand-over', () => {
  test('a reply that was lost is not given again once the phone is out, and what was given stays', async () => {
    await approve()
    const jar = Object.fromEntries(browser.cookies)
    await status()
    await phone.post('/sign-out')
    const again = await browser.get(`/login/status/${token}`, { cookies: jar })
    expect([again.json().status, again.cookies]).toEqual(['denied', []])
    expect((await browser.get('/session')).statusCode).toBe(200)
  })

  test('what was used stays once the phone is out', async () => {
    await approve()
    const jar = Object.fromEntries(browser.cookies)
    await status()
    expect((await browser.get('/session')).statusCode).toBe(200)
    await phone.post('/sign-out')
    expect((await browser.get(`/login/status/${token}`, { cookies: jar })).json().status).toBe('expired')
    expect((await browser.get('/session')).statusCode).toBe(200)
  })

  test('10 s later the store has nothing of the login, and the key collects nothing', async () => {
    await approve()
    const jar = Object.fromEntries(browser.cookies)
    await status()
    expect(await storedLogin()).toMatchObject({ status: 'delivered', salt: expect.any(String) })
    pass(10)
    expect(await storedLogin()).toBeUndefined()
    expect((await browser.get(`/login/status/${token}`, { cookies: jar })).json()).toEqual({ status: 'expired' })
  })

  test('the salt is forgotten when the session is used, on whichever instance', async () => {
    await approve()
    await status()
    expect((await elsewhere().get('/session')).statusCode).toBe(200)
    const login = await storedLogin()
    expect([login?.status, Object.keys(login ?? {}).includes('salt')]).toEqual(['delivered', false])
  })
})

/** What is done to the store from now on, by kind of record. */
function storeSteps(): string[] {
  const [{ store }] = instances
  const { read, write, writeTogether } = store
  const done: string[] = []
  // Nobody waits for what people are told of their accounts.
  const note = (what: string, key: string) =>
    key.startsWith('events-of:') || done.push(`${what} ${key.replace(/:.*/, '')}`)
  store.read = (key) => {
    note('read', key)
    return read(key)
  }
  store.write = (key, ...rest) => {
    note('write', key)
    return write(key, ...rest)
  }
  store.writeTogether = (writes) => {
    note('write', writes.map(({ key }) => key.replace(/:.*/, '')).join(', '))
    return writeTogether(writes)
  }
  return done
}

test('from confirm to session nothing is read but beside something else, and no poll of a pending login reads more than the login', async () => {
  const done = storeSteps()
  await status()
  expect(done.splice(0)).toEqual(['read login'])
  await phone.post('/login/scan', { token })
  done.splice(0)
  await phone.post('/login/confirm', { token })
  expect(done.splice(0).sort()).toEqual(['read login', 'read session', 'write login'])
  await status()
  expect(done).toEqual([
    'read login',
    ...['read session', 'read sessions-of'],
    'write sessions-of, session, login',
    // That it was given, for which nobody waits.
    ...['read login', 'write login'],
  ])
})

test('digits are tried on what was read of the login, unless a try before them has changed it', async () => {
  await begin({ MATCH: 'always' })
  const code = (await approve()) ?? ''
  const done = storeSteps()
  const type = (match_code: string) => browser.post('/login/match', { token, match_code })
  const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0')
  expect((await type(wrong)).json()).toMatchObject({ tries_left: 4 })
  expect(done.splice(0)).toEqual(['read login', 'write login'])
  const [{ store }] = instances
  const { write } = store
  store.write = async (...what) => {
    await eventually('both have read', () => done.length > 1)
    return write(...what)
  }
  const replies = await Promise.all([type(wrong), type(wrong)])
  store.write = write
  expect(replies.map((reply) => reply.json().tries_left)).toEqual([3, 2])
  expect(done.splice(0)).toEqual([...['read login', 'read login', 'write login'], ...['read login', 'write login']])
  expect((await type(code)).json()).toMatchObject({ status: 'authenticated' })
  expect(done.slice(0, 3)).toEqual(['read login', 'write login', 'read login'])
})
