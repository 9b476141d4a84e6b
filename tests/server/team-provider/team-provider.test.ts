import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { decodeJwt, type JWTPayload } from 'jose'
import { createAppList } from '../../../server/apps/forward-auth/app-list.ts'
import { ScanInError } from '../../../server/errors.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import type { RecordStore } from '../../../server/store/record-store.ts'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type InjectClient,
  PUBLIC_URL,
  type TestApp,
  type TestParts,
} from '../../support/app.ts'
import { createAppBrowser, type Send } from '../../support/app-browser.ts'
import { type KeptLog, keepLog } from '../../support/audit-lines.ts'
import { eventually } from '../../support/eventually.ts'
import { createFailingStore, type Loss } from '../../support/failing-store.ts'
import { ADMIN_TOKEN } from '../../support/operator.ts'
import { createSoftwareAuthenticator } from '../../support/software-authenticator.ts'
import { startTeamProvider, type TeamProvider } from '../../support/team-provider.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** Browsers' sessions that no other end comes to first. */
const LONG = { SESSION_SECONDS: '604800', SESSION_IDLE_SECONDS: '604800' }
const ADA = { name: 'Ada Lovelace', email: 'ada@example.org', email_verified: true, roles: ['engineers', 'all staff'] }

let team: TeamProvider
let testApp: TestApp
let phone: InjectClient
let log: KeptLog

beforeAll(async () => {
  team = await startTeamProvider({ publicUrl: PUBLIC_URL, keepsLogouts: true })
})
afterAll(() => team.stop())

beforeEach(async () => {
  team.isDown = false
  team.downAt = undefined
  team.slowAt = undefined
  team.endlessAt = undefined
  team.publishesAnother = false
  team.people.clear()
  team.people.set('u-1', ADA)
  await start()
})

async function start(env: Record<string, string> = {}, parts: TestParts = {}): Promise<void> {
  log = keepLog()
  testApp = await createTestApp(
    { ...team.env, PHONE_OIDC_GROUPS_CLAIM: 'roles', ...env },
    { logger: log.logger, ...parts },
    {
      now: Date.now(),
    },
  )
  phone = createInjectClient(testApp.app)
}

/** Another instance on a store, the app's if none is named. `as`: a client of the app's that comes to this one. */
async function another(store = testApp.store) {
  const { app } = await createTestApp({ ...team.env, PHONE_OIDC_GROUPS_CLAIM: 'roles' }, { store }, testApp.time)
  const as = ({ cookies }: InjectClient): InjectClient => {
    const client = createInjectClient(app)
    for (const [name, value] of cookies) client.cookies.set(name, value)
    return client
  }
  return { as }
}

/** What is written of grants into a store, and how many of them are kept for longer than a moment. */
function grantsOf(inner: RecordStore) {
  const ends = new Map<string, number>()
  const store: RecordStore = {
    ...inner,
    write(key, value, options) {
      if (key.startsWith('provider-grant:')) ends.set(key, options.expiresAt)
      return inner.write(key, value, options)
    },
  }
  const kept = () => [...ends.values()].filter((at) => at > testApp.time.now + 2 * MINUTE_MS).length
  return { store, kept, ends }
}

/** A store that loses writes of grants, one after the other as `losses` say, which it uses up. */
function losingGrants(inner: RecordStore, losses: (Loss | undefined)[]): RecordStore {
  return {
    ...inner,
    async write(key, value, options) {
      const loss = key.startsWith('provider-grant:') ? losses.shift() : undefined
      const written = loss !== 'before' && (await inner.write(key, value, options))
      if (loss !== undefined) throw new ScanInError('store_unavailable')
      return written
    },
  }
}

/** A store that loses writes of grants that bring another refresh token, while `loss` says how. */
function losingTokens(inner: RecordStore) {
  const it = {
    loss: undefined as Loss | undefined,
    /** The refresh token of each grant that was to be written durably, lost or not. */
    durable: [] as string[],
  }
  const tokenOf = (grant: unknown): string | undefined => Object(grant).refresh
  const store: RecordStore = {
    ...inner,
    async write(key, value, options) {
      const token = tokenOf(value)
      if (!key.startsWith('provider-grant:') || token === undefined) return inner.write(key, value, options)
      const isLost = it.loss !== undefined && token !== tokenOf((await inner.read(key))?.value)
      const written = isLost && it.loss === 'before' ? false : await inner.write(key, value, options)
      if (options.durable) it.durable.push(token)
      if (isLost) throw new ScanInError('store_unavailable')
      return written
    },
  }
  return Object.assign(it, { store })
}

const pathOf = ({ pathname, search }: URL) => pathname + search

/** Signs in at the provider, and comes back. @returns the reply to that */
async function signIn(client = phone, { who = 'u-1', to = '/scan', browser = new Map<string, string>() } = {}) {
  const begun = await client.get(`/sign-in/oidc?${new URLSearchParams({ return_to: to })}`)
  expect([begun.statusCode, begun.body]).toEqual([302, ''])
  return client.get(pathOf(await team.visit(String(begun.headers.location), who, browser)))
}

/** A browser, signed in by the phone. */
async function signInBrowser(by = phone): Promise<InjectClient> {
  const browser = createInjectClient(testApp.app)
  const { token } = (await browser.post('/login')).json()
  await by.post('/login/scan', { token })
  expect((await by.post('/login/confirm', { token })).json()).toEqual({ status: 'authenticated' })
  expect((await browser.get(`/login/status/${token}`)).json().status).toBe('authenticated')
  return browser
}

