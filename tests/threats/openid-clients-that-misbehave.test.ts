import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { decodeJwt } from 'jose'
import { ZOFIA } from '../support/accounts-file.ts'
import { SPA, TV, WEB } from '../support/clients-file.ts'
import { type Client, createClient, type Reply } from '../support/http-client.ts'
import {
  answerIn,
  authorizePath,
  codeFor,
  exchange,
  form,
  isActive,
  refresh,
  sentTo,
  userinfo,
  VERIFIER,
} from '../support/oauth-flow.ts'
import { type Provider, startProvider } from '../support/provider.ts'
import { sendRaw } from '../support/raw-socket.ts'

/** T31: OpenID clients that misbehave, or that are not the ones they say. RFC 9700. */

const LOGO = `data:image/png;base64,${Buffer.from('a picture').toString('base64')}`
const NAMED = { ...WEB, client_id: 'named', client_name: 'Wiki', logo_uri: LOGO, scope: 'openid email' }
const NATIVE = { client_id: 'native', client_name: 'Native App', redirect_uris: ['http://127.0.0.1/cb'] }
const OTHER = { ...WEB, client_id: 'other', redirect_uris: ['https://other.example/cb'], client_secret: 'x'.repeat(32) }

let provider: Provider
let service: Provider['service']
let phone: Client
let browser: Client

beforeAll(async () => {
  provider = await startProvider([WEB, SPA, OTHER, NAMED, NATIVE, { ...TV, logo_uri: LOGO }])
  ;({ service, phone } = provider)
})
afterAll(() => provider?.stop())
beforeEach(() => {
  browser = createClient(service.url)
})

/** A page of ours, that sends nobody anywhere and says nothing of what was asked. */
function expectOurPage(reply: Reply, status: number, asked: string): void {
  expect(reply.status).toBe(status)
  expect(reply.headers.location).toBeUndefined()
  expect(reply.headers['content-type']).toBe('text/html; charset=utf-8')
  expect(reply.headers['content-security-policy']).toContain("default-src 'self'")
  expect(reply.headers['cache-control']).toBe('private, no-cache, no-store, must-revalidate, no-transform')
  expect(reply.text).toContain('<h1>')
  expect(reply.text).not.toContain(asked)
  expect(reply.text).not.toMatch(/oidc-provider|oops|\.js:\d|state-of-the-application/)
}

test.each(['%', '%E0%A4%A', 'tv%00', 'tv&client_id=%', 'x'.repeat(300)])(
  'T31 a code that goes on to a device nobody began can be scanned and turned down: %s',
  async (clientId) => {
    const return_to = `/oauth/device_authorization?client_id=${clientId}`
    const { token } = (await browser.post('/login', { return_to })).json
    const scanned = await phone.post('/login/scan', { token })
    expect([scanned.status, scanned.json.application]).toEqual([200, undefined])
    expect((await phone.post('/login/deny', { token })).status).toBe(200)
  },
)

test.each([
  'https://web.example/cb/',
  'https://web.example/cb2',
  'https://web.example/CB',
  'https://web.example/cb?x=1',
  'https://web.example/cb#here',
  'https://web.example/cb/../cb',
  'https://web.example/%63b',
  'https://web.example:443/cb',
  'https://WEB.example/cb',
  'http://web.example/cb',
  'https://user@web.example/cb',
  'https://web.example.evil.example/cb',
  'https://evil.example/cb',
  'https://web.example/cb?tenant=2',
  'javascript:alert(1)',
  '//web.example/cb',
])('T31 a redirect address that is nearly right is wrong: %s', async (uri) => {
  await codeFor(browser, phone, WEB)
  expectOurPage(await browser.get(authorizePath(WEB, { redirect_uri: uri })), 400, uri)
})

test.each([
  ['the wrong one first', 'https://evil.example/x', undefined],
  ['the wrong one last', undefined, 'https://evil.example/x'],
  ['a script', 'javascript:alert(1)', undefined],
])('T31 of two redirect addresses none is gone to, nor is anything posted there: %s', async (_, before, after) => {
  await codeFor(browser, phone, WEB)
  const wrong = before ?? after ?? ''
  const doubled = (given: string | undefined) =>
    given === undefined ? '' : `redirect_uri=${encodeURIComponent(given)}`
  for (const response_mode of [undefined, 'form_post']) {
    const [path, query] = authorizePath(OTHER, { response_mode }).split('?')
    const reply = await browser.get(`${path}?${[doubled(before), query, doubled(after)].filter(Boolean).join('&')}`)
    expectOurPage(reply, 400, wrong)
  }
})

