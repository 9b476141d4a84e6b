import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { FastifyInstance } from 'fastify'
import { calculateJwkThumbprint } from 'jose'
import { createAppList } from '../../server/apps/forward-auth/app-list.ts'
import { parseApps } from '../../server/apps/forward-auth/apps-file.ts'
import { type Account, createAccounts } from '../../server/identity/accounts.ts'
import type { BearerVerifier } from '../../server/identity/identity.ts'
import { hashPassword } from '../../server/identity/passwords.ts'
import { createMemoryStore } from '../../server/store/memory-store.ts'
import { createRecordLimiter } from '../../server/store/record-limiter.ts'
import { createInjectClient, createInjectPhone, createTestApp, type InjectClient, PUBLIC_URL } from '../support/app.ts'
import { makePhoneKey, type PhoneKey, proofOf } from '../support/proofs.ts'
import { DEMO_PASSWORD } from '../support/service.ts'

/** T17, T26: somebody who is signed in has codes and tokens made without end, by a script of theirs or another's page. */

const WIKI = 'https://wiki.example'
const MINUTE = 60_000
/** Of each kind, in a minute. */
const MOST_OF_SESSION = 120
const MOST_OF_PERSON = 600
const MOST_OF_KEY = 240

/** Of the form of an errand, but nobody's: only the application could tell. */
const ENTER = `/auth/enter?${new URLSearchParams({ app: WIKI, state: `${'a'.repeat(16)}.Lw.${'b'.repeat(43)}` })}`

const enter = (who: InjectClient, accept = '*/*') => who.get(ENTER, { headers: { accept } })
const askForToken = (who: InjectClient) => who.post('/session/token')

/** Of a native app, bound to the key whose thumbprint it is. */
const verifyToken: BearerVerifier = async (keyThumbprint) => ({
  kind: 'person',
  user: { id: 'native-1', name: 'Native Person', source: 'jwt' },
  keyThumbprint,
})

let people: Account[]
const time = { now: 0 }
let app: FastifyInstance
/** Keys that were written. */
let written: string[]

beforeAll(async () => {
  const passwordHash = await hashPassword(DEMO_PASSWORD, { memoryCost: 64, timeCost: 1, parallelism: 1 })
  people = ['demo', 'ada'].map((id) => ({ username: id, user: { id, name: id }, passwordHash, isDisabled: false }))
})
beforeEach(async () => {
  time.now = Date.now()
  written = []
  const clock = () => time.now
  const inner = createMemoryStore({ clock })
  const store: typeof inner = {
    ...inner,
    write(key, ...what) {
      written.push(key)
      return inner.write(key, ...what)
    },
  }
  const apps = createAppList()
  apps.replace(parseApps(JSON.stringify([{ origin: WIKI }])))
  const parts = {
    ...{ apps, store, accounts: createAccounts(people), bearerVerifiers: [verifyToken] },
    makeLimiter: (name: string, points: number, durationSeconds: number) =>
      createRecordLimiter({ store, clock, name, points, durationSeconds }),
  }
  ;({ app } = await createTestApp({ TOKEN_AUDIENCES: 'https://orders.example' }, parts, time))
})
afterEach(() => app.close())

test.each([
  ['codes for an application behind forward auth', enter, 302],
  ['tokens for a back end', askForToken, 200],
])(
  'T17 T26 who has %s made without end is told to slow down, by session and by person, and nobody else',
  async (_what, ask, given) => {
    for (let sessions = 0; sessions < MOST_OF_PERSON / MOST_OF_SESSION; sessions++) {
      const phone = await createInjectPhone(app)
      const statuses: number[] = []
      for (let times = 0; times < MOST_OF_SESSION + 5; times++) statuses.push((await ask(phone)).statusCode)
      expect(statuses.filter((status) => status === given)).toHaveLength(MOST_OF_SESSION)
      expect(statuses.filter((status) => status === 429)).toHaveLength(5)
    }
    const phone = await createInjectPhone(app)
    const refused = await ask(phone)
    expect([refused.statusCode, refused.json().code]).toEqual([429, 'slow_down'])
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    // Refused requests have made nothing.
    expect(written.filter((key) => key.startsWith('app-code:'))).toHaveLength(ask === enter ? MOST_OF_PERSON : 0)
    expect((await ask(await createInjectPhone(app, 'ada'))).statusCode).toBe(given)
    time.now += MINUTE
    expect((await ask(phone)).statusCode).toBe(given)
  },
)

test('T17 what has used up one kind leaves the other, and the session itself, as they are', async () => {
  const phone = await createInjectPhone(app)
  for (let times = 0; times < MOST_OF_SESSION; times++) await enter(phone)
  expect((await enter(phone)).statusCode).toBe(429)
  expect((await askForToken(phone)).statusCode).toBe(200)
  expect((await phone.get('/session')).statusCode).toBe(200)
})

test('T17 a person on the way into an application is told by a page that it was too much, and others by a problem', async () => {
  const phone = await createInjectPhone(app)
  for (let times = 0; times < MOST_OF_SESSION; times++) await enter(phone)
  const page = await enter(phone, 'text/html')
  expect([page.statusCode, page.headers['content-type']]).toEqual([429, 'text/html; charset=utf-8'])
  expect(Number(page.headers['retry-after'])).toBeGreaterThan(0)
  expect(page.headers['cache-control']).toContain('no-store')
  expect((await enter(phone)).headers['content-type']).toMatch(/^application\/problem\+json/)
})

test('T17 who is not signed in is led to the login page, and is counted for nothing', async () => {
  const stranger = createInjectClient(app)
  for (let times = 0; times < MOST_OF_SESSION + 5; times++) {
    const { statusCode, headers } = await enter(stranger)
    expect([statusCode, String(headers.location)]).toEqual([302, expect.stringContaining('/?return_to=')])
  }
  expect(written).toEqual([])
})

test('T17 T26 an app that shows proofs without end is told to slow down by its key, no more are kept, and others go on', async () => {
  const proofs = () => written.filter((key) => key.startsWith('proof:')).length
  async function ask(key: PhoneKey): Promise<number> {
    const token = await calculateJwkThumbprint(key.jwk)
    const iat = Math.floor(time.now / 1000)
    const proof = await proofOf(key, { token, method: 'GET', url: `${PUBLIC_URL}/session` }, { claims: { iat } })
    const headers = { authorization: `DPoP ${token}`, dpop: proof }
    return (await app.inject({ url: '/session', headers })).statusCode
  }
  const [one, another] = await Promise.all([makePhoneKey(), makePhoneKey()])
  const statuses: number[] = []
  for (let times = 0; times < MOST_OF_KEY + 2; times++) statuses.push(await ask(one))
  expect(statuses).toEqual([...Array(MOST_OF_KEY).fill(200), 429, 429])
  expect(proofs()).toBe(MOST_OF_KEY)
  expect(await ask(another)).toBe(200)
  time.now += MINUTE
  expect(await ask(one)).toBe(200)
})
