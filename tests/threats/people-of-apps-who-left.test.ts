import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { decodeJwt } from 'jose'
import { createAppList } from '../../server/apps/forward-auth/app-list.ts'
import { parseApps } from '../../server/apps/forward-auth/apps-file.ts'
import { createClients, parseClients } from '../../server/oauth/clients-file.ts'
import { createDiskStore } from '../../server/store/disk-store.ts'
import { createMemoryStore } from '../../server/store/memory-store.ts'
import type { RecordStore } from '../../server/store/record-store.ts'
import { connectRedis } from '../../server/store/redis-connection.ts'
import { createRedisStore } from '../../server/store/redis-store.ts'
import { createInjectClient, createTestApp, type InjectClient, PUBLIC_URL, type TestApp } from '../support/app.ts'
import { type AppBrowser, createAppBrowser } from '../support/app-browser.ts'
import { type KeptLog, keepLog } from '../support/audit-lines.ts'
import { WEB } from '../support/clients-file.ts'
import { authorizePath, VERIFIER } from '../support/oauth-flow.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { placeOf, startRedis } from '../support/redis-server.ts'
import { type TokenSource, verifiersBy } from './bearer-verifiers.ts'
import { type IdentityProvider, startIdentityProvider } from './identity-provider.ts'

/**
 * T28, of people who come by an app's token: a short token makes no browser that nobody vouches for again. What it signed in,
 * and where that has gone on to, goes on for as long as the app shows good tokens, and for twelve hours without one; and who
 * they are there, and what they may enter, is as the last token says.
 */

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const WIKI = 'https://wiki.example'
/** For the board alone. */
const VAULT = 'https://vault.example'
const ENV = { MATCH: 'never', TRUST_PROXY: '127.0.0.1', CLIENTS_FILE: 'clients.json', SESSION_IDLE_SECONDS: '604800' }

type OpenStore = (clock: () => number) => Promise<{ store: RecordStore; close: () => Promise<void> }>

const STORES: Record<string, OpenStore> = {
  async embedded(clock) {
    return { store: createMemoryStore({ clock }), close: async () => undefined }
  },
  async disk(clock) {
    const path = mkdtempSync(join(tmpdir(), 'scanin-left-'))
    const store = await createDiskStore({ path, keyPrefix: '', clock })
    const close = async () => {
      await store.close()
      rmSync(path, { recursive: true })
    }
    return { store, close }
  },
  async redis() {
    const redis = await startRedis()
    const connections = connectRedis(placeOf(redis.url), { onError: () => undefined, waitReplicas: 0 })
    await connections.whenReady(PATIENCE_MS)
    const store = createRedisStore({ ...connections, keyPrefix: 'scanin:' })
    const close = async () => {
      await store.close()
      await redis.stop()
    }
    return { store, close }
  },
}

let provider: IdentityProvider

beforeAll(async () => {
  provider = await startIdentityProvider()
})
afterAll(() => provider.stop())