test('an answer that is posted goes where a redirect would have led, with what the address has of its own', async () => {
  await codeFor(browser, phone, WEB)
  const address = 'https://web.example/cb?tenant=1'
  const reply = await browser.get(authorizePath(WEB, { redirect_uri: address, response_mode: 'form_post' }))
  expect(reply.text).toContain(`action="${address}"`)
  expect(reply.text).toContain('name="state" value="state-of-the-application"')
  expect(reply.text).toMatch(/name="code" value="[\w-]{43}"/)
})

test.each(['id_token', 'code id_token', 'token'])(
  'who wants to be posted what there is not is posted so, with nothing behind a #: %s',
  async (response_type) => {
    const [address = ''] = WEB.redirect_uris
    const reply = await browser.get(authorizePath(WEB, { response_type, response_mode: 'form_post' }))
    expect(reply.text).toContain(`action="${address}"`)
    expect(reply.text).toContain('name="error" value="unsupported_response_type"')
    expect(reply.text).toContain('name="state" value="state-of-the-application"')
  },
)

test('a way to be answered that is said twice is none, as with all else that is said twice', async () => {
  const path = `${authorizePath(WEB, { response_mode: 'form_post' })}&response_mode=query`
  expect(answerIn(await browser.get(path))).toMatchObject({ error: 'invalid_request' })
})

test('T31 no redirect address at all, or that of another client, sends nobody anywhere', async () => {
  await codeFor(browser, phone, WEB)
  for (const others of [{ redirect_uri: undefined }, { redirect_uri: OTHER.redirect_uris[0] }, { client_id: 'none' }]) {
    expectOurPage(await browser.get(authorizePath(WEB, others)), 400, 'other.example')
  }
  // Even for a client that has only one.
  for (const redirect_uri of [undefined, '']) {
    expectOurPage(await browser.get(authorizePath(OTHER, { redirect_uri })), 400, 'other.example')
  }
})

test('T31 a code is given for the address that it was asked for with, and not without one', async () => {
  const code = await codeFor(browser, phone, OTHER)
  for (const [redirect_uri, error] of [
    ['', 'invalid_request'],
    ['https://other.example/cb/', 'invalid_grant'],
  ] as const) {
    const refused = await exchange(browser, OTHER, code, { redirect_uri })
    expect([refused.status, refused.json.error]).toEqual([400, error])
  }
  expect((await exchange(browser, OTHER, code)).status).toBe(200)
})

/** Which application the login page and the phone's card name for a login that goes on to an address. */
async function namedFor(returnTo: string): Promise<unknown[]> {
  const { json } = await browser.post('/login', { return_to: returnTo })
  const scanned = await phone.post('/login/scan', { token: json.token })
  expect(scanned.status).toBe(200)
  return [json.application, scanned.json.application]
}

test('T31 the card names the application that has asked, with its logo and what it learns, also on a port of its own', async () => {
  const [onPage, onPhone] = await namedFor(authorizePath(NAMED))
  expect(onPage).toMatchObject({ name: 'Wiki' })
  expect(onPhone).toEqual({ name: 'Wiki', scopes: ['openid', 'email'], logo: LOGO })
  const [, native] = await namedFor(authorizePath(NATIVE, { redirect_uri: 'http://127.0.0.1:49152/cb' }))
  expect(native).toMatchObject({ name: 'Native App' })
})

test.each([
  ['with something twice that nobody knows', `${authorizePath(NAMED, { scope: 'openid' })}&x=1&x=2`, ['openid']],
  ['for a code, said twice', authorizePath(NAMED, { scope: 'openid', response_type: 'code code' }), ['openid']],
  ['for no scope', authorizePath(NAMED, { scope: undefined }), ['openid']],
  ['for an empty one', authorizePath(NAMED, { scope: '' }), ['openid']],
])('T31 a login names the application whose request is gone on with: %s', async (_what, returnTo, scopes) => {
  const [onPage, onPhone] = await namedFor(returnTo)
  expect(onPage).toMatchObject({ name: 'Wiki' })
  expect(onPhone).toMatchObject({ name: 'Wiki', scopes })
  await codeFor(browser, phone, WEB)
  expect(answerIn(await browser.get(returnTo))).toHaveProperty('code')
})

