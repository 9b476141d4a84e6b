import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import { writeAccounts, YUSUF, ZOFIA } from '../support/accounts-file.ts'
import { type ClientsFile, SPA, TV, WEB, writeClients } from '../support/clients-file.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { approve } from '../support/login-flow.ts'
import { authorizePath, codeFor, exchange, form, isActive, refresh, sentTo, userinfo } from '../support/oauth-flow.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { type Service, startService } from '../support/service.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts'
import { redisDump } from '../threats/redis-dump.ts'

/** Two instances on one Redis: whoever asks, asks the one and then the other. npm's oauth4webapi, unmodified. */

const publicUrl = 'https://scanin.example'
let accounts: Awaited<ReturnType<typeof writeAccounts>>
let clients: ClientsFile
let redis: RedisServer
let services: Service[]
let places: string[]
let phone: Client
let logouts: WebhookReceiver
let calls = 0

beforeAll(async () => {
  accounts = await writeAccounts([ZOFIA, YUSUF])
  ;[redis, logouts] = await Promise.all([startRedis(), startWebhookReceiver()])
  const web = { ...WEB, id_token_signed_response_alg: 'EdDSA', backchannel_logout_uri: logouts.url }
  clients = writeClients([web, SPA, TV])
  const env = {
    PUBLIC_URL: publicUrl,
    REDIS_URL: redis.url,
    ACCOUNTS_FILE: accounts.path,
    CLIENTS_FILE: clients.path,
    COOKIE_SECURE: 'always',
  }
  const ports = [await freePort(), await freePort()]
  services = await Promise.all(ports.map((port) => startService({ ...env, PORT: String(port) })))
  places = services.map(({ url }) => url)
  phone = createClient(places, publicUrl)
  const reply = await phone.post('/sign-in', { username: ZOFIA.username, password: ZOFIA.password })
  expect(reply.status).toBe(200)
})
afterAll(async () => {
  await Promise.all((services ?? []).map((service) => service.stop()))
  await Promise.all([redis?.stop(), logouts?.stop()])
  accounts?.remove()
  clients?.remove()
})

/** As a balancer would: each call goes to the instance whose turn it is. */
const http = {
  [oauth.customFetch]: (url: string, options: RequestInit) => {
    const { pathname, search } = new URL(url)
    return fetch(`${places[calls++ % places.length]}${pathname}${search}`, options)
  },
} as object

async function discover(): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(publicUrl)
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http))
}

const secrets: string[] = []
/** What a thief of the store must not find. */
const secret = <Text extends string | undefined>(text: Text): Text => {
  if (text !== undefined) secrets.push(text)
  return text
}

test('code, tokens, userinfo, refresh, introspection and revocation, each step at another instance', async () => {
  const server = await discover()
  const client = { client_id: 'web', id_token_signed_response_alg: 'EdDSA' }
  const auth = oauth.ClientSecretBasic(WEB.client_secret)
  const verifier = secret(oauth.generateRandomCodeVerifier())
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
  const browser = createClient(places, publicUrl)
  const path = authorizePath(WEB, {
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    state,
    nonce,
  })
  const returnTo = sentTo(await browser.get(path)).searchParams.get('return_to')
  const { json } = await browser.post('/login', { return_to: returnTo })
  expect(json.application).toEqual({ name: 'Web App', scopes: ['openid', 'profile', 'email', 'groups'] })
  await approve(phone, json.token)
  const status = await eventually('the browser is in', async () => {
    const reply = await browser.get(`/login/status/${json.token}`)
    return reply.json.status === 'authenticated' && reply
  })
  const answer = oauth.validateAuthResponse(server, client, sentTo(await browser.get(status.json.redirect_to)), state)
  secret(answer.get('code') ?? undefined)

  const redirect = WEB.redirect_uris[0] ?? ''
  const reply = await oauth.authorizationCodeGrantRequest(server, client, auth, answer, redirect, verifier, http)
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, reply, {
    expectedNonce: nonce,
    requireIdToken: true,
  })
  secret(tokens.access_token)
  secret(tokens.refresh_token)
  secret(tokens.id_token)
  const keys = createRemoteJWKSet(new URL(`${places[1]}/.well-known/jwks.json`))
  const { payload, protectedHeader } = await jwtVerify(tokens.id_token ?? '', keys, {
    issuer: publicUrl,
    audience: 'web',
  })
  expect(protectedHeader.alg).toBe('EdDSA')
  expect(payload).toMatchObject({ sub: ZOFIA.id, email: ZOFIA.email, groups: ZOFIA.groups, nonce })

  const about = await oauth.userInfoRequest(server, client, tokens.access_token, http)
  expect(await oauth.processUserInfoResponse(server, client, ZOFIA.id, about)).toMatchObject({ name: ZOFIA.name })
  const again = await oauth.refreshTokenGrantRequest(server, client, auth, tokens.refresh_token ?? '', http)
  const refreshed = await oauth.processRefreshTokenResponse(server, client, again)
  secret(refreshed.access_token)
  secret(refreshed.refresh_token)
  const asked = await oauth.introspectionRequest(server, client, auth, refreshed.access_token, http)
  const known = await oauth.processIntrospectionResponse(server, client, asked)
  expect(known).toMatchObject({ active: true, client_id: 'web', sub: ZOFIA.id })
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(server, client, auth, refreshed.refresh_token ?? '', http),
  )
  const over = await oauth.introspectionRequest(server, client, auth, refreshed.access_token, http)
  expect(await oauth.processIntrospectionResponse(server, client, over)).toMatchObject({ active: false })
})

