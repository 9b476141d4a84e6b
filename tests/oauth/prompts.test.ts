import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { decodeJwt } from 'jose'
import * as oidc from 'openid-client'
import { phoneOf, YUSUF, ZOFIA } from '../support/accounts-file.ts'
import { SPA, WEB } from '../support/clients-file.ts'
import { eventually } from '../support/eventually.ts'
import { type Client, createClient } from '../support/http-client.ts'
import {
  type Application,
  answerIn,
  authorize,
  authorizePath,
  codeFor,
  exchange,
  isActive,
  refresh,
  sentTo,
  userinfo,
  VERIFIER,
} from '../support/oauth-flow.ts'
import { type Provider, startProvider } from '../support/provider.ts'

/** What an application may ask of a login, and who may enter. */

const CLUB = { ...WEB, client_id: 'club', client_name: 'Club', groups: ZOFIA.groups }
const NARROW = { ...WEB, client_id: 'narrow', client_name: 'Narrow App', scope: 'openid profile' }
const ONCE = { ...WEB, client_id: 'once', client_name: 'App for Once', grant_types: ['authorization_code'] }

let provider: Provider
let accounts: Provider['accounts']
let clients: Provider['clients']
let service: Provider['service']
let zofia: Client
let browser: Client

beforeAll(async () => {
  provider = await startProvider([WEB, SPA, CLUB, NARROW, ONCE])
  ;({ accounts, clients, service, phone: zofia } = provider)
})
afterAll(() => provider?.stop())
beforeEach(() => {
  browser = createClient(service.url)
})

const claimsOf = async (code: string | undefined) => decodeJwt((await exchange(browser, WEB, code ?? '')).json.id_token)

test('an ID token says who it is in the words of its scopes, and how they were signed in', async () => {
  const code = await codeFor(browser, zofia, WEB)
  const session = (await browser.get('/session')).json.session
  expect(await claimsOf(code)).toMatchObject({
    iss: service.url,
    aud: 'web',
    sub: ZOFIA.id,
    name: ZOFIA.name,
    preferred_username: ZOFIA.username,
    email: ZOFIA.email,
    groups: ZOFIA.groups,
    nonce: 'nonce-of-the-application',
    auth_time: Math.floor(Date.parse(session.created_at) / 1000),
    amr: ['pwd', 'user', 'mca'],
    acr: 'urn:scanin:acr:phone',
    sid: session.id,
  })
  const least = answerIn(await browser.get(authorizePath(WEB, { scope: 'openid' })))
  const { iss, sub, ...rest } = await claimsOf(least['code'])
  expect({ iss, sub }).toEqual({ iss: service.url, sub: ZOFIA.id })
  for (const claim of ['name', 'preferred_username', 'email', 'groups']) expect(rest).not.toHaveProperty(claim)
})

test('who asks for no scope is told who it is, and nothing more', async () => {
  const answer = answerIn(await authorize(browser, zofia, authorizePath(WEB, { scope: undefined })))
  const { json } = await exchange(browser, WEB, answer['code'] ?? '')
  expect(json.scope).toBe('openid')
  expect((await userinfo(browser, json.access_token)).json).toEqual({ sub: ZOFIA.id })
  expect(answerIn(await browser.get(authorizePath(WEB, { scope: '' })))).toHaveProperty('code')
})

test.each(['read', 'read write', 'offline_access', 'OPENID'])(
  'who asks for nothing that is to be had is told so before anybody signs in: %s',
  async (scope) => {
    const told = { error: 'invalid_scope', state: 'state-of-the-application', iss: service.url }
    const stranger = answerIn(await browser.get(authorizePath(WEB, { scope, nonce: undefined })))
    expect(stranger).toMatchObject(told)
    await codeFor(browser, zofia, WEB)
    expect(answerIn(await browser.get(authorizePath(WEB, { scope, nonce: undefined })))).toMatchObject(told)
  },
)

/** What npm's openid-client is given for a code of a request with this scope. */
async function tokensOf(application: Application, scope: string) {
  const { client_id: id, client_secret: secret } = application
  const insecure = { execute: [oidc.allowInsecureRequests] }
  const config = await oidc.discovery(new URL(service.url), id, secret, secret ? undefined : oidc.None(), insecure)
  const back = sentTo(await authorize(browser, zofia, authorizePath(application, { scope })))
  const checks = { expectedState: 'state-of-the-application', expectedNonce: 'nonce-of-the-application' }
  const tokens = await oidc.authorizationCodeGrant(config, back, { pkceCodeVerifier: VERIFIER, ...checks })
  return { config, tokens }
}

