import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { createRemoteJWKSet, decodeJwt, type JWTPayload, jwtVerify } from 'jose'
import { ZOFIA } from '../support/accounts-file.ts'
import { WEB } from '../support/clients-file.ts'
import { eventually } from '../support/eventually.ts'
import { type Client, createClient } from '../support/http-client.ts'
import {
  answerIn,
  authorize,
  authorizePath,
  CHALLENGE,
  codeFor,
  exchange,
  form,
  refresh,
  sentTo,
  userinfo,
  VERIFIER,
} from '../support/oauth-flow.ts'
import { type Provider, startProvider } from '../support/provider.ts'

/**
 * The modules of the OpenID Foundation's plan for a Basic OP, under their names, as far as they need nobody from outside.
 * The suite itself is not here: what each looks at is done by hand, always with PKCE, which is required of everybody.
 */

const OTHER = {
  ...WEB,
  client_id: 'other',
  redirect_uris: ['https://other.example/cb'],
  client_secret: 'another-secret-than-that-one',
}

let provider: Provider
let service: Provider['service']
let phone: Client
let browser: Client

beforeAll(async () => {
  provider = await startProvider([WEB, OTHER])
  ;({ service, phone } = provider)
})
afterAll(() => provider?.stop())
beforeEach(() => {
  browser = createClient(service.url)
})

const tokens = async (others: Record<string, string | undefined> = {}, by = browser) => {
  const answer = answerIn(await authorize(by, phone, authorizePath(WEB, others)))
  expect(answer).toMatchObject({ code: expect.any(String) })
  return (await exchange(by, WEB, answer['code'] ?? '')).json
}
const claims = async (others: Record<string, string | undefined> = {}): Promise<JWTPayload> =>
  decodeJwt((await tokens(others)).id_token)

test('oidcc-server', async () => {
  const { id_token, access_token, token_type } = await tokens()
  const keys = createRemoteJWKSet(new URL(`${service.url}/.well-known/jwks.json`))
  const { payload, protectedHeader } = await jwtVerify(id_token, keys, { issuer: service.url, audience: 'web' })
  expect(protectedHeader).toMatchObject({ alg: 'RS256', kid: expect.any(String) })
  expect(payload).toMatchObject({ sub: ZOFIA.id, nonce: 'nonce-of-the-application', auth_time: expect.any(Number) })
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3600)
  expect(token_type).toBe('Bearer')
  expect((await userinfo(browser, access_token)).json.sub).toBe(payload.sub)
})

test('oidcc-response-type-missing', async () => {
  const answer = answerIn(await browser.get(authorizePath(WEB, { response_type: undefined })))
  expect(answer).toMatchObject({ error: 'invalid_request', state: 'state-of-the-application' })
})

test('oidcc-userinfo-get, oidcc-userinfo-post-header, oidcc-userinfo-post-body', async () => {
  const { access_token } = await tokens()
  const bearer = { authorization: `Bearer ${access_token}` }
  const byGet = await userinfo(browser, access_token)
  const byHeader = await form(browser, '/oauth/userinfo', {}, bearer)
  const byBody = await form(browser, '/oauth/userinfo', { access_token })
  for (const { status, json } of [byGet, byHeader, byBody]) {
    expect({ status, json }).toMatchObject({ status: 200, json: { sub: ZOFIA.id, name: ZOFIA.name } })
  }
})

test('oidcc-ensure-request-without-nonce-succeeds-for-code-flow', async () => {
  expect(await claims({ nonce: undefined })).not.toHaveProperty('nonce')
})

test.each([
  ['oidcc-scope-profile', 'openid profile', ['name', 'preferred_username']],
  ['oidcc-scope-email', 'openid email', ['email']],
  ['oidcc-scope-address (not supported: ignored)', 'openid address', []],
  ['oidcc-scope-phone (not supported: ignored)', 'openid phone', []],
  ['oidcc-scope-all', 'openid profile email address phone', ['name', 'preferred_username', 'email']],
  ['oidcc-ensure-other-scope-order-succeeds', 'email openid', ['email']],
])('%s', async (_module, scope, expected) => {
  const { id_token, access_token } = await tokens({ scope })
  const told = Object.keys((await userinfo(browser, access_token)).json).filter((claim) => claim !== 'sub')
  expect(told.sort()).toEqual([...expected].sort())
  for (const claim of expected) expect(decodeJwt(id_token)).toHaveProperty(claim)
})

test.each([
  ['oidcc-display-page', { display: 'page' }],
  ['oidcc-display-popup', { display: 'popup' }],
  ['oidcc-ensure-request-with-unknown-parameter-succeeds', { extra: 'foobar' }],
  ['oidcc-login-hint', { login_hint: 'somebody@example.com' }],
  ['oidcc-ui-locales', { ui_locales: 'se' }],
  ['oidcc-claims-locales', { claims_locales: 'se' }],
  ['oidcc-ensure-request-with-acr-values-succeeds', { acr_values: '1 2' }],
  ['oidcc-ensure-request-with-valid-pkce-succeeds', { code_challenge: CHALLENGE }],
])('%s', async (_module, others) => {
  expect(await claims(others)).toMatchObject({ sub: ZOFIA.id })
})

