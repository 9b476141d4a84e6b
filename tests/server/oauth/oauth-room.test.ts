import { afterEach, expect, test } from '@jest/globals'
import { decodeJwt } from 'jose'
import { pino } from 'pino'
import type { OnAccountNews } from '../../../server/identity/account-news.ts'
import { createClients, parseClients } from '../../../server/oauth/clients-file.ts'
import type { Session } from '../../../server/session/session.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type InjectClient,
  type TestApp,
  type TestParts,
} from '../../support/app.ts'
import { keepLog } from '../../support/audit-lines.ts'
import { DEVICE_GRANT, TV, WEB } from '../../support/clients-file.ts'
import { eventually } from '../../support/eventually.ts'
import { createFailingStore, type FailingStore } from '../../support/failing-store.ts'
import { authorizePath, VERIFIER } from '../../support/oauth-flow.ts'
import { startWebhookReceiver } from '../../support/webhook-receiver.ts'

/** The service as an OpenID provider, in this process: its clock is moved by hand, but for the library's own. */

const clients = createClients()
let testApp: TestApp
let phone: InjectClient
let failing: FailingStore

afterEach(() => testApp.app.close())

const register = (registered: readonly object[]) => clients.replace(parseClients(JSON.stringify(registered)))

async function begin(
  registered: readonly object[],
  { env = {}, parts = {} }: { env?: Record<string, string>; parts?: TestParts } = {},
): Promise<void> {
  register(registered)
  // The file is not read.
  const all = { CLIENTS_FILE: 'clients.json', MATCH: 'never', ...env }
  const time = { now: Date.now() }
  failing = createFailingStore(createMemoryStore({ clock: () => time.now }))
  testApp = await createTestApp(all, { clients, store: failing.store, ...parts }, time)
  phone = await createInjectPhone(testApp.app)
}

/** A browser that the phone has signed in. */
async function signInBrowser(browser = createInjectClient(testApp.app)): Promise<InjectClient> {
  const { token } = (await browser.post('/login')).json()
  await phone.post('/login/scan', { token })
  await phone.post('/login/confirm', { token })
  expect((await browser.get(`/login/status/${token}`)).json().status).toBe('authenticated')
  return browser
}

/** Calls an endpoint as a program does. */
async function ask(path: string, fields: Record<string, string>) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const payload = String(new URLSearchParams(fields))
  const reply = await testApp.app.inject({ method: 'POST', url: path, headers, payload })
  return { status: reply.statusCode, json: reply.json() }
}

const credentials = { client_id: WEB.client_id, client_secret: WEB.client_secret }

/** Where the provider sends a browser that asks for a code. */
async function answerTo(browser: InjectClient, others: Record<string, string> = {}) {
  const { headers } = await browser.get(authorizePath(WEB, others))
  const { pathname, searchParams } = new URL(String(headers.location), 'http://scanin.test')
  return { pathname, ...Object.fromEntries(searchParams) } as Record<string, string>
}

async function exchange(code = '') {
  const fields = { grant_type: 'authorization_code', code, code_verifier: VERIFIER, redirect_uri: WEB.redirect_uris[0] }
  return ask('/oauth/token', { ...fields, ...credentials } as Record<string, string>)
}

const refresh = (token: string) =>
  ask('/oauth/token', { grant_type: 'refresh_token', refresh_token: token, ...credentials })

test.each([
  ['as is usual', {}, 1800],
  ['with a session that may rest for long', { SESSION_IDLE_SECONDS: '36000' }, 3600],
  ['with one that may not rest for a minute', { SESSION_IDLE_SECONDS: '40' }, 20],
] as [string, Record<string, string>, number][])(
  'who refreshes when the access token is over stays signed in, for as long as the session may be used, %s',
  async (_how, env, seconds) => {
    await begin([WEB], { env })
    const browser = await signInBrowser()
    pass(0.9)
    let { status, json } = await exchange((await answerTo(browser))['code'])
    for (let times = 0; times < 5; times++) {
      expect([status, json.expires_in]).toEqual([200, seconds])
      pass(json.expires_in)
      ;({ status, json } = await refresh(json.refresh_token))
    }
    pass(Number(env['SESSION_IDLE_SECONDS'] ?? '3600'))
    expect((await refresh(json.refresh_token)).json.error).toBe('invalid_grant')
  },
)

