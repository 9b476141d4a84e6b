import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { LightMyRequestResponse } from 'fastify'
import * as oauth from 'oauth4webapi'
import * as oidc from 'openid-client'
import { createClients, parseClients } from '../../server/oauth/clients-file.ts'
import { createMemoryStore } from '../../server/store/memory-store.ts'
import type { RecordStore } from '../../server/store/record-store.ts'
import { phoneOf, writeAccounts, YUSUF, ZOFIA } from '../support/accounts-file.ts'
import { createInjectPhone, createTestApp } from '../support/app.ts'
import { connectToChromium, createVisitors } from '../support/browsers.ts'
import { type ClientsFile, DEVICE_GRANT, TV, WEB, writeClients } from '../support/clients-file.ts'
import { eventually } from '../support/eventually.ts'
import { type Client, createClient, type Reply } from '../support/http-client.ts'
import { form, isActive, refresh, userinfo } from '../support/oauth-flow.ts'
import { sees } from '../support/page-steps.ts'
import { type Service, startService } from '../support/service.ts'

/** RFC 8628: a device shows our code, the phone scans or types it. */

const CLI = { ...WEB, client_id: 'cli', client_name: 'Deploy Tool', grant_types: [DEVICE_GRANT], groups: ZOFIA.groups }

let accounts: Awaited<ReturnType<typeof writeAccounts>>
let clients: ClientsFile
let service: Service
let phone: Client
let device: Client

beforeAll(async () => {
  accounts = await writeAccounts([ZOFIA, YUSUF])
  clients = writeClients([TV, CLI, WEB])
  service = await startService({
    ACCOUNTS_FILE: accounts.path,
    CLIENTS_FILE: clients.path,
    // Somebody else's network is asked for digits everywhere else.
    MATCH: 'always',
  })
  phone = await phoneOf(ZOFIA, service.url)
  device = createClient(service.url)
})
afterAll(async () => {
  await service?.stop()
  accounts?.remove()
  clients?.remove()
})

const begin = (others: Record<string, string> = {}) =>
  form(device, '/oauth/device_authorization', { client_id: 'tv', scope: 'openid profile email', ...others })

const poll = (code: string, others: Record<string, string> = {}) =>
  form(device, '/oauth/token', { grant_type: DEVICE_GRANT, device_code: code, client_id: 'tv', ...others })

const errorOf = ({ status, json }: Reply) => ({ status, error: json?.error })
const byError = (one: { error: string }, other: { error: string }) => (one.error < other.error ? -1 : 1)

/** The state of a login, once a poll is not too early for it. */
async function settled(code: string): Promise<Reply> {
  return eventually('the device is told', async () => {
    const reply = await poll(code)
    return !['authorization_pending', 'slow_down'].includes(reply.json?.error) && reply
  })
}

