import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createClients, parseClients } from '../../../server/oauth/clients-file.ts'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type InjectClient,
  type TestApp,
} from '../../support/app.ts'
import { type KeptLog, keepLog } from '../../support/audit-lines.ts'
import { DEVICE_GRANT, SPA, TV, WEB } from '../../support/clients-file.ts'
import { authorizePath, VERIFIER } from '../../support/oauth-flow.ts'

/** What the log says of applications that are refused, for who sets one up: more than the application is told. */

const CLUB = { ...WEB, client_id: 'club', groups: ['staff'] }
const NARROW = { ...WEB, client_id: 'narrow', scope: 'openid' }
const EVERYBODY = [WEB, SPA, TV, CLUB, NARROW]

const clients = createClients()
let log: KeptLog
let testApp: TestApp
let phone: InjectClient
let browser: InjectClient

beforeAll(async () => {
  log = keepLog()
  clients.replace(parseClients(JSON.stringify(EVERYBODY)))
  const parts = { clients, logger: log.logger }
  // The library goes by the process's own clock.
  testApp = await createTestApp({ CLIENTS_FILE: 'clients.json', MATCH: 'never' }, parts, { now: Date.now() })
  phone = await createInjectPhone(testApp.app)
  browser = await signedIn()
})
afterAll(() => testApp?.app.close())

async function signedIn(): Promise<InjectClient> {
  const one = createInjectClient(testApp.app)
  const { token } = (await one.post('/login')).json()
  await phone.post('/login/scan', { token })
  await phone.post('/login/confirm', { token })
  await one.get(`/login/status/${token}`)
  return one
}

type Fields = Record<string, string>
const OF_WEB = { client_id: 'web', client_secret: WEB.client_secret }

/** Asks as a program does. */
function ask(path: string, fields: Fields, headers: Fields = {}) {
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const payload = String(new URLSearchParams(fields))
  return testApp.app.inject({ method: 'POST', url: path, headers: { ...type, ...headers }, payload })
}

const exchange = (code: string, others: Fields = {}) => {
  const redirect_uri = WEB.redirect_uris[0] ?? ''
  const fields = { grant_type: 'authorization_code', code, code_verifier: VERIFIER, redirect_uri }
  return ask('/oauth/token', { ...fields, ...OF_WEB, ...others })
}

const refresh = (token: string, others: Fields = {}) =>
  ask('/oauth/token', { grant_type: 'refresh_token', refresh_token: token, ...OF_WEB, ...others })

const userinfo = (token: string) =>
  testApp.app.inject({ url: '/oauth/userinfo', headers: { authorization: `Bearer ${token}` } })

async function codeFor(one = browser): Promise<string> {
  const { headers } = await one.get(authorizePath(WEB))
  return new URL(String(headers.location)).searchParams.get('code') ?? ''
}

const tokens = async () => (await exchange(await codeFor())).json()

async function usedCode(): Promise<string> {
  const code = await codeFor()
  await exchange(code)
  return code
}

async function codeOfEndedSession(): Promise<string> {
  const one = await signedIn()
  const code = await codeFor(one)
  await one.post('/sign-out')
  return code
}

const byBasic = (credentials: string) => ({ authorization: `Basic ${Buffer.from(credentials).toString('base64')}` })
const authorize = (application: typeof WEB, others: Record<string, string | undefined> = {}) =>
  browser.get(authorizePath(application, others))

/** Who is refused there sees a page that says nothing of it: only the log does. */
const signOut = (fields: Fields) => browser.get(`/oauth/logout?${new URLSearchParams(fields)}`)

const GRANT = { error: 'invalid_grant' }
const CLIENT = { error: 'invalid_client' }
const UNKNOWN_TOKEN = { grant_type: 'refresh_token', refresh_token: 'x' }