test('a device that polls one instance and then the other gets its tokens', async () => {
  const server = await discover()
  const client = { client_id: 'tv' }
  const asked = await oauth.deviceAuthorizationRequest(server, client, oauth.None(), { scope: 'openid' }, http)
  const granted = await oauth.processDeviceAuthorizationResponse(server, client, asked)
  secret(granted.device_code)
  secret(granted.user_code.replace('-', ''))
  const pending = await oauth.deviceCodeGrantRequest(server, client, oauth.None(), granted.device_code, http)
  expect(await pending.json()).toMatchObject({ error: 'authorization_pending' })
  const { json } = await phone.post('/login/scan', { user_code: granted.user_code })
  expect(json.application).toEqual({ name: 'Living Room TV', scopes: ['openid'], device: true })
  await phone.post('/login/confirm', { token: json.token })
  const reply = await oauth.deviceCodeGrantRequest(server, client, oauth.None(), granted.device_code, http)
  const tokens = await oauth.processDeviceCodeResponse(server, client, reply)
  secret(tokens.access_token)
  expect(oauth.getValidatedIdTokenClaims(tokens)).toMatchObject({ sub: ZOFIA.id })
})

test('T22 T28 what was given ends with the session, with the person and on all instances, at the very next request', async () => {
  const yusuf = createClient(places, publicUrl)
  await yusuf.post('/sign-in', { username: YUSUF.username, password: YUSUF.password })
  const [one, other] = [createClient(places, publicUrl), createClient(places, publicUrl)]
  const tokensOf = async (browser: Client, by: Client) =>
    (await exchange(browser, WEB, await codeFor(browser, by, WEB))).json
  const [first, second] = [await tokensOf(one, phone), await tokensOf(other, yusuf)]
  const unused = await codeFor(one, phone, WEB)
  const { session } = (await one.get('/session')).json

  await phone.delete(`/sessions/${session.id}`)
  for (let times = 0; times < 2; times++) {
    expect((await userinfo(one, first.access_token)).status).toBe(401)
    expect(await isActive(one, WEB, first.access_token)).toBe(false)
  }
  expect((await refresh(one, WEB, first.refresh_token)).json.error).toBe('invalid_grant')
  expect((await exchange(one, WEB, unused)).json.error).toBe('invalid_grant')

  expect(await isActive(other, WEB, second.access_token)).toBe(true)
  await accounts.write([ZOFIA, { ...YUSUF, disabled: true }])
  await eventually('both instances have read it', async () => {
    const statuses = [await userinfo(other, second.access_token), await userinfo(other, second.access_token)]
    return statuses.every(({ status }) => status === 401)
  })
  expect((await refresh(other, WEB, second.refresh_token)).json.error).toBe('invalid_grant')
  await accounts.write([ZOFIA, YUSUF])

  const told = await eventually(
    'the application is told of both',
    () => logouts.received.length === 2 && logouts.received,
  )
  const tokens = told.map(({ body }) => decodeJwt(new URLSearchParams(body).get('logout_token') ?? ''))
  const sidOf = (token: string) => decodeJwt(token)['sid']
  expect(tokens.map(({ sub, sid }) => [sub, sid])).toEqual([
    [ZOFIA.id, session.id],
    [YUSUF.id, sidOf(second.id_token)],
  ])
})

test('T13 a copy of the store has no code, no token and no typed code in it', async () => {
  const dump = await redisDump(redis.url)
  expect(dump.some(({ key }) => key.includes('oauth:'))).toBe(true)
  const text = dump.map(({ key, value }) => `${key} ${value}`).join('\n')
  expect(secrets.length).toBeGreaterThan(9)
  for (const one of secrets) expect(text).not.toContain(one)
  for (const { key, ttlMs } of dump) expect({ key, hasEnd: ttlMs >= 0 }).toEqual({ key, hasEnd: true })
})

test('T14 no log has a code or a token in it', () => {
  const logs = services.map((service) => service.stdout() + service.stderr()).join('\n')
  expect([secrets.length > 9, logs.includes('"msg":"listening"')]).toEqual([true, true])
  for (const one of secrets) expect(logs).not.toContain(one)
})

test('a cookie of ours is all that is set, and a foreign site can have none of it sent', async () => {
  const browser = createClient(places, publicUrl)
  const reply = await browser.get(authorizePath(WEB))
  expect(reply.setCookies).toEqual([])
  await codeFor(browser, phone, WEB)
  expect([...browser.cookies.keys()].every((name) => name.startsWith('__Host-scanin_'))).toBe(true)
  expect((await form(browser, '/oauth/logout', { client_id: 'web' })).status).toBe(303)
  expect((await browser.get('/session')).status).toBe(200)
})