test('a device is told a code of ours, where to type it, and a link for its QR', async () => {
  const { status, json, headers } = await begin()
  expect({ status, json }).toEqual({
    status: 200,
    json: {
      device_code: expect.stringMatching(/^[\w-]{43,}$/),
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
      verification_uri: `${service.url}/scan`,
      verification_uri_complete: expect.stringMatching(/\/scan#[\w-]{16}\.[\w-]{22}$/),
      expires_in: 480,
      interval: 5,
    },
  })
  expect(headers['cache-control']).toBe('private, no-cache, no-store, must-revalidate, no-transform')
})

test('the phone types the code, sees which application asks for what from where, confirms, and is listed the device', async () => {
  const { json } = await begin()
  const tooFast = await Promise.all([poll(json.device_code), poll(json.device_code)])
  expect(tooFast.map(errorOf).sort(byError)).toEqual([
    { status: 400, error: 'authorization_pending' },
    { status: 400, error: 'slow_down' },
  ])
  const card = await phone.post('/login/scan', { user_code: json.user_code.toLowerCase() })
  expect(card.json).toMatchObject({
    status: 'scanned',
    application: { name: 'Living Room TV', scopes: ['openid', 'profile', 'email'], device: true },
    browser: { name: 'Living Room TV' },
    ip: '127.0.0.1',
    // There is nothing on a device to type digits into.
    match: 'none',
  })
  expect((await poll(json.device_code)).json.error).toMatch(/^(authorization_pending|slow_down)$/)
  expect((await phone.post('/login/confirm', { token: card.json.token })).json).toEqual({ status: 'authenticated' })
  const { json: tokens } = await settled(json.device_code)
  expect(tokens).toMatchObject({
    token_type: 'Bearer',
    scope: 'openid profile email',
    refresh_token: expect.any(String),
  })
  expect((await userinfo(device, tokens.access_token)).json).toEqual({
    sub: ZOFIA.id,
    name: ZOFIA.name,
    preferred_username: ZOFIA.username,
    email: ZOFIA.email,
  })

  const { sessions } = (await phone.get('/sessions')).json
  const listed = sessions.find((one: { browser: { name: string } }) => one.browser.name === 'Living Room TV')
  expect(listed).toMatchObject({ kind: 'browser', ip: '127.0.0.1', current: false })
  const refreshed = (await refresh(device, TV, tokens.refresh_token)).json
  expect((await phone.delete(`/sessions/${listed.id}`)).status).toBe(204)
  expect((await userinfo(device, refreshed.access_token)).status).toBe(401)
  expect(errorOf(await refresh(device, TV, refreshed.refresh_token))).toEqual({ status: 400, error: 'invalid_grant' })
})

const ALL_SCOPES = 'openid profile email groups'

test.each([
  ['leaves it out', 'client_id=tv', 'openid'],
  ['says nothing in it', 'client_id=tv&scope=', 'openid'],
  ['asks for refresh tokens', 'client_id=tv&scope=openid+offline_access', 'openid offline_access'],
  ['says it twice, once behind a question mark', `?scope=openid&client_id=tv&scope=${ALL_SCOPES}`, ALL_SCOPES],
])('the card says the very scopes that a device is given: it %s', async (_how, raw, scope) => {
  const headers = { origin: undefined, 'content-type': 'application/x-www-form-urlencoded' }
  const { json } = await device.call('POST', '/oauth/device_authorization', { raw, headers })
  const card = (await phone.post('/login/scan', { user_code: json.user_code })).json
  await phone.post('/login/confirm', { token: card.token })
  const told = card.application.scopes.join(' ')
  expect({ told, given: (await settled(json.device_code)).json.scope }).toEqual({ told: scope, given: scope })
})

test('a code is good once: shown again, all that came of it is over', async () => {
  const { json } = await begin()
  await allow(phone, json.user_code)
  const tokens = (await settled(json.device_code)).json
  expect(errorOf(await poll(json.device_code))).toEqual({ status: 400, error: 'invalid_grant' })
  expect((await userinfo(device, tokens.access_token)).status).toBe(401)
})

test('of many polls at once after the approval, one at the most gets tokens, and nobody keeps any', async () => {
  const { json } = await begin()
  await allow(phone, json.user_code)
  const replies = await Promise.all(Array.from({ length: 6 }, () => poll(json.device_code)))
  const given = replies.filter(({ status }) => status === 200)
  expect(given.length).toBeLessThanOrEqual(1)
  const refused = replies.filter((reply) => !given.includes(reply)).map(errorOf)
  expect(refused).toEqual(refused.map(() => ({ status: 400, error: 'invalid_grant' })))
  for (const { json: tokens } of given) expect((await userinfo(device, tokens.access_token)).status).toBe(401)
})

test('who has found a code unused, and is too late to use it, takes away what the other one got', async () => {
  const known = createClients()
  known.replace(parseClients(JSON.stringify([TV])))
  const time = { now: Date.now() }
  const inner = createMemoryStore({ clock: () => time.now })
  let session: string | undefined
  let sooner: Promise<LightMyRequestResponse> | undefined
  // Between the session that the device is given and its first use, somebody else comes with the same code.
  const store: RecordStore = {
    ...inner,
    writeTogether(writes) {
      if (fields.device_code !== '') session ??= writes.find(({ key }) => key.startsWith('session:'))?.key
      return inner.writeTogether(writes)
    },
    async read(key) {
      if (key === session && sooner === undefined) {
        sooner = ask('/oauth/token', fields)
        await sooner
      }
      return inner.read(key)
    },
  }
  const { app } = await createTestApp({ CLIENTS_FILE: 'clients.json' }, { clients: known, store }, time)
  const fields = { grant_type: DEVICE_GRANT, device_code: '', client_id: 'tv' }
  const ask = async (path: string, fields: Record<string, string>) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return app.inject({ method: 'POST', url: path, headers, payload: String(new URLSearchParams(fields)) })
  }
  try {
    const begun = (await ask('/oauth/device_authorization', { client_id: 'tv', scope: 'openid' })).json()
    const owner = await createInjectPhone(app)
    const { token } = (await owner.post('/login/scan', { user_code: begun.user_code })).json()
    expect((await owner.post('/login/confirm', { token })).json()).toEqual({ status: 'authenticated' })
    fields.device_code = begun.device_code
    expect((await ask('/oauth/token', fields)).json()).toMatchObject({ error: 'invalid_grant' })
    const given = await sooner
    expect(given?.statusCode).toBe(200)
    const tokens = given?.json()
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    expect((await app.inject({ url: '/oauth/userinfo', headers })).statusCode).toBe(401)
    const again = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id: 'tv' }
    expect((await ask('/oauth/token', again)).json()).toMatchObject({ error: 'invalid_grant' })
  } finally {
    await app.close()
  }
})