const whoIs = async (client: InjectClient) => {
  const { statusCode, ...reply } = await client.get('/session')
  return statusCode === 200 ? reply.json().user : (reply.json().code as string)
}
const OUT = 'authentication_required'
const told = () => log.news().map(({ audit, reason, method }) => [audit, reason ?? method])
const readable = ({ statusCode, headers, body }: Awaited<ReturnType<typeof signIn>>) => {
  expect(headers['content-type']).toBe('text/html; charset=utf-8')
  const [, title] = /<h1>(.*)<\/h1>/.exec(body) ?? []
  const [, back] = /<a class="button[^>]* href="([^"]*)"/.exec(body) ?? []
  return { statusCode, title, back }
}

describe('signing in', () => {
  test('leads to the provider and back to where it began, as whom the provider names, with groups out of the claim', async () => {
    const reply = await signIn(phone, { to: '/scan#code' })
    expect([reply.statusCode, reply.headers.location, reply.body]).toEqual([302, '/scan#code', ''])
    expect(await whoIs(phone)).toEqual({
      id: 'u-1',
      name: 'Ada Lovelace',
      email: 'ada@example.org',
      groups: ['engineers', 'all staff'],
    })
    expect((await phone.get('/session')).json().session).toMatchObject({ kind: 'phone', expires_in: 2_592_000 })
    expect(log.news()).toMatchObject([
      { audit: 'sign_in.succeeded', person: 'u-1', source: 'oidc', method: 'oidc', kind: 'phone' },
    ])
    expect(await whoIs(await signInBrowser())).toMatchObject({ id: 'u-1', name: 'Ada Lovelace' })
  })

  test('asks with PKCE, a nonce and a state, for what the provider has, in words that are new each time', async () => {
    const asked = [
      await phone.get('/sign-in/oidc'),
      await phone.post('/sign-in/oidc', { return_to: '/scan', again: true }),
    ]
    const [first, again] = [String(asked[0]?.headers.location), String(asked[1]?.json().location)].map(
      (location) => new URL(location).searchParams,
    )
    expect(Object.fromEntries(first ?? [])).toEqual({
      client_id: 'scanin',
      response_type: 'code',
      redirect_uri: 'http://scanin.test/sign-in/oidc/callback',
      scope: 'openid profile email offline_access',
      prompt: 'consent',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    })
    expect([again?.get('prompt'), again?.get('max_age')]).toEqual(['login consent', '0'])
    for (const name of ['state', 'nonce', 'code_challenge']) expect(first?.get(name)).not.toBe(again?.get(name))
    expect(phone.cookies.get('scanin_sign_in')).toMatch(/^[\w-]{43}$/)
  })

  test('in two tabs at once: each comes back to its own, and a way is good once', async () => {
    const [one, other] = [
      await phone.get('/sign-in/oidc?return_to=/scan'),
      await phone.get('/sign-in/oidc?return_to=/home'),
    ]
    const browser = new Map<string, string>()
    const ways = []
    for (const begun of [one, other])
      ways.push(pathOf(await team.visit(String(begun.headers.location), 'u-1', browser)))
    const back = []
    for (const way of [...ways.toReversed(), ...ways]) back.push(await phone.get(way))
    expect(back.map(({ statusCode, headers }) => headers.location ?? statusCode)).toEqual(['/home', '/scan', 400, 400])
    expect(await whoIs(phone)).toMatchObject({ id: 'u-1' })
  })

  test('that an instance ends in the middle of goes on at another where it began, by another code, and its own is shown once', async () => {
    const begun = await phone.get('/sign-in/oidc?return_to=/home')
    const browser = new Map<string, string>()
    const way = pathOf(await team.visit(String(begun.headers.location), 'u-1', browser))
    const { as } = await another()
    const elsewhere = as(phone)
    team.slowAt = '/token'
    const cut = as(phone).get(way)
    await eventually('the provider is asked', () => team.keptBack() === 1)

    const again = await elsewhere.get(way)
    expect([again.statusCode, new URL(String(again.headers.location)).origin]).toEqual([302, team.issuer])
    expect(team.keptBack()).toBe(1)
    team.slowAt = undefined
    const next = pathOf(await team.visit(String(again.headers.location), 'u-1', browser))
    expect((await elsewhere.get(next)).headers.location).toBe('/home')
    expect(await whoIs(elsewhere)).toMatchObject({ id: 'u-1' })
    await cut
    for (const over of [way, next]) expect((await elsewhere.get(over)).statusCode).toBe(400)
    expect(await whoIs(elsewhere)).toMatchObject({ id: 'u-1' })
  })

  test('goes on as well where the store did not answer in the middle of it', async () => {
    const failing = createFailingStore(testApp.store)
    await start({}, { store: failing.store })
    const begun = await phone.get('/sign-in/oidc?return_to=/home')
    const way = pathOf(await team.visit(String(begun.headers.location), 'u-1'))
    failing.failWritesAt(/^provider-grant:/)
    expect((await phone.get(way)).statusCode).toBe(503)
    failing.mend()
    const again = await phone.get(way)
    const next = pathOf(await team.visit(String(again.headers.location), 'u-1'))
    expect((await phone.get(next)).headers.location).toBe('/home')
  })

  test('goes nowhere but to our pages and listed origins', async () => {
    for (const to of ['//evil.example', 'https://evil.example/', '/\\evil.example', 'javascript:alert(1)']) {
      expect((await signIn(createInjectClient(testApp.app), { to })).headers.location).toBe('/scan')
    }
  })

  test('a person here and one there are two, whatever their ids; an id that is a name here is refused', async () => {
    team.people.set('demo', { ...ADA, name: 'Somebody Else' })
    const reply = await signIn(phone, { who: 'demo' })
    expect(readable(reply)).toEqual({ statusCode: 403, title: 'This account cannot sign in here', back: '/scan' })
    expect(await whoIs(phone)).toBe(OUT)
    expect(told()).toEqual([['sign_in.failed', 'id_taken']])
    const local = await createInjectPhone(testApp.app)
    await signIn()
    expect((await local.get('/sessions')).json().sessions).toHaveLength(1)
  })

  test('adding a passkey takes having signed in there just now: being signed in there already proves nothing', async () => {
    const there = new Map<string, string>()
    await signIn(phone, { browser: there })
    const refusal = async () => (await phone.post('/passkeys/options')).json().code
    expect(await refusal()).toBe('recent_sign_in_required')
    await signIn(phone, { browser: there })
    expect(await refusal()).toBe('recent_sign_in_required')
    const begun = await phone.post('/sign-in/oidc', { return_to: '/scan', again: true })
    const way = pathOf(await team.visit(begun.json().location, 'u-1', there))
    expect((await phone.get(way)).statusCode).toBe(302)
    expect(await refusal()).toBeUndefined()
    testApp.time.now += 6 * MINUTE_MS
    expect(await refusal()).toBe('recent_sign_in_required')
  })

  test('a passkey of who signs in there confirms here, and signs nobody in: they may be gone there by now', async () => {
    await start({ CONFIRM: 'passkey' })
    const begun = await phone.post('/sign-in/oidc', { return_to: '/scan', again: true })
    await phone.get(pathOf(await team.visit(begun.json().location, 'u-1')))
    const authenticator = createSoftwareAuthenticator({ origin: PUBLIC_URL })
    const attestation = authenticator.make((await phone.post('/passkeys/options')).json())
    expect((await phone.post('/passkeys', { attestation })).statusCode).toBe(201)
    log.news()

    const elsewhere = createInjectClient(testApp.app)
    const toSignIn = (await elsewhere.post('/sign-in/passkey/options')).json()
    const refused = await elsewhere.post('/sign-in/passkey', { assertion: authenticator.use(toSignIn) })
    expect([refused.statusCode, refused.json().code, refused.cookies]).toEqual([401, 'invalid_credentials', []])
    expect(told()).toEqual([['sign_in.failed', 'foreign']])

    const { token } = (await elsewhere.post('/login')).json()
    await phone.post('/login/scan', { token })
    const toConfirm = (await phone.post('/login/confirm/options', { token })).json()
    const confirmed = await phone.post('/login/confirm', { token, assertion: authenticator.use(toConfirm) })
    expect(confirmed.json()).toEqual({ status: 'authenticated' })
  })

  test('who is blocked is told so by a page, an audit line tells of it, and nothing of theirs is kept', async () => {
    const { store, kept } = grantsOf(createMemoryStore({ clock: () => testApp.time.now }))
    await start({ ADMIN_PORT: '0', ADMIN_TOKEN }, { store })
    const url = `/users/${encodeURIComponent('oidc|u-1')}/block`
    const headers = { host: '127.0.0.1', authorization: `Bearer ${ADMIN_TOKEN}` }
    expect((await testApp.adminApp?.inject({ method: 'POST', url, headers }))?.statusCode).toBe(200)
    log.news()
    for (let times = 0; times < 3; times++) {
      const reply = await signIn()
      expect(readable(reply)).toMatchObject({ statusCode: 403, title: 'This account cannot sign in here' })
      expect(reply.headers['set-cookie'] ?? []).not.toContainEqual(expect.stringContaining('scanin_session'))
    }
    expect(log.news()).toMatchObject(
      Array(3).fill({ audit: 'sign_in.failed', person: 'u-1', reason: 'blocked', method: 'oidc' }),
    )
    expect([await whoIs(phone), kept()]).toEqual([OUT, 0])
  })

  test('what the provider gave is kept for as long as somebody is signed in by it, and no longer', async () => {
    const { store, kept, ends } = grantsOf(createMemoryStore({ clock: () => testApp.time.now }))
    await start({}, { store })
    const there = new Map<string, string>()
    for (let times = 0; times < 3; times++) await signIn(phone, { browser: there })
    expect(ends.size).toBe(3)
    await eventually('those of the sessions before are over', async () => kept() === 1)
    const browser = await signInBrowser()
    await phone.post('/sign-out')
    expect(await whoIs(phone)).toBe(OUT)
    testApp.time.now += 20 * MINUTE_MS
    expect(await whoIs(browser)).toMatchObject({ id: 'u-1' })
    expect(kept()).toBe(1)
    await browser.post('/sign-out')
    await eventually('the last one is over', async () => kept() === 0)
  })

  test('nothing is kept of a sign-in that failed, though the store was away for its end too', async () => {
    const { store, kept, ends } = grantsOf(createMemoryStore({ clock: () => testApp.time.now }))
    const losses: (Loss | undefined)[] = []
    const failing = createFailingStore(losingGrants(store, losses))
    await start({}, { store: failing.store })
    // Its grant is there, and nobody was told.
    losses.push('after', 'before')
    expect((await signIn()).statusCode).toBe(503)
    await eventually('it is ended', async () => ends.size === 1 && kept() === 0)
    // Its session is not there.
    losses.push(undefined, 'before')
    failing.failWritesAt(/^session:/)
    expect((await signIn()).statusCode).toBe(503)
    await eventually('it is ended', async () => ends.size === 2 && kept() === 0)
  })

  test('what the provider gave is not kept though the store was away as the last session ended', async () => {
    const { store, kept } = grantsOf(createMemoryStore({ clock: () => testApp.time.now }))
    const losses: Loss[] = []
    await start({}, { store: losingGrants(store, losses) })
    await signIn()
    expect(kept()).toBe(1)
    losses.push('before')
    await phone.post('/sign-out')
    await eventually('it is ended', async () => kept() === 0)
  })

  test('an address that the provider marks as unverified is not the person’s, from the next look on too', async () => {
    team.people.set('u-1', { ...ADA, email_verified: false })
    await signIn()
    const nobodys = { id: 'u-1', name: 'Ada Lovelace', groups: ['engineers', 'all staff'] }
    const browser = await signInBrowser()
    expect([await whoIs(phone), await whoIs(browser)]).toEqual([nobodys, nobodys])
    team.people.set('u-1', ADA)
    testApp.time.now += 11 * MINUTE_MS
    expect(await whoIs(browser)).toEqual({ ...nobodys, email: ADA.email })
    team.people.set('u-1', { ...ADA, email: 'ceo@example.org', email_verified: 'false' })
    testApp.time.now += 11 * MINUTE_MS
    expect([await whoIs(browser), await whoIs(phone)]).toEqual([nobodys, nobodys])
  })

  test('PHONE_OIDC_ALLOW lets groups and verified domains in, and nobody else', async () => {
    const cases: [allow: string, claims: object, isIn: boolean][] = [
      ['engineers', {}, true],
      ['all staff, designers', {}, true],
      ['designers', {}, false],
      ['@example.org', {}, true],
      ['@EXAMPLE.org', { roles: [] }, true],
      ['@example.org', { email_verified: false }, false],
      ['@example.org', { email: 'ada@evil.example' }, false],
      ['@example.org', { email: 'ada@sub.example.org' }, false],
    ]
    for (const [PHONE_OIDC_ALLOW, claims, isIn] of cases) {
      await start({ PHONE_OIDC_ALLOW })
      team.people.set('u-1', { ...ADA, ...claims })
      const reply = await signIn()
      expect([PHONE_OIDC_ALLOW, claims, reply.statusCode]).toEqual([PHONE_OIDC_ALLOW, claims, isIn ? 302 : 403])
      if (isIn) continue
      expect(readable(reply)).toMatchObject({ title: 'This account cannot sign in here' })
      expect(reply.body).not.toMatch(/ada|example\.org|engineers/)
      expect(log.news()).toMatchObject([
        { audit: 'sign_in.failed', person: 'u-1', reason: 'not_allowed', method: 'oidc' },
      ])
    }
  })
})

describe('a way that is not this browser’s', () => {
  test('state that is mixed up, foreign, missing or old ends in a page, and signs nobody in', async () => {
    const stranger = createInjectClient(testApp.app)
    const begun = await stranger.get('/sign-in/oidc')
    const theirs = pathOf(await team.visit(String(begun.headers.location), 'u-1'))
    await phone.get('/sign-in/oidc')
    const other = new URL(theirs, PUBLIC_URL)
    other.searchParams.set('state', 'A'.repeat(43))
    for (const way of [theirs, pathOf(other), '/sign-in/oidc/callback', '/sign-in/oidc/callback?code=x']) {
      const stale = { statusCode: 400, title: 'This sign-in cannot go on', back: '/scan' }
      expect(readable(await phone.get(way))).toEqual(stale)
    }
    expect(told()).toEqual(Array(4).fill(['sign_in.failed', 'state']))
    expect(await whoIs(phone)).toBe(OUT)
    // What a stranger tries with it takes it from nobody.
    testApp.time.now += 59 * MINUTE_MS
    expect((await stranger.get(theirs)).statusCode).toBe(302)
    const late = await stranger.get('/sign-in/oidc')
    const tooLate = pathOf(await team.visit(String(late.headers.location), 'u-1'))
    testApp.time.now += 61 * MINUTE_MS
    expect((await stranger.get(tooLate)).statusCode).toBe(400)
  })

  test('another issuer in the answer (RFC 9207), another code, and a refusal there are each told, and leak nothing', async () => {
    const cases: [change: (url: URL) => void, status: number, title: string, why: string][] = [
      [
        (url) => url.searchParams.set('iss', 'https://evil.example'),
        502,
        'Your team’s provider could not be',
        'untrusted',
      ],
      [(url) => url.searchParams.delete('iss'), 502, 'Your team’s provider could not be', 'untrusted'],
      [(url) => url.searchParams.set('code', 'another'), 400, 'This sign-in cannot go on', 'code'],
      [(url) => refuse(url, 'access_denied'), 403, 'You were not signed in', 'declined'],
      [(url) => refuse(url, 'invalid_scope'), 502, 'Your team’s provider could not be', 'client'],
    ]
    for (const [change, status, title, why] of cases) {
      const begun = await phone.get('/sign-in/oidc?return_to=/scan%23abc')
      const way = await team.visit(String(begun.headers.location), 'u-1')
      change(way)
      const reply = await phone.get(pathOf(way))
      expect(readable(reply)).toEqual({ statusCode: status, title: expect.stringContaining(title), back: '/scan#abc' })
      expect(reply.body).not.toMatch(/evil|leaky|access_denied|invalid_scope|another code|u-1/)
      expect(reply.headers['set-cookie']).toBeUndefined()
      expect(told()).toEqual([['sign_in.failed', why]])
    }
    expect(await whoIs(phone)).toBe(OUT)
    expect(log.text()).not.toMatch(/leaky/)
  })

  test('keys that the provider changes after the clock was set back count at once', async () => {
    expect((await signIn()).headers.location).toBe('/scan')
    const now = Date.now()
    const machine = jest.spyOn(Date, 'now').mockImplementation(() => now - 30 * MINUTE_MS)
    testApp.time.now -= 30 * MINUTE_MS
    await team.rotateKeys()
    const other = createInjectClient(testApp.app)
    expect((await signIn(other).finally(() => machine.mockRestore())).headers.location).toBe('/scan')
  })

  test('an ID token that none of the published keys has signed is nobody’s word', async () => {
    team.publishesAnother = true
    expect(readable(await signIn())).toMatchObject({ statusCode: 502 })
    expect(told()).toEqual([['sign_in.failed', 'untrusted']])
    expect(await whoIs(phone)).toBe(OUT)
  })

  test('at most so many begin in a minute from one address', async () => {
    await start({ RATE_LOGINS_PER_MINUTE: '2' })
    const replies = [
      await phone.get('/sign-in/oidc'),
      await phone.get('/sign-in/oidc'),
      await phone.get('/sign-in/oidc'),
    ]
    expect(replies.map(({ statusCode }) => statusCode)).toEqual([302, 302, 429])
    expect(readable(replies[2] as (typeof replies)[0])).toMatchObject({ title: 'Too many tries just now' })
    expect((await phone.post('/sign-in/oidc', {})).json().code).toBe('slow_down')
  })

  function refuse({ searchParams }: URL, error: string): void {
    searchParams.delete('code')
    searchParams.set('error', error)
    searchParams.set('error_description', 'a leaky description')
  }
})

describe('whoever is gone at the provider', () => {
  test('is gone here within ten minutes, on phone and browser, and what they approved is not handed over', async () => {
    await signIn()
    const browser = await signInBrowser()
    const waiting = createInjectClient(testApp.app)
    const { token } = (await waiting.post('/login')).json()
    await phone.post('/login/scan', { token })
    team.people.delete('u-1')
    testApp.time.now += 9 * MINUTE_MS
    expect(await whoIs(browser)).toMatchObject({ id: 'u-1' })
    testApp.time.now += MINUTE_MS
    log.news()
    expect(await whoIs(browser)).toBe(OUT)
    expect(await whoIs(phone)).toBe(OUT)
    expect((await phone.post('/login/confirm', { token })).json().code).toBe(OUT)
    expect((await waiting.get(`/login/status/${token}`)).json().status).not.toBe('authenticated')
    const gone = { outcome: 'success', person: 'u-1', source: 'oidc', reason: 'gone' }
    const lines = log.news().filter(({ audit }) => audit === 'session.withdrawn')
    expect(lines).toMatchObject([gone, gone])
    expect(new Set(lines.map(({ kind }) => kind))).toEqual(new Set(['phone', 'browser']))
    expect((await signIn(phone, { who: 'u-1' }).catch((error) => error)) instanceof Error).toBe(true)
  })

  test('is asked about once in ten minutes, however many ask and however many sessions came by it', async () => {
    await signIn()
    const browsers = [await signInBrowser(), await signInBrowser()]
    const before = team.refreshes()
    for (const expected of [0, 1, 2]) {
      const all = [phone, phone, ...browsers, ...browsers]
      expect(await Promise.all(all.map(whoIs))).toMatchObject(all.map(() => ({ id: 'u-1' })))
      expect(team.refreshes() - before).toBe(expected)
      testApp.time.now += 10 * MINUTE_MS
    }
  })

  test('names, addresses and groups are those that it says then; who is let in no more is out', async () => {
    await start({ PHONE_OIDC_ALLOW: 'engineers' })
    await signIn()
    const browser = await signInBrowser()
    team.people.set('u-1', { ...ADA, name: 'Ada King', roles: ['engineers'] })
    testApp.time.now += 10 * MINUTE_MS
    expect(await whoIs(browser)).toMatchObject({ name: 'Ada King', groups: ['engineers'] })
    expect(await whoIs(phone)).toMatchObject({ name: 'Ada King', groups: ['engineers'] })
    team.people.set('u-1', { ...ADA, roles: ['designers'] })
    testApp.time.now += 10 * MINUTE_MS
    expect(await whoIs(browser)).toBe(OUT)
    expect(await whoIs(phone)).toBe(OUT)
    expect(told()).toContainEqual(['session.withdrawn', 'not_allowed'])
  })

  test('a group that it gives after the sign-in opens an application, and one that it takes closes it', async () => {
    const WIKI = 'https://wiki.example'
    await start(
      { TRUST_PROXY: '127.0.0.1', MATCH: 'never' },
      { apps: createAppList([{ origin: WIKI, name: 'Wiki', groups: ['staff'] }]) },
    )
    await signIn()
    const send: Send = async (method, url, headers) => {
      const {
        statusCode,
        headers: answered,
        body,
      } = await testApp.app.inject({ method: method as 'GET', url, headers })
      const setCookies = [answered['set-cookie'] ?? []].flat()
      return { status: statusCode, headers: answered, setCookies, text: body }
    }
    const visitors = [phone, await signInBrowser()].map(({ cookies }) => {
      const visitor = createAppBrowser(send, PUBLIC_URL)
      for (const [name, value] of cookies) visitor.jar(PUBLIC_URL).set(name, value)
      return visitor
    })
    const opened = async () => {
      const ends = []
      for (const visitor of visitors) ends.push((await visitor.open(`${WIKI}/`)).answer.status)
      return ends
    }
    expect(await opened()).toEqual([403, 403])
    team.people.set('u-1', { ...ADA, roles: ['staff'] })
    testApp.time.now += 11 * MINUTE_MS
    expect(await opened()).toEqual([200, 200])
    team.people.set('u-1', ADA)
    testApp.time.now += 11 * MINUTE_MS
    expect(await opened()).toEqual([403, 403])
  })

  test('while it does not answer its last word counts for twelve hours; then everybody waits for it, and is not out', async () => {
    await start(LONG)
    await signIn()
    const browser = await signInBrowser()
    team.isDown = true
    testApp.time.now += 11 * HOUR_MS
    expect(await whoIs(phone)).toMatchObject({ id: 'u-1' })
    testApp.time.now += HOUR_MS
    for (const client of [phone, browser, phone]) expect(await whoIs(client)).toBe('identity_provider_unavailable')
    team.isDown = false
    testApp.time.now += MINUTE_MS
    for (const client of [phone, browser]) expect(await whoIs(client)).toMatchObject({ id: 'u-1' })
    expect(log.text().match(/cannot be used|can be used again/g)).toEqual(['cannot be used', 'can be used again'])
  })

  test.each(['/me', '/jwks'])(
    'nobody is out because only its %s does not answer, by a refresh token that is good once',
    async (path) => {
      await signIn()
      // It has asked for no keys yet.
      const other = await another()
      const browser = other.as(await signInBrowser())
      team.downAt = path
      for (const _time of [1, 2]) {
        testApp.time.now += 10 * MINUTE_MS
        expect(await whoIs(browser)).toMatchObject({ id: 'u-1' })
      }
      team.downAt = undefined
      team.people.set('u-1', { ...ADA, name: 'Ada King' })
      testApp.time.now += MINUTE_MS
      for (const client of [browser, phone]) expect(await whoIs(client)).toMatchObject({ name: 'Ada King' })
    },
  )

  test('nobody is out because it was slow to answer, by a refresh token that is good once: its answer is waited for', async () => {
    const losing = losingTokens(createMemoryStore({ clock: () => testApp.time.now }))
    await start({}, { store: losing.store })
    await signIn()
    testApp.time.now += 10 * MINUTE_MS
    team.slowAt = '/token'
    // By its last word, as its next one is not here yet.
    for (const _time of [1, 2]) expect(await whoIs(phone)).toMatchObject({ id: 'u-1' })
    expect(team.keptBack()).toBe(1)
    team.slowAt = undefined
    await eventually('the next token is kept', async () => losing.durable.length === 2)
    team.people.set('u-1', { ...ADA, name: 'Ada King' })
    // What came with that token may not have been looked at yet.
    await eventually('it is asked by that token', async () => {
      testApp.time.now += 11 * MINUTE_MS
      const who = await whoIs(phone)
      expect(who).toMatchObject({ id: 'u-1' })
      return who.name === 'Ada King'
    })
  })

  test('whoever it says is gone is out once it says so, though nobody waits for that any more', async () => {
    await signIn()
    const browser = await signInBrowser()
    const waiting = createInjectClient(testApp.app)
    const { token } = (await waiting.post('/login')).json()
    await phone.post('/login/scan', { token })
    await phone.post('/login/confirm', { token })
    testApp.time.now += 10 * MINUTE_MS - 1
    team.people.delete('u-1')
    team.slowAt = '/token'
    testApp.time.now += 1
    expect(await whoIs(browser)).toMatchObject({ id: 'u-1' })
    team.slowAt = undefined
    await eventually('it has said so', async () => told().some(([audit]) => audit === 'session.withdrawn'))
    for (const client of [browser, phone]) expect(await whoIs(client)).toBe(OUT)
    expect((await waiting.get(`/login/status/${token}`)).json().status).not.toBe('authenticated')
  })

  test('a refresh token that is good once is not lost with a store that goes away', async () => {
    const failing = createFailingStore(createMemoryStore({ clock: () => testApp.time.now }))
    await start({}, { store: failing.store })
    await signIn()
    testApp.time.now += 10 * MINUTE_MS
    // The session, the grant, and the turn to ask: then it is gone.
    failing.failAfter(4, 'before')
    expect(await whoIs(phone)).toBe('store_unavailable')
    failing.mend()
    for (const _time of [1, 2]) {
      testApp.time.now += 10 * MINUTE_MS
      expect(await whoIs(phone)).toMatchObject({ id: 'u-1' })
    }
  })

  describe('of two instances, one whose writes of refresh tokens that are good once are lost,', () => {
    let losing: ReturnType<typeof losingTokens>
    let there: InjectClient

    beforeEach(async () => {
      const inner = createMemoryStore({ clock: () => testApp.time.now })
      losing = losingTokens(inner)
      await start({}, { store: losing.store })
      await signIn()
      there = (await another(inner)).as(phone)
      testApp.time.now += 10 * MINUTE_MS
    })

    test('the other has the next one once they are lost no more, though nobody uses the one', async () => {
      losing.loss = 'before'
      await whoIs(phone)
      losing.loss = undefined
      await eventually('it is written', async () => losing.durable.length === 3)
      testApp.time.now += 10 * MINUTE_MS
      expect(await whoIs(there)).toMatchObject({ id: 'u-1' })
    })

    test('the other has it at once where the one is used again', async () => {
      losing.loss = 'before'
      await whoIs(phone)
      losing.loss = undefined
      expect(await whoIs(phone)).toMatchObject({ id: 'u-1' })
      testApp.time.now += 10 * MINUTE_MS
      for (const client of [there, phone]) expect(await whoIs(client)).toMatchObject({ id: 'u-1' })
    })

    test('what was written and not answered is not put in the place of a later one, and nobody waits for that', async () => {
      losing.loss = 'after'
      const before = team.refreshes()
      for (const [at, client] of [phone, there, phone, there].entries()) {
        await whoIs(client)
        expect(await whoIs(client)).toMatchObject({ id: 'u-1' })
        expect(team.refreshes() - before).toBe(at + 1)
        testApp.time.now += 10 * MINUTE_MS
      }
    })

    test('a token is told as kept only where replicas have it too, and is written again where they may not', async () => {
      losing.loss = 'after'
      await whoIs(phone)
      losing.loss = undefined
      await eventually('it is written again', async () => losing.durable.length === 3)
      const [first, next, again] = losing.durable
      expect(next).not.toBe(first)
      expect(again).toBe(next)
    })
  })

  test('where it gives nothing to ask by, its word at the sign-in is good for twelve hours', async () => {
    await start({ ...LONG, PHONE_OIDC_SCOPES: 'openid profile' })
    await signIn()
    const browser = await signInBrowser()
    testApp.time.now += 12 * HOUR_MS - MINUTE_MS
    expect(await whoIs(phone)).toMatchObject({ id: 'u-1' })
    testApp.time.now += MINUTE_MS
    for (const client of [phone, browser]) expect(await whoIs(client)).toBe(OUT)
    expect(told()).toContainEqual(['session.withdrawn', 'unheard'])
  })

  test('another client’s secret, or no provider at all, makes nobody of anybody', async () => {
    const { store, time } = testApp
    await signIn()
    const other = createInjectClient(testApp.app)
    await signIn(other)
    const elsewhere = async (env: Record<string, string>, { cookies } = phone) => {
      const { app } = await createTestApp({ ...team.env, ...env }, { store }, time)
      const reply = await app.inject({ url: '/session', cookies: Object.fromEntries(cookies) })
      return reply.statusCode
    }
    expect(await elsewhere({ PHONE_OIDC_CLIENT_ID: 'another client' }, other)).toBe(401)
    expect(await elsewhere({})).toBe(200)
    expect(await elsewhere({ PHONE_OIDC_ISSUER: '', PHONE_OIDC_CLIENT_ID: '', PHONE_OIDC_CLIENT_SECRET: '' })).toBe(401)
    // Its refresh token opens no more: what was said last counts until it may not.
    time.now += HOUR_MS
    expect(await elsewhere({ PHONE_OIDC_CLIENT_SECRET: 'another one' })).toBe(200)
    time.now += 11 * HOUR_MS
    expect(await elsewhere({ PHONE_OIDC_CLIENT_SECRET: 'another one' })).toBe(401)
  })
})

describe('its back-channel logout', () => {
  const tell = (client: InjectClient, token: string) =>
    client.post('/sign-in/oidc/backchannel-logout', undefined, {
      payload: String(new URLSearchParams({ logout_token: token })),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      cookies: {},
    })

  test('ends at once what came of that session there, phone and browser, and nothing of another', async () => {
    const [browserThere, otherThere] = [new Map<string, string>(), new Map<string, string>()]
    await signIn(phone, { browser: browserThere })
    const browser = await signInBrowser()
    const otherPhone = createInjectClient(testApp.app)
    await signIn(otherPhone, { browser: otherThere })
    await team.signOut(browserThere)
    expect(team.logouts).toHaveLength(1)
    const [token = ''] = team.logouts
    const told = await tell(createInjectClient(testApp.app), token)
    expect([told.statusCode, told.body]).toEqual([200, ''])
    for (const client of [phone, browser]) expect(await whoIs(client)).toBe(OUT)
    expect(await whoIs(otherPhone)).toMatchObject({ id: 'u-1' })
    const lines = log.news().filter(({ audit }) => audit === 'session.withdrawn')
    expect(lines).toMatchObject([{ reason: 'signed_out' }, { reason: 'signed_out' }])

    // Said again, after the person has signed in anew, it ends nothing.
    await signIn()
    const again = await tell(createInjectClient(testApp.app), token)
    expect([again.statusCode, again.json().code]).toEqual([400, 'invalid_request'])
    expect(await whoIs(phone)).toMatchObject({ id: 'u-1' })
  })

  test.each<[what: string, claims: (sid: unknown) => JWTPayload, isOut: boolean]>([
    ['of that session', (sid) => ({ sub: 'u-1', sid }), true],
    ['of that session, by its name alone', (sid) => ({ sid }), true],
    ['of all that the person has', () => ({ sub: 'u-1' }), true],
    ['of another session', () => ({ sub: 'u-1', sid: 'another' }), false],
    ['of somebody else', () => ({ sub: 'u-2' }), false],
  ])('that comes before the session is written is not lost: %s', async (_what, claims, isOut) => {
    const inner = createMemoryStore({ clock: () => testApp.time.now })
    let [sid, status]: unknown[] = []
    const store: RecordStore = {
      ...inner,
      write(key, value, options) {
        if (key.startsWith('provider-grant:')) sid ??= Object(value).sid
        return inner.write(key, value, options)
      },
      async writeTogether(writes) {
        if (status === undefined && writes.some(({ key }) => key.startsWith('session:'))) {
          status = 0
          status = (await tell(createInjectClient(testApp.app), await team.logoutToken(claims(sid)))).statusCode
        }
        return inner.writeTogether(writes)
      },
    }
    await start({}, { store })
    await signIn()
    expect([sid, status]).toEqual([expect.any(String), 200])
    const who = await whoIs(phone)
    if (isOut) expect(who).toBe(OUT)
    else expect(who).toMatchObject({ id: 'u-1' })
    expect(told().filter(([audit]) => audit === 'session.withdrawn')).toEqual(
      isOut ? [['session.withdrawn', 'signed_out']] : [],
    )
    testApp.time.now += 1
    await signIn()
    expect(await whoIs(phone)).toMatchObject({ id: 'u-1' })
  })

  test('by a name of the session alone is understood for as long as somebody is signed in by it', async () => {
    await start(LONG)
    const there = new Map<string, string>()
    await signIn(phone, { browser: there })
    testApp.time.now += 29 * DAY_MS
    const browser = await signInBrowser()
    await team.signOut(there)
    const { sid } = decodeJwt(team.logouts.at(-1) ?? '')
    testApp.time.now += 3 * DAY_MS
    expect(await whoIs(browser)).toMatchObject({ id: 'u-1' })
    const iat = Math.floor(testApp.time.now / 1000)
    const token = await team.logoutToken({ sid, iat, exp: iat + 120 })
    expect((await tell(createInjectClient(testApp.app), token)).statusCode).toBe(200)
    expect(await whoIs(browser)).toBe(OUT)
  })

  test('of a person without a session ends all that they have', async () => {
    await signIn()
    const other = createInjectClient(testApp.app)
    await signIn(other)
    expect((await tell(createInjectClient(testApp.app), await team.logoutToken({ sub: 'u-2' }))).statusCode).toBe(200)
    expect(await whoIs(phone)).toMatchObject({ id: 'u-1' })
    expect((await tell(createInjectClient(testApp.app), await team.logoutToken({ sub: 'u-1' }))).statusCode).toBe(200)
    for (const client of [phone, other]) expect(await whoIs(client)).toBe(OUT)
  })

  test('is believed only as §2.6 says', async () => {
    await signIn()
    const now = Math.floor(Date.now() / 1000)
    const sub = 'u-1'
    const wrong: [claims: Record<string, unknown>, changes?: Parameters<TeamProvider['logoutToken']>[1]][] = [
      [{ sub, iss: 'https://evil.example' }],
      [{ sub, aud: 'another client' }],
      [{ sub, iat: undefined }],
      [{ sub, iat: now + 600 }],
      [{ sub, iat: now - 7200, exp: now + 60 }],
      [{ sub, iat: now - 600, exp: undefined }],
      [{ sub, exp: now - 60 }],
      [{ sub, jti: undefined }],
      [{ sub, nonce: 'of an ID token' }],
      [{ sub, events: undefined }],
      [{ sub, events: { 'http://schemas.openid.net/event/backchannel-logout': true } }],
      [{ sub, events: { 'https://example.org/other': {} } }],
      [{}],
      [{ sub }, { foreignKey: true }],
      [{ sub }, { header: { typ: 'at+jwt' } }],
    ]
    const tokens = await Promise.all(wrong.map(([claims, changes]) => team.logoutToken(claims, changes)))
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${tokens[0]?.split('.')[1]}.`
    for (const token of [...tokens, unsigned, '', 'x.y.z']) {
      const reply = await tell(createInjectClient(testApp.app), token)
      expect([token.split('.')[1], reply.statusCode, reply.json().code]).toEqual([
        token.split('.')[1],
        400,
        'invalid_request',
      ])
    }
    const noForm = await phone.post('/sign-in/oidc/backchannel-logout', { logout_token: tokens[0] })
    expect(noForm.statusCode).toBe(400)
    expect(await whoIs(phone)).toMatchObject({ id: 'u-1' })
    expect((await tell(phone, await team.logoutToken({ sub }))).statusCode).toBe(200)
    expect(await whoIs(phone)).toBe(OUT)
  })
})

describe('a provider in trouble', () => {
  test('that is down is told by a page to people, and to the page that asks as a problem', async () => {
    team.isDown = true
    const page = await phone.get('/sign-in/oidc')
    const away = { statusCode: 503, title: 'Your team’s provider cannot be reached', back: '/scan' }
    expect(readable(page)).toEqual(away)
    expect(page.headers['retry-after']).toBe('60')
    const problem = await phone.post('/sign-in/oidc', {})
    expect([problem.statusCode, problem.json().code]).toEqual([503, 'identity_provider_unavailable'])
    team.isDown = false
    const begun = await phone.get('/sign-in/oidc?return_to=/scan%23abc')
    const way = pathOf(await team.visit(String(begun.headers.location), 'u-1'))
    team.isDown = true
    expect(readable(await phone.get(way))).toEqual({ ...away, back: '/scan#abc' })
  })

  test.each(['/.well-known/openid-configuration', '/token', '/jwks'])(
    'T26 whose answer at %s has no end counts as one that is away, and no more is taken in of it than an answer has',
    async (path) => {
      team.endlessAt = path
      const begun = await phone.get('/sign-in/oidc')
      const reply =
        begun.statusCode === 302
          ? await phone.get(pathOf(await team.visit(String(begun.headers.location), 'u-1')))
          : begun
      expect(readable(reply)).toMatchObject({ statusCode: 503, title: 'Your team’s provider cannot be reached' })
      const [answer] = team.endless.splice(0)
      await answer?.closed
      expect(answer?.isTaken()).toBe(false)
    },
  )

  test('T26 that is slow is asked about sixteen people at once; a hundred wait, and who comes then is told to come again', async () => {
    const [asked, waiting] = [16, 100]
    await signIn()
    // Sixteen are asked about until the test lets go, however long the other hundred take to come.
    const timeout = jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => new AbortController().signal)
    const begun = await Promise.all(Array.from({ length: asked + waiting + 1 }, () => phone.get('/sign-in/oidc')))
    team.slowAt = '/token'
    // Codes that the provider has never given: it is asked about them all the same.
    const back = begun.map(({ headers }) => {
      const state = new URL(String(headers.location)).searchParams.get('state') ?? ''
      return phone.get(`/sign-in/oidc/callback?${new URLSearchParams({ code: 'any', state, iss: team.issuer })}`)
    })
    let refused: Awaited<(typeof back)[number]> | undefined
    for (const come of back) void come.then((reply) => (refused ??= reply))
    await eventually('one is told to come again, and sixteen are asked about', () => {
      expect(team.keptBack()).toBeLessThanOrEqual(asked)
      return refused !== undefined && team.keptBack() === asked
    }).finally(() => timeout.mockRestore())
    expect([refused?.statusCode, refused?.headers['retry-after']]).toEqual([503, '60'])
    expect(await whoIs(phone)).toMatchObject({ id: 'u-1' })

    team.slowAt = undefined
    const refusals = (await Promise.all(back)).filter(({ statusCode }) => statusCode === 503)
    expect(refusals).toHaveLength(1)
    expect((await signIn()).headers.location).toBe('/scan')
  })

  test('that calls itself something else than PHONE_OIDC_ISSUER is not used, and the log says why', async () => {
    await start({ PHONE_OIDC_ISSUER: team.issuer.replace('127.0.0.1', 'localhost') })
    expect(readable(await phone.get('/sign-in/oidc'))).toMatchObject({ statusCode: 503 })
    expect(log.text()).toMatch(/"why":"OAUTH_JSON_ATTRIBUTE_COMPARISON[A-Z_]*"/)
  })

  test('that takes our secret no more is for who runs the service to see, and nobody is out by it', async () => {
    await start({ PHONE_OIDC_CLIENT_SECRET: 'a wrong one' })
    expect(readable(await signIn())).toMatchObject({ statusCode: 502 })
    expect(told()).toEqual([['sign_in.failed', 'client']])
  })
})