test.each<[what: string, refused: () => Promise<unknown>, said: { error: string; reason?: string }]>([
  ['a client that nobody knows', () => refresh('x', { client_id: 'x' }), { ...CLIENT, reason: 'unknown_client' }],
  ['one that does not say who it is', () => ask('/oauth/token', UNKNOWN_TOKEN), { ...CLIENT, reason: 'no_client_id' }],
  ['a wrong secret', () => refresh('x', { client_secret: 'x' }), { ...CLIENT, reason: 'wrong_secret' }],
  [
    'a secret that is not in the form of Basic',
    () => ask('/oauth/introspect', { token: 'x' }, byBasic('web:100%')),
    { error: 'invalid_request', reason: 'secret_not_encoded' },
  ],
  [
    'a secret of who has none',
    () => ask('/oauth/revoke', { ...OF_WEB, client_id: 'spa', token: 'x' }),
    { ...CLIENT, reason: 'other_authentication' },
  ],
  [
    'a grant type that is not in the file',
    () => ask('/oauth/device_authorization', OF_WEB),
    { error: 'unauthorized_client', reason: 'other_grant_type' },
  ],
  ['a grant type that is none', () => refresh('x', { grant_type: 'x' }), { error: 'unsupported_grant_type' }],
  ['a code that never was', () => exchange('x'), { ...GRANT, reason: 'unknown' }],
  ['a refresh token that never was', async () => refresh('x'), { ...GRANT, reason: 'unknown' }],
  [
    'another application`s code',
    async () => exchange(await codeFor(), { client_id: 'club' }),
    { ...GRANT, reason: 'other_client' },
  ],
  ['a code that was used', async () => exchange(await usedCode()), { ...GRANT, reason: 'used_twice' }],
  [
    'what came of one that was used twice',
    async () => {
      const code = await codeFor()
      const { access_token } = (await exchange(code)).json()
      await exchange(code)
      return userinfo(access_token)
    },
    { error: 'invalid_token', reason: 'taken_away' },
  ],
  [
    'a code of a session that is over',
    async () => exchange(await codeOfEndedSession()),
    { ...GRANT, reason: 'authority_ended' },
  ],
  [
    'another verifier',
    async () => exchange(await codeFor(), { code_verifier: VERIFIER.toUpperCase() }),
    { ...GRANT, reason: 'wrong_verifier' },
  ],
  ['no verifier', async () => exchange(await codeFor(), { code_verifier: '' }), { ...GRANT, reason: 'no_pkce' }],
  [
    'another address than the code was asked for with',
    async () => exchange(await codeFor(), { redirect_uri: 'https://web.example/other' }),
    { ...GRANT, reason: 'other_redirect_uri' },
  ],
  [
    'more scopes than were given',
    async () => refresh((await tokens()).refresh_token, { scope: 'openid offline_access more' }),
    { error: 'invalid_scope', reason: 'other_scope' },
  ],
  ['an access token that is none', () => userinfo('x'), { error: 'invalid_token', reason: 'unknown' }],
  [
    'no PKCE',
    () => authorize(WEB, { code_challenge: undefined, code_challenge_method: undefined }),
    {
      error: 'invalid_request',
      reason: 'no_pkce',
    },
  ],
  [
    'no known scope',
    () => authorize(WEB, { scope: 'x', nonce: undefined }),
    { error: 'invalid_scope', reason: 'unknown_scope' },
  ],
  ['a scope that is not its own', () => authorize(NARROW), { error: 'invalid_scope', reason: 'other_scope' }],
  ['another response type', () => authorize(WEB, { response_type: 'token' }), { error: 'unsupported_response_type' }],
  ['a person who may not enter', () => authorize(CLUB), { error: 'access_denied', reason: 'not_allowed' }],
  [
    'the same, posted',
    () => authorize(CLUB, { response_mode: 'form_post' }),
    {
      error: 'access_denied',
      reason: 'not_allowed',
    },
  ],
  [
    'an address that is not in the file',
    () => authorize(WEB, { redirect_uri: 'https://web.example/x' }),
    {
      error: 'invalid_redirect_uri',
      reason: 'other_redirect_uri',
    },
  ],
  [
    'an application that nobody knows',
    () => authorize({ ...WEB, client_id: 'x' }),
    {
      ...CLIENT,
      reason: 'unknown_client',
    },
  ],
  [
    'a page of another application',
    () => ask('/oauth/token', { ...UNKNOWN_TOKEN, client_id: 'spa' }, { origin: 'https://web.example' }),
    { error: 'invalid_request', reason: 'other_origin' },
  ],
  [
    'a page of no application',
    () => ask('/oauth/token', { ...UNKNOWN_TOKEN, client_id: 'spa' }, { origin: 'https://other.example' }),
    { error: 'cross_site_request' },
  ],
  [
    'an address after signing out that is not in the file',
    () => signOut({ client_id: 'web', post_logout_redirect_uri: 'https://web.example' }),
    { error: 'invalid_request', reason: 'other_redirect_uri' },
  ],
  [
    'another application`s ID token',
    async () => signOut({ client_id: 'club', id_token_hint: (await tokens()).id_token }),
    { error: 'invalid_request', reason: 'other_client' },
  ],
  [
    'an ID token that nobody has signed',
    async () => signOut({ id_token_hint: `${(await tokens()).id_token}x` }),
    { error: 'invalid_request', reason: 'wrong_hint' },
  ],
  [
    'a hint that is no token',
    () => signOut({ id_token_hint: 'x' }),
    { error: 'invalid_request', reason: 'wrong_hint' },
  ],
  [
    'the same, as one asks for a code',
    () => authorize(WEB, { id_token_hint: 'x' }),
    { error: 'invalid_request', reason: 'wrong_hint' },
  ],
])('the request`s line says what is refused, and why: %s', async (_what, refused, said) => {
  await refused()
  expect(lastLine()).toMatchObject(said)
  expect(lastLine()['reason']).toBe(said.reason)
})