test('denied on the phone, it is access_denied, however often it is asked', async () => {
  const { json } = await begin()
  const { token } = (await phone.post('/login/scan', { user_code: json.user_code })).json
  expect((await phone.post('/login/deny', { token })).json).toEqual({ status: 'denied' })
  for (let times = 0; times < 2; times++) {
    expect(errorOf(await poll(json.device_code))).toEqual({ status: 400, error: 'access_denied' })
  }
})

test('who may not be in the application is denied, and the phone that ended in between too', async () => {
  const yusuf = await phoneOf(YUSUF, service.url)
  const own = { client_id: 'cli', client_secret: CLI.client_secret }
  const { json } = await begin(own)
  await allow(yusuf, json.user_code)
  expect(errorOf(await poll(json.device_code, own))).toEqual({ status: 400, error: 'access_denied' })

  const other = (await begin()).json
  await allow(yusuf, other.user_code)
  await yusuf.post('/sign-out')
  expect(errorOf(await poll(other.device_code))).toEqual({ status: 400, error: 'access_denied' })
})

test('a device that is not registered for it gets no code, and one gets no tokens for the code of another', async () => {
  const web = { client_id: 'web', client_secret: WEB.client_secret }
  expect(errorOf(await begin(web))).toEqual({ status: 400, error: 'unauthorized_client' })
  expect(errorOf(await begin({ client_id: 'none' }))).toEqual({ status: 401, error: 'invalid_client' })
  expect(errorOf(await begin({ client_id: '' }))).toEqual({ status: 401, error: 'invalid_client' })
  const { json } = await begin()
  await allow(phone, json.user_code)
  const others = await poll(json.device_code, { client_id: 'cli', client_secret: CLI.client_secret })
  expect(errorOf(others)).toEqual({ status: 400, error: 'invalid_grant' })
  expect((await settled(json.device_code)).status).toBe(200)
  expect(errorOf(await poll('a-code-that-nobody-was-given'))).toEqual({ status: 400, error: 'invalid_grant' })
})

