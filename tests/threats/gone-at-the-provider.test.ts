import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createInjectClient, createTestApp, type InjectClient, PUBLIC_URL, type TestApp } from '../support/app.ts'
import { startTeamProvider, type TeamProvider } from '../support/team-provider.ts'

/**
 * T28: who is gone at the team's provider is gone on every instance. At once where the provider tells one of them so, on the
 * first request after ten minutes where it does not; and what they approved before is not handed over after.
 */

const ADA = { name: 'Ada Lovelace' }
const TEN_MINUTES = 600
const TWELVE_HOURS = 43_200

let team: TeamProvider
/** Two of them, on one store. The provider and the phone know the first, all others come to the second. */
let instances: [TestApp, TestApp]
let phone: InjectClient
/** Signed in by the phone. */
let browser: InjectClient

beforeAll(async () => {
  team = await startTeamProvider({ publicUrl: PUBLIC_URL, keepsLogouts: true })
})
afterAll(() => team.stop())

beforeEach(async () => {
  for (const who of ['u-1', 'u-2']) team.people.set(who, ADA)
  team.isDown = false
  const env = { ...team.env, POLL_HOLD_SECONDS: '0', COLLECT_SECONDS: '300' }
  const first = await createTestApp(env, {}, { now: Date.now() })
  instances = [first, await createTestApp(env, { store: first.store }, first.time)]
  phone = await signIn('u-1')
  browser = createInjectClient(instances[0].app)
  const { token } = await approve(browser, phone)
  expect(await statusOf(browser, token)).toBe('authenticated')
})

afterEach(async () => {
  for (const { app } of instances) await app.close()
})

const pass = (seconds: number) => {
  instances[0].time.now += seconds * 1000
}

async function signIn(who: string): Promise<InjectClient> {
  const client = createInjectClient(instances[0].app)
  const begun = await client.get('/sign-in/oidc?return_to=/scan')
  const { pathname, search } = await team.visit(String(begun.headers.location), who)
  expect((await client.get(pathname + search)).statusCode).toBe(302)
  return client
}

/** The same browser or phone, at the second instance. */
function elsewhere({ cookies }: InjectClient): InjectClient {
  const moved = createInjectClient(instances[1].app)
  for (const [name, value] of cookies) moved.cookies.set(name, value)
  return moved
}

/** A login that the phone approves; with digits to type, where it is told to ask for them. */
async function approve(waiting: InjectClient, by: InjectClient): Promise<{ token: string; code?: string }> {
  const { token } = (await waiting.post('/login')).json()
  await by.post('/login/scan', { token })
  const reply = await by.post('/login/confirm', { token })
  expect(reply.statusCode).toBe(200)
  return { token, code: reply.json().match_code }
}

const statusOf = async (client: InjectClient, token: string) =>
  (await client.get(`/login/status/${token}`)).json().status

/** Neither of the two has anything left, here or there; told by the second instance first. */
async function expectOut(): Promise<void> {
  for (const client of [elsewhere(phone), elsewhere(browser), phone, browser])
    for (const path of ['/session', '/sessions']) expect((await client.get(path)).statusCode).toBe(401)
}

async function expectDenied(waiting: InjectClient, token: string): Promise<void> {
  for (const place of [elsewhere(waiting), waiting]) {
    const reply = await place.get(`/login/status/${token}`)
    expect([reply.json().status, reply.cookies]).toEqual(['denied', []])
  }
}

describe('of whom the provider tells one instance', () => {
  const tell = async (sub: string) => {
    const reply = await createInjectClient(instances[0].app).post('/sign-in/oidc/backchannel-logout', undefined, {
      payload: String(new URLSearchParams({ logout_token: await team.logoutToken({ sub }) })),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect(reply.statusCode).toBe(200)
  }

  test('T28 phone and browser are out at the other, on the next request', async () => {
    for (const client of [phone, browser]) expect((await elsewhere(client).get('/session')).statusCode).toBe(200)
    await tell('u-1')
    await expectOut()
  })

  test('T28 what they approved is denied at the other', async () => {
    const waiting = createInjectClient(instances[0].app)
    const { token } = await approve(waiting, phone)
    await tell('u-1')
    await expectDenied(waiting, token)
  })

  test('T28 nobody else is out', async () => {
    const other = await signIn('u-2')
    const waiting = createInjectClient(instances[0].app)
    const { token } = await approve(waiting, other)
    await tell('u-1')
    expect((await elsewhere(other).get('/session')).statusCode).toBe(200)
    expect(await statusOf(elsewhere(waiting), token)).toBe('authenticated')
  })
})

describe('of whom the provider tells nobody', () => {
  test('T28 phone and browser are out everywhere once ten minutes are over', async () => {
    team.people.delete('u-1')
    pass(TEN_MINUTES - 1)
    for (const client of [phone, browser]) expect((await elsewhere(client).get('/session')).statusCode).toBe(200)
    pass(1)
    await expectOut()
  })

  test('T28 what they approved is denied once ten minutes are over', async () => {
    pass(TEN_MINUTES - 10)
    const waiting = createInjectClient(instances[0].app)
    const { token } = await approve(waiting, phone)
    team.people.delete('u-1')
    pass(10)
    await expectDenied(waiting, token)
    await expectOut()
  })

  test('T28 what they approved waits where the provider has been silent for too long to say, and is not lost', async () => {
    team.isDown = true
    pass(TWELVE_HOURS - 10)
    const waiting = createInjectClient(instances[0].app)
    const { token } = await approve(waiting, phone)
    pass(10)
    const reply = await elsewhere(waiting).get(`/login/status/${token}`)
    expect([reply.statusCode, reply.json().code]).toEqual([503, 'identity_provider_unavailable'])
    expect(reply.cookies).toEqual([])
    team.isDown = false
    pass(60)
    expect(await statusOf(elsewhere(waiting), token)).toBe('authenticated')
  })

  test('T28 and handed over to whoever waits for somebody that is still there', async () => {
    pass(TEN_MINUTES - 10)
    const waiting = createInjectClient(instances[0].app)
    const { token } = await approve(waiting, phone)
    pass(10)
    expect(await statusOf(elsewhere(waiting), token)).toBe('authenticated')
  })
})