test('oidcc-prompt-login', async () => {
  const first = await claims()
  const second = await claims({ prompt: 'login' })
  expect(second.sub).toBe(first.sub)
  expect(Number(second['auth_time'])).toBeGreaterThanOrEqual(Number(first['auth_time']))
  expect(second['sid']).not.toBe(first['sid'])
})

test('oidcc-prompt-none-not-logged-in', async () => {
  expect(answerIn(await browser.get(authorizePath(WEB, { prompt: 'none' })))).toMatchObject({ error: 'login_required' })
})

test('oidcc-prompt-none-logged-in', async () => {
  const first = await claims()
  const second = await claims({ prompt: 'none' })
  expect([second.sub, second['auth_time']]).toEqual([first.sub, first['auth_time']])
})

test('oidcc-max-age-1', async () => {
  const first = await claims()
  await eventually('a login of that age is too old', async () => {
    return sentTo(await browser.get(authorizePath(WEB, { max_age: '1' }))).pathname === '/'
  })
  const second = await claims({ max_age: '1' })
  expect(Number(second['auth_time'])).toBeGreaterThan(Number(first['auth_time']))
})

test('oidcc-max-age-10000', async () => {
  const first = await claims()
  const second = await claims({ max_age: '10000' })
  expect(second['auth_time']).toBe(first['auth_time'])
})

test('oidcc-id-token-hint', async () => {
  const { id_token } = await tokens()
  expect((await claims({ prompt: 'none', id_token_hint: id_token })).sub).toBe(ZOFIA.id)
})

test('oidcc-codereuse, oidcc-codereuse-30seconds', async () => {
  const code = await codeFor(browser, phone, WEB)
  const { json } = await exchange(browser, WEB, code)
  expect((await exchange(browser, WEB, code)).json).toMatchObject({ error: 'invalid_grant' })
  expect((await userinfo(browser, json.access_token)).status).toBe(401)
})

test('oidcc-ensure-registered-redirect-uri', async () => {
  const reply = await browser.get(authorizePath(WEB, { redirect_uri: 'https://web.example/other' }))
  expect({ status: reply.status, location: reply.headers.location }).toEqual({ status: 400, location: undefined })
})

test('oidcc-ensure-post-request-succeeds', async () => {
  await codeFor(browser, phone, WEB)
  const [path = '', query = ''] = authorizePath(WEB).split('?')
  const reply = await form(browser, path, Object.fromEntries(new URLSearchParams(query)))
  expect(reply.status).toBe(303)
  expect(answerIn(await browser.get(reply.headers.location ?? ''))).toHaveProperty('code')
})

test('oidcc-server-client-secret-post', async () => {
  const code = await codeFor(browser, phone, WEB)
  const fields = {
    grant_type: 'authorization_code',
    code,
    code_verifier: VERIFIER,
    redirect_uri: WEB.redirect_uris[0] ?? '',
  }
  const basic = Buffer.from(`web:${WEB.client_secret}`).toString('base64')
  expect((await form(browser, '/oauth/token', fields, { authorization: `Basic ${basic}` })).status).toBe(200)
  // The other way is what all other tests here do.
})

test('oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported', async () => {
  const body = Buffer.from('{}').toString('base64url')
  const request = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`
  expect(answerIn(await browser.get(authorizePath(WEB, { request })))).toMatchObject({ error: 'request_not_supported' })
  const uri = { request_uri: 'https://web.example/request' }
  expect(answerIn(await browser.get(authorizePath(WEB, uri)))).toMatchObject({ error: 'request_uri_not_supported' })
})

test('oidcc-claims-essential (not supported: ignored, and the metadata says so)', async () => {
  const asked = JSON.stringify({ userinfo: { email: { essential: true } } })
  const { access_token } = await tokens({ scope: 'openid', claims: asked })
  expect((await userinfo(browser, access_token)).json).toEqual({ sub: ZOFIA.id })
  const { json } = await browser.get('/.well-known/openid-configuration')
  expect(json).toMatchObject({ claims_parameter_supported: false, request_uri_parameter_supported: false })
})

test('oidcc-refresh-token', async () => {
  const first = await tokens()
  const { json } = await refresh(browser, WEB, first.refresh_token)
  const [before, after] = [decodeJwt(first.id_token), decodeJwt(json.id_token)]
  for (const claim of ['iss', 'sub', 'aud', 'auth_time', 'sid']) expect(after[claim]).toBe(before[claim])
  expect((await refresh(browser, OTHER, json.refresh_token)).json).toMatchObject({ error: 'invalid_grant' })
})