test.each([
  ['an application', WEB, 'openid profile email groups offline_access'],
  ['a page', SPA, 'openid offline_access'],
  ['one whose own list of scopes has not that', NARROW, 'openid profile offline_access'],
])(
  'who may have refresh tokens is given offline_access, and names all scopes again as it refreshes: %s',
  async (_who, application, scope) => {
    const { config, tokens } = await tokensOf(application, scope)
    expect(tokens.scope).toBe(scope)
    const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '', { scope })
    expect(refreshed.scope).toBe(scope)
    // As a browser is asked that is signed in already, and where the person is to be asked.
    for (const prompt of [undefined, 'consent']) {
      const { code } = answerIn(await authorize(browser, zofia, authorizePath(application, { scope, prompt })))
      expect((await exchange(browser, application, code ?? '')).json.scope).toBe(scope)
    }
  },
)

test('who may have no refresh tokens, or asks for less, is not given offline_access', async () => {
  expect((await tokensOf(ONCE, 'openid offline_access')).tokens).toMatchObject({ scope: 'openid' })
  const { tokens } = await tokensOf(WEB, 'openid')
  expect(tokens).toMatchObject({ scope: 'openid', refresh_token: expect.any(String) })
})

test('prompt=none tells who is signed in, and without anybody that a login is required, and shows nothing', async () => {
  const stranger = answerIn(await browser.get(authorizePath(WEB, { prompt: 'none' })))
  expect(stranger).toMatchObject({ error: 'login_required', state: 'state-of-the-application', iss: service.url })
  expect(stranger).not.toHaveProperty('code')
  await codeFor(browser, zofia, WEB)
  const known = answerIn(await browser.get(authorizePath(SPA, { prompt: 'none' })))
  expect(known).toMatchObject({ code: expect.any(String), state: 'state-of-the-application', iss: service.url })
})

test.each(['login', 'consent', 'select_account', 'login consent'])('prompt=%s takes a new scan', async (prompt) => {
  await codeFor(browser, zofia, WEB)
  const before = (await browser.get('/session')).json.session.id
  const asked = sentTo(await browser.get(authorizePath(WEB, { prompt })))
  expect(asked.pathname).toBe('/')
  // The page is shown, and does not send back who is signed in.
  expect((await browser.get(asked.pathname + asked.search)).status).toBe(200)
  // Neither does going back without a scan.
  const back = asked.searchParams.get('return_to') ?? ''
  expect(sentTo(await browser.get(back)).pathname).toBe('/')
  const { code } = answerIn(await authorize(browser, zofia, authorizePath(WEB, { prompt })))
  expect(code).toBeDefined()
  expect((await claimsOf(code))['sid']).not.toBe(before)
})

test('max_age is held to: a login that is older takes a new scan, a younger one goes through', async () => {
  await codeFor(browser, zofia, WEB)
  expect(answerIn(await browser.get(authorizePath(WEB, { max_age: '3600' })))).toHaveProperty('code')
  // The time of the login, as the client reads it, is a whole second: so is its age.
  const asked = await eventually('the login is more than a second old', async () => {
    const to = sentTo(await browser.get(authorizePath(WEB, { max_age: '1' })))
    return to.pathname === '/' && to
  })
  expect(asked.searchParams.get('prompt')).toBe('login')
  expect(sentTo(await browser.get(authorizePath(WEB, { max_age: '0' }))).pathname).toBe('/')
  expect(answerIn(await browser.get(authorizePath(WEB, { max_age: '0', prompt: 'none' })))['error']).toBe(
    'login_required',
  )
  const { code } = answerIn(await authorize(browser, zofia, authorizePath(WEB, { max_age: '0' })))
  expect(await claimsOf(code)).toMatchObject({ auth_time: expect.any(Number) })
})