test('wrong codes for devices are wrong codes: who guesses has to slow down', async () => {
  const guesser = await phoneOf(YUSUF, service.url)
  const { json } = await begin()
  const codes = Array.from({ length: 12 }, (_each, at) => `BCDF-GHJ${'KLMNPQRSTVWX'[at]}`)
  const replies: Reply[] = []
  for (const user_code of codes) replies.push(await guesser.post('/login/scan', { user_code }))
  expect(replies.at(-1)?.json).toMatchObject({ code: 'slow_down' })
  expect((await guesser.post('/login/scan', { user_code: json.user_code })).json).toMatchObject({ code: 'slow_down' })
})

test("openid-client's polls end in tokens, and in a refusal", async () => {
  const options = { execute: [oidc.allowInsecureRequests] }
  const config = await oidc.discovery(new URL(service.url), 'tv', {}, oidc.None(), options)
  const begun = () => oidc.initiateDeviceAuthorization(config, { scope: 'openid profile' })
  const [granted, denied] = await Promise.all([begun(), begun()])
  const waiting = oidc.pollDeviceAuthorizationGrant(config, granted)
  const refused = oidc.pollDeviceAuthorizationGrant(config, denied).catch((error) => error)
  await allow(phone, granted.user_code)
  const { token } = (await phone.post('/login/scan', { user_code: denied.user_code })).json
  await phone.post('/login/deny', { token })
  expect((await waiting).claims()).toMatchObject({ sub: ZOFIA.id, name: ZOFIA.name, amr: ['pwd', 'user', 'mca'] })
  expect(await refused).toMatchObject({ error: 'access_denied' })
})

test("oauth4webapi's poll ends in tokens", async () => {
  const http = { [oauth.allowInsecureRequests]: true }
  const issuer = new URL(service.url)
  const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http))
  const client = { client_id: 'tv' }
  const asked = await oauth.deviceAuthorizationRequest(server, client, oauth.None(), { scope: 'openid' }, http)
  const granted = await oauth.processDeviceAuthorizationResponse(server, client, asked)
  await allow(phone, granted.user_code)
  const reply = await oauth.deviceCodeGrantRequest(server, client, oauth.None(), granted.device_code, http)
  const tokens = await oauth.processDeviceCodeResponse(server, client, reply)
  expect(oauth.getValidatedIdTokenClaims(tokens)).toMatchObject({ sub: ZOFIA.id, iss: service.url })
})

async function allow(by: Client, user_code: string): Promise<void> {
  const { json } = await by.post('/login/scan', { user_code })
  const reply = await by.post('/login/confirm', { token: json.token })
  expect(reply.json).toEqual({ status: 'authenticated' })
}

test('a code that nobody confirmed in time is expired_token', async () => {
  const short = await startService({ CLIENTS_FILE: clients.path, LOGIN_SECONDS: '1' })
  try {
    const own = createClient(short.url)
    const { json } = await form(own, '/oauth/device_authorization', { client_id: 'tv', scope: 'openid' })
    const end = await eventually('the code is over', async () => {
      const fields = { grant_type: DEVICE_GRANT, device_code: json.device_code, client_id: 'tv' }
      const reply = await form(own, '/oauth/token', fields)
      return !['authorization_pending', 'slow_down'].includes(reply.json.error) && reply
    })
    expect(errorOf(end)).toEqual({ status: 400, error: 'expired_token' })
  } finally {
    await short.stop()
  }
})

test('a device that slept is told expired_token for ten minutes after all that its code could lead to, and then nothing', async () => {
  const known = createClients()
  known.replace(parseClients(JSON.stringify([TV])))
  // The file is not read. The library goes by the process's own clock.
  const env = { CLIENTS_FILE: 'clients.json', LOGIN_SECONDS: '3', CONFIRM_SECONDS: '3', COLLECT_SECONDS: '2' }
  const { app, time } = await createTestApp(env, { clients: known }, { now: Date.now() })
  const ask = async (path: string, fields: Record<string, string>) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const payload = new URLSearchParams({ client_id: 'tv', ...fields }).toString()
    return (await app.inject({ method: 'POST', url: path, headers, payload })).json()
  }
  try {
    const { device_code } = await ask('/oauth/device_authorization', { scope: 'openid' })
    const errors: [seconds: number, error: string][] = []
    const begun = time.now
    for (const seconds of [4, 9, 8 + 9 * 60, 8 + 11 * 60]) {
      time.now = begun + seconds * 1000
      errors.push([seconds, (await ask('/oauth/token', { grant_type: DEVICE_GRANT, device_code })).error])
    }
    expect(errors).toEqual([
      [4, 'expired_token'],
      [9, 'expired_token'],
      [548, 'expired_token'],
      [668, 'invalid_grant'],
    ])
  } finally {
    await app.close()
  }
})