function pass(seconds: number): void {
  testApp.time.now += seconds * 1000
}

/** A device whose code somebody confirms. */
async function confirmDevice(by = phone) {
  const begun = (await ask('/oauth/device_authorization', { client_id: TV.client_id, scope: 'openid' })).json
  const { token } = (await by.post('/login/scan', { user_code: begun.user_code })).json()
  expect((await by.post('/login/confirm', { token })).json()).toEqual({ status: 'authenticated' })
  const fields = { grant_type: DEVICE_GRANT, device_code: begun.device_code, client_id: TV.client_id }
  return { token, poll: () => ask('/oauth/token', fields) }
}

const kindsOf = async (owner: InjectClient) =>
  (await owner.get('/sessions')).json().sessions.map(({ kind }: { kind: string }) => kind)
const eventsOf = async (owner: InjectClient) =>
  (await owner.get('/events')).json().events.map(({ type }: { type: string }) => type)

test('a device that its person may not use is denied, as their phone is told, and nothing of it stays', async () => {
  await begin([{ ...TV, groups: ['staff'] }], { env: { MAX_SESSIONS: '2' } })
  const browser = await signInBrowser()
  const { token, poll } = await confirmDevice()
  expect((await poll()).json.error).toBe('access_denied')
  expect((await phone.get(`/login/scan/${token}`)).json().status).toBe('denied')
  expect(await kindsOf(phone)).toEqual(['phone', 'browser'])
  expect((await browser.get('/session')).statusCode).toBe(200)
  expect((await eventsOf(phone)).filter((type: string) => type === 'linked')).toHaveLength(1)
  expect((await poll()).json.error).toBe('access_denied')
})

test.each<[what: string, during: () => unknown, error: string | undefined]>([
  ['nothing happens', () => undefined, undefined],
  ['nearly all of the time goes by in which it may be collected', () => pass(59), undefined],
  ['nobody comes for that time', () => pass(60), 'expired_token'],
  ['the phone signs out', () => phone.post('/sign-out'), 'access_denied'],
  ['the application is closed to its person', () => register([{ ...TV, groups: ['staff'] }]), 'access_denied'],
])(
  'a device whose tokens were not kept is given them, if what confirmed it is still good: %s',
  async (_what, during, error) => {
    await begin([TV])
    const other = await createInjectPhone(testApp.app)
    const { poll } = await confirmDevice()
    failing.failWritesAt(/^oauth:AccessToken:/)
    expect((await poll()).status).toBe(503)
    failing.mend()
    await during()
    const { status, json } = await poll()
    if (error !== undefined) expect((await poll()).json.error).toBe(error)
    expect([status, json.error]).toEqual([error === undefined ? 200 : 400, error])
    // Nobody has it, and nobody will.
    expect((await kindsOf(other)).includes('browser')).toBe(error === undefined)
  },
)

test.each([
  ['its grant is looked for', 'read', /^oauth:Grant:/],
  ['it is used up', 'write', /^oauth:AuthorizationCode:/],
] as const)(
  'a code whose session ends while it is exchanged brings nothing, and leaves nothing: before %s',
  async (_when, kind, key) => {
    const receiver = await startWebhookReceiver()
    try {
      await begin([{ ...WEB, backchannel_logout_uri: receiver.url }])
      const browser = await signInBrowser()
      const { id } = (await browser.get('/session')).json().session
      const { code } = await answerTo(browser)
      const held = failing.hold(kind, key)
      const exchanged = exchange(code)
      const goOn = await held
      expect((await phone.delete(`/sessions/${id}`)).statusCode).toBe(204)
      // Of an ID token that comes after it, the application would hear no end.
      await eventually('the application is told', () => receiver.received.length > 0)
      goOn()
      const { status, json } = await exchanged
      expect([status, json.error]).toEqual([400, 'invalid_grant'])
      expect(await testApp.store.read(`oauth:rows:${id}`)).toBeUndefined()
    } finally {
      await receiver.stop()
    }
  },
)