test('a hint at somebody else takes a new scan, and if that is not them, there is no login', async () => {
  const { json } = await exchange(browser, WEB, await codeFor(browser, await phoneOf(YUSUF, service.url), WEB))
  const hint = { id_token_hint: json.id_token }
  expect(answerIn(await browser.get(authorizePath(WEB, hint)))).toHaveProperty('code')
  const other = createClient(service.url)
  await codeFor(other, zofia, WEB)
  expect(answerIn(await other.get(authorizePath(WEB, { ...hint, prompt: 'none' })))['error']).toBe('login_required')
  // It has done what it is for: the address that the login leads back to is without it.
  const asked = sentTo(await other.get(authorizePath(WEB, hint)))
  expect(asked.search).not.toContain(json.id_token)
  const stillZofia = answerIn(await authorize(other, zofia, authorizePath(WEB, hint)))
  expect(stillZofia).toMatchObject({ error: 'login_required' })
})

test('an application with groups is closed to all others, also once they have left the group', async () => {
  const yusuf = await phoneOf(YUSUF, service.url)
  const refused = answerIn(await authorize(browser, yusuf, authorizePath(CLUB)))
  expect(refused).toMatchObject({ error: 'access_denied', state: 'state-of-the-application' })
  expect(answerIn(await browser.get(authorizePath(WEB)))).toHaveProperty('code')

  // Nor does it hear of them by a token that another was given.
  const { access_token: others } = (await exchange(browser, WEB, await codeFor(browser, yusuf, WEB))).json
  expect([await isActive(browser, WEB, others), await isActive(browser, CLUB, others)]).toEqual([true, false])

  const member = createClient(service.url)
  const { access_token: own } = (await exchange(member, WEB, await codeFor(member, zofia, WEB))).json
  expect(await isActive(browser, CLUB, own)).toBe(true)
  const { json } = await exchange(member, CLUB, await codeFor(member, zofia, CLUB))
  expect((await userinfo(member, json.access_token)).json).toMatchObject({ sub: ZOFIA.id, groups: ZOFIA.groups })
  await accounts.write([{ ...ZOFIA, groups: ['elsewhere'] }, YUSUF])
  await eventually('the group is left', async () => (await userinfo(member, json.access_token)).status === 401)
  expect((await refresh(member, CLUB, json.refresh_token)).json).toMatchObject({ error: 'invalid_grant' })
  expect(answerIn(await member.get(authorizePath(CLUB)))).toMatchObject({ error: 'access_denied' })
  await accounts.write([ZOFIA, YUSUF])
  await eventually('the group is back', async () => (await userinfo(member, json.access_token)).status === 200)
})

test('the file of clients is read again: one that is taken out of it is gone, and a bad file changes nothing', async () => {
  const { json } = await exchange(browser, WEB, await codeFor(browser, zofia, WEB))
  clients.write('[{"client_id": "web"}]')
  await eventually('the file is found bad', () => service.stdout().includes('clients as before: the file is bad'))
  expect(service.stdout()).toContain('CLIENTS_FILE: line 1, entry 1: ')
  expect((await userinfo(browser, json.access_token)).status).toBe(200)
  clients.write([SPA, CLUB])
  await eventually('the client is gone', async () => (await userinfo(browser, json.access_token)).status === 401)
  expect((await refresh(browser, WEB, json.refresh_token)).json).toMatchObject({ error: 'invalid_client' })
  expect((await browser.get(authorizePath(WEB))).status).toBe(400)
  clients.write([WEB, SPA, CLUB])
  await eventually('the client is back', async () => (await userinfo(browser, json.access_token)).status === 200)
  const odd = { ...ONCE, client_secret: 'a-secret+with-such-a-sign' }
  clients.write([WEB, SPA, CLUB, odd])
  await eventually('the secret is found odd', () => service.stdout().includes('has a + or %'))
  expect(service.stdout()).not.toContain(odd.client_secret)
})

test('a request that is long comes back whole, and one that is too long is told so at once', async () => {
  const long = await authorize(browser, zofia, authorizePath(WEB, { state: 'x'.repeat(2000) }))
  expect(answerIn(long)).toMatchObject({ code: expect.any(String), state: 'x'.repeat(2000) })
  const other = createClient(service.url)
  const tooLong = answerIn(await other.get(authorizePath(WEB, { state: 'x'.repeat(3000) })))
  expect(tooLong).toMatchObject({ error: 'invalid_request', state: 'x'.repeat(3000) })
})