test.each([
  ['of an application that has no page', '/oauth/authorize?client_id=tv&scope=openid'],
  ['of one that has no page, with an address', authorizePath(TV, { redirect_uri: 'https://tv.example/cb' })],
  ['without a redirect address', authorizePath(NAMED, { redirect_uri: undefined })],
  ['with a redirect address that is not registered', authorizePath(NAMED, { redirect_uri: 'https://web.example/cb/' })],
  ['with one that differs by what a browser drops', authorizePath(NAMED, { redirect_uri: 'https://web.example/cb#x' })],
  ['with one of another machine', authorizePath(NATIVE, { redirect_uri: 'http://127.0.0.2/cb' })],
  ['with its redirect address twice', `${authorizePath(NAMED)}&redirect_uri=https%3A%2F%2Fweb.example%2Fcb`],
  ['with a second redirect address', `${authorizePath(NAMED)}&redirect_uri=https%3A%2F%2Fevil.example%2Fcb`],
  ['with a second client', `${authorizePath(NAMED)}&client_id=other`],
  ['with a second scope', `${authorizePath(NAMED)}&scope=openid`],
  ['for a token', authorizePath(NAMED, { response_type: 'token' })],
  ['for a code and a token', authorizePath(NAMED, { response_type: 'code token' })],
  ['for nothing', authorizePath(NAMED, { response_type: undefined })],
  ['that is in the fragment', authorizePath(NAMED).replace('?', '?x=1#&')],
])('T31 a login names no application for a request that this one could not make: %s', async (_what, returnTo) => {
  expect(await namedFor(returnTo)).toEqual([undefined, undefined])
})

test('T31 a code is good once: the second time takes away what the first one got', async () => {
  const code = await codeFor(browser, phone, WEB)
  const first = await exchange(browser, WEB, code)
  expect(first.status).toBe(200)
  expect((await userinfo(browser, first.json.access_token)).status).toBe(200)
  const second = await exchange(browser, WEB, code)
  expect({ status: second.status, error: second.json.error }).toEqual({ status: 400, error: 'invalid_grant' })
  expect((await userinfo(browser, first.json.access_token)).status).toBe(401)
  expect((await refresh(browser, WEB, first.json.refresh_token)).json.error).toBe('invalid_grant')
})

/** Checks that all others were refused. @returns what was granted */
function givenToOneAtMost(replies: readonly Reply[]): Reply[] {
  const given = replies.filter(({ status }) => status === 200)
  expect(given.length).toBeLessThanOrEqual(1)
  const refused = replies.filter((reply) => !given.includes(reply)).map(({ status, json }) => [status, json?.error])
  expect(refused).toEqual(refused.map(() => [400, 'invalid_grant']))
  return given
}

test('T31 of many who exchange one code at once, none keeps anything', async () => {
  const code = await codeFor(browser, phone, WEB)
  const replies = await Promise.all(Array.from({ length: 8 }, () => exchange(browser, WEB, code)))
  const given = givenToOneAtMost(replies)
  for (const { json } of given) expect((await userinfo(browser, json.access_token)).status).toBe(401)
})

test('T31 a refresh token is good once: shown again, all that came of it is over', async () => {
  const { json } = await exchange(browser, WEB, await codeFor(browser, phone, WEB))
  const next = await refresh(browser, WEB, json.refresh_token)
  expect(next.status).toBe(200)
  expect(next.json.refresh_token).not.toBe(json.refresh_token)
  expect((await refresh(browser, WEB, json.refresh_token)).json.error).toBe('invalid_grant')
  expect((await refresh(browser, WEB, next.json.refresh_token)).json.error).toBe('invalid_grant')
  for (const token of [json.access_token, next.json.access_token]) {
    expect((await userinfo(browser, token)).status).toBe(401)
  }
})

test('T31 of many who refresh at once by one token, none keeps anything', async () => {
  const { json } = await exchange(browser, WEB, await codeFor(browser, phone, WEB))
  const replies = await Promise.all(Array.from({ length: 8 }, () => refresh(browser, WEB, json.refresh_token)))
  const given = givenToOneAtMost(replies)
  for (const one of [json, ...given.map((reply) => reply.json)]) {
    expect((await userinfo(browser, one.access_token)).status).toBe(401)
    expect((await refresh(browser, WEB, one.refresh_token)).json.error).toBe('invalid_grant')
  }
})