test('a code whose person is taken out of the accounts while it is exchanged brings nothing', async () => {
  let isGone = false
  await begin([WEB], { parts: { currentPerson: (user) => (isGone ? undefined : user) } })
  const { code } = await answerTo(await signInBrowser())
  const held = failing.hold('write', /^oauth:AuthorizationCode:/)
  const exchanged = exchange(code)
  const goOn = await held
  isGone = true
  goOn()
  expect((await exchanged).json).toMatchObject({ error: 'invalid_grant' })
})

test('a device that is signed out while it is given its tokens is given none', async () => {
  await begin([TV])
  const { poll } = await confirmDevice()
  const held = failing.hold('read', /^oauth:Grant:/)
  const given = poll()
  const goOn = await held
  const { sessions } = (await phone.get('/sessions')).json()
  const { id } = sessions.find((session: { kind: string }) => session.kind === 'browser')
  expect((await phone.delete(`/sessions/${id}`)).statusCode).toBe(204)
  goOn()
  const { status, json } = await given
  expect([status, json.error]).toEqual([400, 'invalid_grant'])
})

test.each<[what: string, takeAway: (device: GivenDevice) => Promise<unknown>, reason: string]>([
  ['its refresh token is revoked', ({ tokens }) => revoke(tokens.refresh_token), 'given_back'],
  ['its access token is revoked', ({ tokens }) => revoke(tokens.access_token), 'given_back'],
  [
    'a token that it had refreshed is revoked',
    async ({ refreshed }) => revoke((await refreshed()).json.refresh_token),
    'given_back',
  ],
  ['its code is shown twice', ({ poll }) => poll(), 'used_twice'],
  ['its refresh token is shown twice', async ({ refreshed }) => [await refreshed(), await refreshed()], 'used_twice'],
  [
    'its refresh token is shown twice at once',
    ({ refreshed }) => Promise.all([refreshed(), refreshed()]),
    'used_twice',
  ],
])('a device whose grant is taken away is no linked device any more: %s', async (_what, takeAway, reason) => {
  const log = keepLog()
  await begin([TV, WEB], { parts: { logger: log.logger } })
  const browser = await signInBrowser()
  expect(await answerTo(browser)).toHaveProperty('code')
  const { poll, token } = await confirmDevice()
  await phone.post('/login/confirm', { token, remember: true })
  const tokens = (await poll()).json
  const tv = { client_id: TV.client_id }
  const refreshed = () =>
    ask('/oauth/token', { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, ...tv })
  expect(await kindsOf(phone)).toEqual(['phone', 'browser', 'browser'])
  log.news()
  await takeAway({ tokens, poll, refreshed })
  expect((await refreshed()).json.error).toBe('invalid_grant')
  expect(await kindsOf(phone)).toEqual(['phone', 'browser'])
  expect((await browser.get('/session')).statusCode).toBe(200)
  expect(log.news()).toMatchObject([{ audit: 'session.withdrawn', reason, person: 'demo' }])
  expect(await eventsOf(phone)).not.toContain('revoked')
})

interface GivenDevice {
  tokens: { access_token: string; refresh_token: string }
  poll: () => ReturnType<typeof ask>
  /** Shows the first refresh token. */
  refreshed: () => ReturnType<typeof ask>
}

async function revoke(token: string, client: Record<string, string> = { client_id: TV.client_id }): Promise<void> {
  const payload = String(new URLSearchParams({ token, ...client }))
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const reply = await testApp.app.inject({ method: 'POST', url: '/oauth/revoke', headers, payload })
  expect(reply.statusCode).toBe(200)
}