test('a device that waits is refused nothing: its lines have no error', async () => {
  const { device_code } = (await ask('/oauth/device_authorization', { client_id: 'tv' })).json()
  for (const said of ['authorization_pending', 'slow_down']) {
    const told = await ask('/oauth/token', { client_id: 'tv', grant_type: DEVICE_GRANT, device_code })
    expect(told.json().error).toBe(said)
    expect(lastLine()).toMatchObject({ route: '/oauth/token', status: 400, client: 'tv' })
    expect(lastLine()).not.toHaveProperty('error')
  }
})

test.each([
  ['goes well', () => authorize(WEB)],
  ['says that nobody is signed in', () => createInjectClient(testApp.app).get(authorizePath(WEB, { prompt: 'none' }))],
  ['leads to the login page', () => createInjectClient(testApp.app).get(authorizePath(WEB))],
])('a request for a code has no line that %s', async (_what, asked) => {
  const before = log.text()
  expect((await asked()).statusCode).toBe(303)
  expect(log.text()).toBe(before)
})

test('what is refused is told in words of ours, whatever the caller has written', async () => {
  const before = log.text().length
  const theirs = 'words-of-the-caller'
  const fields = [
    'client_id',
    'redirect_uri',
    'response_type',
    'response_mode',
    'scope',
    'prompt',
    'code_challenge_method',
  ]
  for (const name of fields) await authorize(WEB, { [name]: theirs })
  for (const name of ['client_id', 'client_secret', 'code', 'redirect_uri', 'grant_type', 'code_verifier', theirs]) {
    await exchange('x', { [name]: theirs })
  }
  await refresh((await tokens()).refresh_token, { scope: theirs })
  await ask(
    '/oauth/introspect',
    { token: theirs },
    { ...byBasic(`${theirs}:${theirs}`), origin: `https://${theirs}.example` },
  )
  await ask('/oauth/logout', { id_token_hint: theirs })
  await browser.get(`/oauth/logout?client_id=${theirs}&id_token_hint=${theirs}`)
  const told = log.text().slice(before)
  expect(told.match(/"error":/g)?.length).toBeGreaterThan(10)
  expect(told).not.toContain(theirs)
})

function lastLine(): Record<string, unknown> {
  const lines = log.text().trimEnd().split('\n')
  return JSON.parse(lines.findLast((line) => line.includes('"msg":"request"')) ?? '{}')
}