test('T31 codes and tokens are good for the client that they were given to alone', async () => {
  const stolen = await codeFor(browser, phone, WEB)
  expect((await exchange(browser, OTHER, stolen)).json.error).toBe('invalid_grant')
  expect((await exchange(browser, OTHER, stolen, { redirect_uri: WEB.redirect_uris[0] })).json.error).toBe(
    'invalid_grant',
  )
  const { json } = await exchange(browser, WEB, stolen)
  expect((await refresh(browser, OTHER, json.refresh_token)).json.error).toBe('invalid_grant')
  expect((await refresh(browser, WEB, json.refresh_token)).status).toBe(200)
})

test('T31 there is no way around PKCE: not left out, not plain, not with another verifier, also for who has a secret', async () => {
  await codeFor(browser, phone, WEB)
  for (const application of [WEB, SPA]) {
    for (const others of [
      { code_challenge: undefined, code_challenge_method: undefined },
      { code_challenge: VERIFIER, code_challenge_method: 'plain' },
      { code_challenge: VERIFIER, code_challenge_method: undefined },
      { code_challenge: undefined },
    ]) {
      const answer = answerIn(await browser.get(authorizePath(application, others)))
      expect(answer).toMatchObject({ error: 'invalid_request', state: 'state-of-the-application', iss: service.url })
      expect(answer).not.toHaveProperty('code')
    }
  }
  for (const code_verifier of ['', 'another-verifier-of-more-than-43-characters-for-the-same-code']) {
    const code = await codeFor(browser, phone, WEB)
    const { json } = await exchange(browser, WEB, code, { code_verifier })
    expect(['invalid_grant', 'invalid_request']).toContain(json.error)
    expect(json).not.toHaveProperty('access_token')
  }
})

test('T31 an answer names its issuer, so that a client cannot take it for that of another (RFC 9207)', async () => {
  const { code: _code, ...known } = answerIn(await browser.get(authorizePath(WEB, { prompt: 'none' })))
  expect(known).toMatchObject({ iss: service.url, error: 'login_required' })
  await codeFor(browser, phone, WEB)
  expect(answerIn(await browser.get(authorizePath(WEB)))['iss']).toBe(service.url)
  const { json } = await browser.get('/.well-known/oauth-authorization-server')
  expect(json).toMatchObject({ issuer: service.url, authorization_response_iss_parameter_supported: true })
})

test('T31 only codes are given out: no token and no ID token in an address', async () => {
  await codeFor(browser, phone, WEB)
  for (const response_type of ['token', 'id_token', 'id_token token', 'code id_token', 'code token', 'none']) {
    const to = sentTo(await browser.get(authorizePath(WEB, { response_type })))
    expect(`${to.search}${to.hash}`).toContain('error=unsupported_response_type')
    expect(`${to.search}${to.hash}`).not.toMatch(/code=|token=/)
  }
})

test('T31 a client without its secret, or with a wrong one, gets nothing, and is told the same for all', async () => {
  const code = await codeFor(browser, phone, WEB)
  const wrong = { ...WEB, client_secret: 'not-the-secret-of-this-application' }
  const { client_secret: _secret, ...without } = WEB
  const replies = [
    await exchange(browser, wrong, code),
    await exchange(browser, without, code),
    await exchange(browser, { ...WEB, client_id: 'nobody' }, code),
  ]
  for (const reply of replies) {
    expect(reply.status).toBe(401)
    expect(reply.text).toBe(replies[0]?.text)
  }
  expect((await form(browser, '/oauth/introspect', { token: 'x', client_id: 'nobody' })).status).toBe(401)
  expect((await form(browser, '/oauth/device_authorization', { client_id: 'web' })).status).toBe(401)
})

test('T31 nobody is signed out by others: not by an address, not by an ID token of another session', async () => {
  const { json } = await exchange(browser, WEB, await codeFor(browser, phone, WEB))
  const other = createClient(service.url)
  await codeFor(other, phone, WEB)
  const asks = [
    '/oauth/logout',
    '/oauth/logout?client_id=web',
    `/oauth/logout?${new URLSearchParams({ id_token_hint: json.id_token })}`,
    `/oauth/logout?${new URLSearchParams({ id_token_hint: `${json.id_token.slice(0, -8)}AAAAAAAA` })}`,
  ]
  for (const path of asks) {
    const reply = await other.get(path)
    expect(reply.setCookies).toEqual([])
    expect(reply.headers.location).toBeUndefined()
    expect((await other.get('/session')).status).toBe(200)
  }
  const astray = new URLSearchParams({
    id_token_hint: json.id_token,
    post_logout_redirect_uri: 'https://web.example/out/elsewhere',
  })
  expectOurPage(await browser.get(`/oauth/logout?${astray}`), 400, 'elsewhere')
  expect((await browser.get('/session')).status).toBe(200)
})