test.each(['access_token', 'refresh_token'])(
  'a token that is revoked while its application is closed to the person is not good again when it opens: %s',
  async (kind) => {
    await begin([WEB, TV])
    const browser = await signInBrowser()
    const { json } = await exchange((await answerTo(browser))['code'])
    const device = (await (await confirmDevice()).poll()).json
    expect(await kindsOf(phone)).toEqual(['phone', 'browser', 'browser'])
    register([WEB, TV].map((client) => ({ ...client, groups: ['staff'] })))
    expect((await refresh(json.refresh_token)).json.error).toBe('invalid_grant')
    await revoke(json[kind], credentials)
    await revoke(device[kind])
    expect(await kindsOf(phone)).toEqual(['phone', 'browser'])
    register([WEB, TV])
    expect((await refresh(json.refresh_token)).json.error).toBe('invalid_grant')
  },
)

test('a browser stays signed in whose application revokes its tokens, or shows a code twice', async () => {
  await begin([WEB])
  const browser = await signInBrowser()
  const code = (await answerTo(browser))['code']
  expect((await exchange(code)).status).toBe(200)
  expect((await exchange(code)).json.error).toBe('invalid_grant')
  const { json } = await exchange((await answerTo(browser))['code'])
  await revoke(json.refresh_token, credentials)
  expect((await refresh(json.refresh_token)).json.error).toBe('invalid_grant')
  expect(await kindsOf(phone)).toEqual(['phone', 'browser'])
  expect((await browser.get('/session')).statusCode).toBe(200)
})

test('a device whose grant could not be taken away, as the store was away, leaves the list when it is tried again', async () => {
  await begin([TV])
  const { poll } = await confirmDevice()
  expect((await poll()).status).toBe(200)
  failing.failWritesAt(/^session:/)
  expect((await poll()).status).toBe(503)
  failing.mend()
  expect((await poll()).json.error).toBe('invalid_grant')
  expect(await kindsOf(phone)).toEqual(['phone'])
})

test('a scope that is taken away from a client is taken from what it was given before, for as long as it is away', async () => {
  await begin([WEB])
  const browser = await signInBrowser()
  const given = (await exchange((await answerTo(browser))['code'])).json
  const userinfo = async (token: string) =>
    (await testApp.app.inject({ url: '/oauth/userinfo', headers: { authorization: `Bearer ${token}` } })).json()
  const introspected = async (token: string) => (await ask('/oauth/introspect', { token, ...credentials })).json.scope
  expect(given.scope).toBe('openid profile email groups')
  expect(await userinfo(given.access_token)).toMatchObject({ name: 'Demo Person' })

  register([{ ...WEB, scope: 'openid' }])
  expect(await userinfo(given.access_token)).toEqual({ sub: 'demo' })
  expect(await introspected(given.access_token)).toBe('openid')
  const refreshed = (await refresh(given.refresh_token)).json
  expect(refreshed.scope).toBe('openid')
  expect(await userinfo(refreshed.access_token)).toEqual({ sub: 'demo' })
  expect(decodeJwt(refreshed.id_token)).not.toHaveProperty('name')

  register([WEB])
  const again = (await refresh(refreshed.refresh_token)).json
  expect(again.scope).toBe('openid profile email groups')
  expect(await userinfo(again.access_token)).toMatchObject({ name: 'Demo Person' })
})

test('a used refresh token that is shown while its application is closed to its person ends what came of it', async () => {
  await begin([WEB])
  const browser = await signInBrowser()
  const given = (await exchange((await answerTo(browser))['code'])).json
  const next = (await refresh(given.refresh_token)).json
  const isActive = async (token: string) =>
    (await ask('/oauth/introspect', { token, ...credentials })).json.active as boolean

  register([{ ...WEB, groups: ['nobody'] }])
  // Asked about, it is found out by nobody.
  expect(await isActive(given.refresh_token)).toBe(false)
  const shown = await refresh(given.refresh_token)
  expect([shown.status, shown.json.error]).toEqual([400, 'invalid_grant'])

  register([WEB])
  expect(await isActive(next.access_token)).toBe(false)
  expect((await refresh(next.refresh_token)).json.error).toBe('invalid_grant')
})

test('a token that is good stays so though it is shown while its application is closed to its person', async () => {
  await begin([WEB])
  const browser = await signInBrowser()
  const given = (await exchange((await answerTo(browser))['code'])).json
  register([{ ...WEB, groups: ['nobody'] }])
  expect((await refresh(given.refresh_token)).json.error).toBe('invalid_grant')
  register([WEB])
  expect((await refresh(given.refresh_token)).status).toBe(200)
})