describe.each<[store: string, TokenSource]>([
  ['embedded', 'jwt'],
  ['embedded', 'introspection'],
  ['embedded', 'userinfo'],
  ['disk', 'jwt'],
  ['redis', 'jwt'],
])('on the store "%s", by %s', (kind, source) => {
  let opened: Awaited<ReturnType<OpenStore>>
  let time: { now: number }
  let log: KeptLog
  /** The app asks the first instance, the browser the second. */
  let instances: [TestApp, TestApp]
  let browser: InjectClient
  let atWiki: AppBrowser
  let refreshToken: string
  let opaqueTokens = 0

  beforeAll(async () => {
    time = { now: Date.now() }
    opened = await (STORES[kind] as OpenStore)(() => time.now)
    log = keepLog()
    instances = [await startInstance(), await startInstance()]
  })
  afterAll(async () => {
    for (const { app } of instances) await app.close()
    await opened.close()
  })
  beforeEach(() => {
    // oidc-provider goes by the process's clock, so this one must not be behind it.
    time.now = Math.max(time.now, Date.now())
    log.news()
  })

  function startInstance(): Promise<TestApp> {
    const clients = createClients()
    clients.replace(parseClients(JSON.stringify([{ ...WEB, id_token_signed_response_alg: 'EdDSA' }])))
    const apps = createAppList()
    apps.replace(parseApps(JSON.stringify([{ origin: WIKI }, { origin: VAULT, groups: ['board'] }])))
    const verifiers = verifiersBy(source, provider, () => time.now)
    const parts = { store: opened.store, clients, apps, ...verifiers, logger: log.logger }
    return createTestApp(ENV, parts, time)
  }

  /** A good token of the person's, for five minutes. */
  async function newToken(sub: string, told: object = {}): Promise<string> {
    const now = Math.floor(time.now / 1000)
    if (source === 'jwt') return provider.sign({ claims: { sub, iat: now, exp: now + 300, ...told } })
    const token = `opaque ${sub} ${now} ${opaqueTokens++}`.replaceAll(' ', '-')
    const claims = { sub, name: 'Native Person', ...told }
    if (source === 'userinfo') provider.opaque.set(token, claims)
    else provider.introspected.set(token, { ...claims, active: true, exp: now + 300, username: sub })
    return token
  }

  async function ask(token: string, method: 'GET' | 'POST', url: string, payload?: object): Promise<number> {
    const headers = { authorization: `Bearer ${token}` }
    const reply = await instances[0].app.inject({ method, url, headers, ...(payload && { payload }) })
    return reply.statusCode
  }

  const form = (fields: Record<string, string>) =>
    instances[1].app.inject({
      method: 'POST',
      url: '/oauth/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: String(new URLSearchParams({ client_id: WEB.client_id, client_secret: WEB.client_secret, ...fields })),
    })

  /** The person's app signs a browser in, which goes on to two applications. */
  async function letIn(sub: string, { isKeptAfterwards = false, told = {} } = {}): Promise<void> {
    browser = createInjectClient(instances[1].app)
    const bearer = await newToken(sub, told)
    const { token } = (await browser.post('/login')).json()
    expect(await ask(bearer, 'POST', '/login/scan', { token })).toBe(200)
    expect(await ask(bearer, 'POST', '/login/confirm', { token, remember: !isKeptAfterwards })).toBe(200)
    expect((await browser.get(`/login/status/${token}`)).json().status).toBe('authenticated')
    const { id } = (await browser.get('/session')).json().session
    if (isKeptAfterwards) expect(await ask(bearer, 'POST', `/sessions/${id}/remember`)).toBe(200)

    atWiki = createAppBrowser(async (method, url, headers) => {
      const reply = await instances[1].app.inject({ method: method as 'GET', url, headers })
      const setCookies = [reply.headers['set-cookie'] ?? []].flat()
      return { status: reply.statusCode, headers: reply.headers, setCookies, text: reply.body }
    }, PUBLIC_URL)
    for (const [name, value] of browser.cookies) atWiki.jar(PUBLIC_URL).set(name, value)
    expect((await atWiki.open(`${WIKI}/`)).answer.status).toBe(200)

    const { location } = (await browser.get(authorizePath(WEB))).headers
    const code = new URL(String(location)).searchParams.get('code') ?? ''
    const [redirect_uri = ''] = WEB.redirect_uris
    const given = await form({ grant_type: 'authorization_code', code, code_verifier: VERIFIER, redirect_uri })
    refreshToken = given.json().refresh_token
  }

  async function isIn(): Promise<(number | boolean)[]> {
    const session = (await browser.get('/session')).statusCode
    const remote = (await atWiki.verify(`${WIKI}/`)).status
    const refreshed = await form({ grant_type: 'refresh_token', refresh_token: refreshToken })
    refreshToken = refreshed.json().refresh_token ?? refreshToken
    return [session, remote, refreshed.statusCode]
  }
  const IN = [200, 200, 200]
  const OUT = [401, 401, 400]

  test.each([false, true])(
    'T28 who shows no good token any more is out after twelve hours, for good (kept afterwards: %s)',
    async (isKeptAfterwards) => {
      const sub = `left-${isKeptAfterwards}`
      await letIn(sub, { isKeptAfterwards })
      const since = time.now
      time.now = since + 11 * HOUR_MS
      expect(await isIn()).toEqual(IN)
      log.news()
      time.now = since + 12 * HOUR_MS + MINUTE_MS
      expect(await isIn()).toEqual(OUT)
      expect(log.news()).toMatchObject([
        { audit: 'session.withdrawn', reason: 'unheard', person: sub, source, outcome: 'success' },
      ])
      expect(await ask(await newToken(sub), 'GET', '/session')).toBe(200)
      expect(await isIn()).toEqual(OUT)
    },
  )

  test('T28 who goes on showing good ones stays in, for as long as the browser was to be kept', async () => {
    await letIn('stays')
    const until = time.now + 4 * DAY_MS
    while (time.now < until) {
      time.now += 11 * HOUR_MS
      expect(await ask(await newToken('stays'), 'GET', '/session')).toBe(200)
      time.now += 11 * HOUR_MS
      expect(await isIn()).toEqual(IN)
      expect(await ask(await newToken('stays'), 'GET', '/sessions')).toBe(200)
    }
    time.now += 12 * HOUR_MS + MINUTE_MS
    expect(await isIn()).toEqual(OUT)
  })

  /** As the browser, the applications behind forward auth and those that speak OpenID Connect are told who it is. */
  async function whoItIs() {
    const { user } = (await browser.get('/session')).json()
    const remote = (await atWiki.verify(`${WIKI}/`)).headers
    const refreshed = (await form({ grant_type: 'refresh_token', refresh_token: refreshToken })).json()
    refreshToken = refreshed.refresh_token
    const headers = { authorization: `Bearer ${refreshed.access_token}` }
    const userinfo = (await instances[1].app.inject({ url: '/oauth/userinfo', headers })).json()
    const inIdToken = decodeJwt(refreshed.id_token)
    return {
      vault: (await atWiki.verify(`${VAULT}/`)).status,
      session: [user.name, user.email, user.groups],
      remote: [remote['remote-name'], remote['remote-email'], remote['remote-groups']],
      userinfo: [userinfo.name, userinfo.email, userinfo.groups],
      idToken: [inIdToken['name'], inIdToken['email'], inIdToken['groups']],
    }
  }

  test('T28 who has other groups, another name or address by the next token, has them in every browser at once', async () => {
    const before = { name: 'Ada Before', email: 'before@example.com', groups: ['board', 'staff'] }
    await letIn('moved', { told: before })
    expect((await atWiki.open(`${VAULT}/`)).answer.status).toBe(200)
    const old = await newToken('moved', before)
    expect(await whoItIs()).toMatchObject({ vault: 200, session: ['Ada Before', 'before@example.com', before.groups] })

    time.now += MINUTE_MS
    const now = { name: 'Ada Now', email: 'now@example.com', groups: ['staff'] }
    expect(await ask(await newToken('moved', now), 'GET', '/session')).toBe(200)
    const asNow = {
      vault: 403,
      session: ['Ada Now', 'now@example.com', ['staff']],
      remote: ['Ada Now', 'now@example.com', 'staff'],
      userinfo: ['Ada Now', 'now@example.com', ['staff']],
      idToken: ['Ada Now', 'now@example.com', ['staff']],
    }
    expect(await whoItIs()).toMatchObject(asNow)
    if (source === 'jwt') {
      // An older token, which another of the person's apps may still have, does not bring old rights back.
      expect(await ask(old, 'GET', '/session')).toBe(200)
      expect(await whoItIs()).toMatchObject(asNow)
    }

    time.now += MINUTE_MS
    expect(await ask(await newToken('moved', { groups: [] }), 'GET', '/session')).toBe(200)
    expect(await whoItIs()).toMatchObject({ vault: 403, session: ['Native Person', undefined, []] })
    time.now += MINUTE_MS
    expect(await ask(await newToken('moved', before), 'GET', '/session')).toBe(200)
    expect(await whoItIs()).toMatchObject({ vault: 200, session: ['Ada Before', 'before@example.com', before.groups] })
  })

  test('T28 neither another person’s tokens nor one that is refused keep anybody in', async () => {
    await letIn('left-too')
    const old = await newToken('left-too')
    time.now += 11 * HOUR_MS
    provider.opaque.delete(old)
    provider.introspected.delete(old)
    expect(await ask(old, 'GET', '/session')).toBe(401)
    expect(await ask(await newToken('somebody-else'), 'GET', '/session')).toBe(200)
    time.now += HOUR_MS + MINUTE_MS
    expect(await isIn()).toEqual(OUT)
  })
})