test('T31 a client revokes its own tokens and nobody elses', async () => {
  const { json } = await exchange(browser, WEB, await codeFor(browser, phone, WEB))
  const revoke = (application: typeof WEB, token: string) =>
    form(browser, '/oauth/revoke', {
      token,
      client_id: application.client_id,
      client_secret: application.client_secret,
    })
  expect((await revoke(OTHER, json.refresh_token)).status).toBe(200)
  expect(await isActive(browser, WEB, json.refresh_token)).toBe(true)
  expect((await revoke(WEB, json.refresh_token)).status).toBe(200)
  expect(await isActive(browser, WEB, json.refresh_token)).toBe(false)
  expect((await userinfo(browser, json.access_token)).status).toBe(401)
})

test('T31 a browser at another site can use nothing of it: no cookie counts, and nobody is told but the clients page', async () => {
  const { json } = await exchange(browser, SPA, await codeFor(browser, phone, SPA))
  const from = (origin: string) => ({ cookie: '', headers: { authorization: `Bearer ${json.access_token}`, origin } })
  const own = await browser.get('/oauth/userinfo', from('https://spa.example'))
  expect(own.headers['access-control-allow-origin']).toBe('https://spa.example')
  const foreign = await browser.get('/oauth/userinfo', from('https://evil.example'))
  expect(foreign.headers['access-control-allow-origin']).toBeUndefined()
  expect(foreign.text).not.toContain(ZOFIA.name)
  const cookieAlone = await browser.get('/oauth/userinfo')
  expect(cookieAlone.status).toBe(401)
})

test('T29 an ID token is no access token, and neither opens a route of our own', async () => {
  const { json } = await exchange(browser, WEB, await codeFor(browser, phone, WEB))
  expect((await userinfo(browser, json.id_token)).status).toBe(401)
  expect((await userinfo(browser, json.refresh_token)).status).toBe(401)
  for (const token of [json.access_token, json.id_token, json.refresh_token]) {
    const asPhone = { cookie: '', headers: { authorization: `Bearer ${token}` } }
    for (const path of ['/session', '/sessions']) expect((await browser.get(path, asPhone)).status).toBe(401)
    const scan = await browser.post('/login/scan', { user_code: 'BCDF-GHJK' }, asPhone)
    expect(scan.status).toBe(401)
  }
})

test('T15 what the issuer and the addresses are, no header says', async () => {
  const headers = {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'https',
    forwarded: 'host=evil.example',
  }
  const discovery = await browser.get('/.well-known/openid-configuration', { headers })
  expect(discovery.text).not.toContain('evil')
  expect(discovery.json).toMatchObject({
    issuer: service.url,
    authorization_endpoint: `${service.url}/oauth/authorize`,
    token_endpoint: `${service.url}/oauth/token`,
    userinfo_endpoint: `${service.url}/oauth/userinfo`,
    revocation_endpoint: `${service.url}/oauth/revoke`,
    introspection_endpoint: `${service.url}/oauth/introspect`,
    end_session_endpoint: `${service.url}/oauth/logout`,
    device_authorization_endpoint: `${service.url}/oauth/device_authorization`,
    jwks_uri: `${service.url}/.well-known/jwks.json`,
    code_challenge_methods_supported: ['S256'],
  })
  await codeFor(browser, phone, WEB)
  const { json } = await exchange(
    browser,
    WEB,
    answerIn(await browser.get(authorizePath(WEB), { headers }))['code'] ?? '',
  )
  expect(decodeJwt(json.id_token).iss).toBe(service.url)
})

test('T15 nor does a request that names a host before its path, and a path is found by any spelling', async () => {
  for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']) {
    const { text } = await browser.get(path)
    for (const target of [`http://evil.example${path}`, path.replace(/n$/, '%6E').replace('server', '%73erver')]) {
      const reply = await sendRaw(service.port, `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)
      expect([target, reply.status, reply.body]).toEqual([target, 200, text])
    }
  }
  const refused = await form(browser, '/oauth/%74oken', { client_id: SPA.client_id, grant_type: 'none' })
  expect([refused.status, refused.json.error]).toEqual([400, 'unsupported_grant_type'])
})