test('a device is told to ask for as long as a login may take that is scanned, confirmed and collected in time', async () => {
  const known = createClients()
  known.replace(parseClients(JSON.stringify([TV])))
  const env = { CLIENTS_FILE: 'clients.json', LOGIN_SECONDS: '300', CONFIRM_SECONDS: '120', COLLECT_SECONDS: '60' }
  const { app, time } = await createTestApp(env, { clients: known }, { now: Date.now() })
  const ask = (path: string, fields: Record<string, string>) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const payload = new URLSearchParams({ client_id: 'tv', ...fields }).toString()
    return app.inject({ method: 'POST', url: path, headers, payload })
  }
  try {
    const begun = time.now
    const { device_code, user_code, expires_in } = (await ask('/oauth/device_authorization', {})).json()
    const owner = await createInjectPhone(app)
    time.now = begun + 299_000
    const { token } = (await owner.post('/login/scan', { user_code })).json()
    time.now = begun + 418_000
    expect((await owner.post('/login/confirm', { token })).json()).toEqual({ status: 'authenticated' })
    time.now = begun + 477_000
    expect((await ask('/oauth/token', { grant_type: DEVICE_GRANT, device_code })).statusCode).toBe(200)
    expect(expires_in).toBeGreaterThanOrEqual(477)
  } finally {
    await app.close()
  }
})

test('a phone opens what the device shows as a QR, and reads on the card what it is asked', async () => {
  const visitors = createVisitors(await connectToChromium())
  const { json } = await begin()
  const page = await visitors.phone()
  await page.goto(json.verification_uri_complete)
  await page.locator('#username').fill(ZOFIA.username)
  await page.locator('#password').fill(ZOFIA.password)
  await page.locator('#sign-in-form [type=submit]').click()
  await sees(page, '#request', 'Living Room TV')
  await sees(page, '#request .request-network', 'Same network as this phone')
  await sees(page, '#request .request-address', /^127\.0\.0\.1$/)
  await sees(page, '#request .request-origin', new URL(service.url).host)
  await sees(page, '#request', 'your name and your e-mail address')
  // Who is asked has no browser in front of them, and no page.
  await sees(page, '#request h1', 'Let this device sign in?')
  await sees(
    page,
    '.request-caution',
    'Confirm only if you started this yourself just now, on a device in front of you.',
  )
  await page.locator('#confirm').click()
  await sees(page, '#result', 'Waiting for the device…')
  const { json: tokens } = await settled(json.device_code)
  expect(await isActive(device, WEB, tokens.access_token)).toBe(true)
  await sees(page, '#sessions', 'Living Room TV')

  // One that does not come for it holds up nobody, also once the page is loaded anew; and it may come late.
  const { json: late } = await begin()
  await page.goto(late.verification_uri_complete)
  await page.locator('#confirm').click()
  await sees(page, '#result', 'Waiting for the device…')
  expect(await page.locator('#again').isVisible()).toBe(false)
  await page.locator('#again').evaluate((button) => {
    for (const wait of button.getAnimations()) wait.finish()
  })
  await page.locator('#again').click()
  await sees(page, '#chooser', 'Scan a code')
  await page.reload()
  await sees(page, '#chooser', 'Scan a code')
  expect((await settled(late.device_code)).status).toBe(200)
  await visitors.leave()
  expect(visitors.complaints()).toEqual([])
})