test('an ID token from before its application had another algorithm says who is meant, and signs them out', async () => {
  await begin([WEB])
  const browser = await signInBrowser()
  const { json } = await exchange((await answerTo(browser))['code'])
  register([{ ...WEB, id_token_signed_response_alg: 'EdDSA' }])
  const hint = { id_token_hint: json.id_token }
  expect(await answerTo(browser, { prompt: 'none', ...hint })).toHaveProperty('code')
  await browser.get(`/oauth/logout?${new URLSearchParams(hint)}`)
  expect((await browser.get('/session')).statusCode).toBe(401)
})

test('who signs in for a max_age is let on, however slowly they come back; the next one takes another login', async () => {
  await begin([WEB])
  // By the library's clock, all that happens here was five seconds ago.
  pass(-5)
  const browser = await signInBrowser()
  const asked = await answerTo(browser, { max_age: '1' })
  expect([asked['pathname'], asked['prompt']]).toEqual(['/', 'login'])
  await signInBrowser(browser)
  const { headers } = await browser.get(asked['return_to'] ?? '')
  const answer = Object.fromEntries(new URL(String(headers.location)).searchParams)
  expect(answer).toMatchObject({ code: expect.any(String) })
  expect(decodeJwt((await exchange(answer['code'])).json.id_token)['auth_time']).toBe(
    Math.floor(testApp.time.now / 1000),
  )
  expect((await answerTo(browser, { max_age: '1' }))['pathname']).toBe('/')
})

test('the end of an account is told to applications of the sessions that end by it, and of no other', async () => {
  const receiver = await startWebhookReceiver()
  let hear: OnAccountNews = () => undefined
  const followAccounts = (listener: OnAccountNews) => {
    hear = listener
  }
  try {
    await begin([{ ...WEB, backchannel_logout_uri: receiver.url }], { parts: { followAccounts } })
    const browsers = [await signInBrowser(), await signInBrowser()]
    const ids = []
    for (const browser of browsers) {
      expect(await answerTo(browser)).toHaveProperty('code')
      ids.push((await browser.get('/session')).json().session.id)
    }
    const told = () =>
      receiver.received.map(({ body }) => decodeJwt(new URLSearchParams(body).get('logout_token') ?? '')['sid'])
    const { user } = Object((await testApp.store.read(`session:${ids[0]}`))?.value) as Session
    // As an instance tells of it that reads the file late: by then they signed in anew.
    hear([{ user: { ...user, credential: 'an earlier password' }, why: 'new_password' }])
    await browsers[1]?.post('/sign-out')
    await eventually('the application is told', () => told().length > 0)
    expect(told()).toEqual([ids[1]])
    hear([{ user, why: 'new_password' }])
    await eventually('it is told of the other', () => told().length > 1)
    expect(told()).toEqual([ids[1], ids[0]])
  } finally {
    await receiver.stop()
  }
})

test('an application that is not told of a sign-out has a line in the log that says why, and nothing of its address', async () => {
  const lines: string[] = []
  const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) })
  const why = () => lines.map((line) => JSON.parse(line)).flatMap(({ client, why }) => (client === 'web' ? [why] : []))
  const receiver = await startWebhookReceiver()
  receiver.answer((_request, response) => void response.writeHead(500).end())
  const address = receiver.url.replace('of=scanin', 'key=key-of-the-application')
  try {
    await begin([{ ...WEB, backchannel_logout_uri: address }], { parts: { logger } })
    const [one, other] = [await signInBrowser(), await signInBrowser()]
    for (const browser of [one, other]) expect(await answerTo(browser)).toHaveProperty('code')
    await one.post('/sign-out')
    await eventually('the log says so', () => why().length > 0)
    await receiver.stop()
    await other.post('/sign-out')
    await eventually('and why of the other', () => why().some((reason) => reason.includes('ECONNREFUSED')))
    expect(why()).toContain('it answers 500')
    expect(lines.join('')).not.toContain('key-of-the-application')
  } finally {
    await receiver.stop()
  }
})
