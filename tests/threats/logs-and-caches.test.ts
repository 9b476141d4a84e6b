import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type AccountsFile, writeAccounts, ZOFIA } from '../support/accounts-file.ts'
import { beginErrand, behindThisMachine, entryOf, forwardedTo } from '../support/applications.ts'
import { type ClientsFile, WEB, writeClients } from '../support/clients-file.ts'
import { onEveryStore } from '../support/every-store.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { scan, startLogin } from '../support/login-flow.ts'
import { codeFor, exchange, form, userinfo } from '../support/oauth-flow.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { type Service, startService } from '../support/service.ts'
import { browserKeyOf, keyCookieOf, sessionSetBy } from './seen.ts'
import { runWholeFlow, type Secret, secretsIn } from './whole-flow.ts'

/** T14: secrets are in no log, no cache, no Referer and no history. */

describe.each(['debug', 'trace'])('with LOG_LEVEL=%s', (level) => {
  let accounts: AccountsFile
  let redis: RedisServer

  beforeAll(async () => {
    accounts = await writeAccounts([ZOFIA])
    redis = await startRedis()
  })

  afterAll(async () => {
    await redis.stop()
    accounts.remove()
  })

  function startLogging(env: Record<string, string>): Promise<Service> {
    return startService({ ACCOUNTS_FILE: accounts.path, MATCH: 'always', LOG_LEVEL: level, ...env })
  }

  test.each(['embedded', 'redis'])(
    'T14 no secret is logged by the whole flow, by malformed requests or by a store that went away, on the store "%s"',
    async (kind) => {
      const service = await startLogging(kind === 'redis' ? { REDIS_URL: redis.url } : {})
      try {
        const secrets = await runWholeFlow(service.url, ZOFIA)
        secrets.push(...(await askWrongly(service.url)))
        if (kind === 'redis') {
          await redis.stop()
          secrets.push(...(await askWithoutStore(service.url, secrets)))
        }
        await service.stop()
        const log = service.stdout() + service.stderr()
        expect(log.length).toBeGreaterThan(2000)
        expect(log).toContain('/login/status/:token')
        // Which of the two is logged depends on how far the next connection has got.
        if (kind === 'redis') expect(log).toMatch(/"trouble":"redis_(unreachable|connection)"/)
        expect(secretsIn(log, secrets)).toEqual([])
      } finally {
        await service.stop()
      }
    },
  )
})

/** Requests that fail in every way there is, each with a secret in it. */
async function askWrongly(url: string): Promise<Secret[]> {
  const browser = createClient(url)
  const token = await startLogin(browser)
  const key = browserKeyOf(browser, token)
  const cookie = `${keyCookieOf(token)}=${key}; scanin_session=${key}`
  const bearer = 'BearerSecret0123456789abcdefghijklmnop'
  const password = 'typed-in-the-wrong-place-93'
  const headers = { authorization: `Bearer ${bearer}`, origin: 'https://evil.example' }
  const raw = (text: string, type = 'application/json') => ({
    raw: text,
    cookie,
    headers: { ...headers, 'content-type': type },
  })

  await browser.get(`/login/status/${token}x`, { cookie })
  await browser.get(`/login/status/${token}%zz`, { cookie })
  await browser.get(`/login/status/${token}?seen=${token}&seen=x`, { cookie })
  await browser.get(`/login/status/${token}?wait=${password}`, { cookie })
  await browser.get(`/nowhere/${token}?key=${key}`, { cookie })
  await browser.call('PUT', `/login/${token}`, { cookie })
  await browser.call('OPTIONS', `/login/${token}`, { cookie, headers })
  await browser.get(`/%c0%ae/${token}`, { cookie })
  await browser.get(`/assets/../${token}`, { cookie })
  for (const path of ['/login', '/login/scan', '/login/match', '/sign-in', '/login/confirm']) {
    await browser.post(path, undefined, raw(`{"token":"${token}"`))
    await browser.post(path, undefined, raw(`${password} ${token} ${key}`))
    await browser.post(path, undefined, raw(`{"token":"${token}","token":"${key}"}`))
    await browser.post(path, undefined, raw(`{"password":"${password}","${token}":"${key}"}`))
    await browser.post(path, undefined, raw(`token=${token}&password=${password}`, 'text/plain'))
    await browser.post(path, undefined, raw(JSON.stringify({ token, password: password.repeat(500) })))
  }
  return [
    { what: 'a token asked for wrongly', text: token },
    { what: 'its QR secret', text: token.slice(17) },
    { what: 'its browser key', text: key },
    { what: 'a bearer token', text: bearer },
    { what: 'a password in the wrong place', text: password },
  ]
}

/** Requests that fail for want of a store, errors of the Redis client with their commands included. */
async function askWithoutStore(url: string, secrets: Secret[]): Promise<Secret[]> {
  const client = createClient(url)
  const textOf = (what: string) => secrets.find((secret) => secret.what === what)?.text ?? ''
  const token = textOf('pending login: token')
  const cookie = `${keyCookieOf(token)}=${textOf('pending login: browser key')}; scanin_session=${textOf("the phone's session")}`
  const password = 'while-the-store-was-away-55'
  const statuses = new Set<number>()
  for (let round = 0; round < 3; round++) {
    const replies = [
      await client.get(`/login/status/${token}`, { cookie }),
      await client.post('/login/scan', { token }, { cookie }),
      await client.post('/login/scan', { user_code: textOf('pending login: user code') }, { cookie }),
      await client.post('/login/confirm', { token }, { cookie }),
      await client.post('/login/match', { token, match_code: textOf('match code') }, { cookie }),
      await client.post('/login/user-code', { token }, { cookie }),
      await client.post('/login', {}, { cookie: '' }),
      await client.post('/login', { token }, { cookie }),
      await client.get('/session', { cookie }),
      await client.post('/sign-in', { username: ZOFIA.username, password: ZOFIA.password }),
      await client.post('/sign-in', { username: ZOFIA.username, password }),
    ]
    for (const { status } of replies) statuses.add(status)
  }
  expect(statuses).toContain(503)
  return [{ what: 'a password while the store was away', text: password }]
}

const CACHE_CONTROL = 'private, no-cache, no-store, must-revalidate, no-transform'

onEveryStore({ POLL_HOLD_SECONDS: '0' }, (stage) => {
  test('T14 nothing under the API may be kept by any cache, whatever its status', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    const replies = [
      await browser.post('/login', { token }),
      await browser.get(`/login/status/${token}`),
      await browser.get('/login/status/not-a-token'),
      await browser.post('/login/user-code', { token }),
      await browser.post('/login/match', { token, match_code: '000000' }),
      await phone.post('/login/scan', { token }),
      await phone.get(`/login/scan/${token}`),
      await phone.post('/login/confirm', { token }),
      await browser.get(`/login/status/${token}`),
      await phone.post('/login/deny', { token }),
      await browser.delete(`/login/${token}`),
      await phone.get('/session'),
      await phone.get('/sessions'),
      await stage.browser().get('/session'),
      await stage.browser().get('/sessions'),
      await phone.delete('/sessions/unknown'),
      await stage.browser().post('/sign-in', { username: 'demo', password: 'wrong' }),
      await stage.browser().post('/sign-in', {}),
      await phone.post('/login/scan', { token: 1 }),
      await phone.post('/login/scan', undefined, { raw: '{', headers: { 'content-type': 'text/plain' } }),
      await phone.post('/login/scan', { token }, { headers: { origin: 'https://evil.example' } }),
      await phone.get('/login/nowhere'),
      await phone.get('/auth/nowhere'),
      await phone.get('/oauth/nowhere'),
      await phone.delete('/sessions'),
      await phone.post('/sign-out'),
    ]
    for (const { headers, status } of replies) {
      expect({ status, cache: headers['cache-control'] }).toEqual({ status, cache: CACHE_CONTROL })
      expect(headers.etag).toBeUndefined()
      expect(headers['last-modified']).toBeUndefined()
      if (status !== 204) expect(headers['content-length']).toMatch(/^\d+$/)
      expect(headers['transfer-encoding']).toBeUndefined()
      expect(headers['referrer-policy']).toBe('no-referrer')
      expect(headers['x-content-type-options']).toBe('nosniff')
    }
  })

  test('T14 the QR says the token in a fragment, which no server, proxy or Referer sees', async () => {
    const reply = await stage.browser().post('/login')
    const { token, verification_uri, verification_uri_complete } = reply.json
    expect(verification_uri).toBe(`${stage.service().url}/scan`)
    expect(verification_uri_complete).toBe(`${verification_uri}#${token}`)
    expect(new URL(verification_uri_complete).search).toBe('')
    expect(reply.headers.location).toBeUndefined()
  })

  test('T14 pages send no Referer and are kept by no cache', async () => {
    for (const path of ['/', '/scan', '/home']) {
      const { headers, status } = await stage.browser().get(path)
      expect(status).toBe(200)
      expect(headers['referrer-policy']).toBe('no-referrer')
      expect(headers['cache-control']).toContain('no-store')
      expect(headers.etag).toBeUndefined()
    }
  })

  test('T14 no secret but the token is in any body, and no secret at all in any header but Set-Cookie', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const started = await browser.post('/login')
    const token: string = started.json.token
    const key = browserKeyOf(browser, token)
    await scan(phone, token)
    const replies = [
      started,
      await browser.get(`/login/status/${token}`),
      await phone.post('/login/confirm', { token }),
      await phone.get(`/login/scan/${token}`),
    ]
    const collected = await browser.get(`/login/status/${token}`)
    replies.push(collected, await browser.get('/session'), await browser.get('/sessions'), await phone.get('/sessions'))
    const secrets = [key, sessionSetBy(collected) ?? '', sessionOf(phone)]
    for (const { text, headers } of replies) {
      const { 'set-cookie': _cookies, ...others } = headers
      for (const secret of secrets) expect(text + JSON.stringify(others)).not.toContain(secret)
      expect(JSON.stringify(others)).not.toContain(token)
    }
  })
})

function sessionOf(client: Client): string {
  const secret = client.cookies.get('scanin_session')
  if (secret === undefined) throw new Error('no session')
  return secret
}

test('T14 the start-up banner shows the demo password when it made one itself, and then only', async () => {
  const made = await startService({ DEMO_PASSWORD: '' })
  const given = await startService({ DEMO_PASSWORD: 'chosen-by-hand-77' })
  try {
    expect(made.stderr()).toMatch(/password [\w-]{12}/)
    expect(made.stdout()).not.toMatch(/password/)
    expect(given.stderr() + given.stdout()).not.toContain('chosen-by-hand-77')
  } finally {
    await Promise.all([made.stop(), given.stop()])
  }
})

const WIKI = 'http://wiki.test'
let clients: ClientsFile
beforeAll(() => {
  clients = writeClients([WEB])
})
afterAll(() => clients?.remove())

// The store makes no difference to what caches are told.
onEveryStore(
  () => ({ MATCH: 'never', CLIENTS_FILE: clients.path, ...behindThisMachine([{ origin: WIKI }]) }),
  (stage) => {
    test('T14 nor may what applications and their proxies are answered, granted or refused', async () => {
      const [browser, phone, stranger] = [stage.browser(), await stage.phone(), stage.browser()]
      const told = { headers: forwardedTo(WIKI) }
      const cookie = await entryOf(phone, WIKI)
      const token = (await exchange(browser, WEB, await codeFor(browser, phone, WEB))).json.access_token
      const secret = { authorization: `Basic ${btoa(`${WEB.client_id}:${WEB.client_secret}`)}` }
      const page = { ...told.headers, accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
      const replies = [
        [200, await stranger.call('GET', '/auth/verify', { ...told, cookie })],
        [401, await stranger.get('/auth/verify', told)],
        [403, await stranger.get('/auth/verify', { headers: forwardedTo('http://unknown.test') })],
        [302, await stranger.get('/auth/forward', { headers: page })],
        [403, await stranger.get('/auth/forward', { headers: { ...page, ...forwardedTo('http://unknown.test') } })],
        [302, await phone.get((await beginErrand(phone, WIKI)).enterPath)],
        [400, await phone.get('/auth/enter')],
        [200, await exchange(browser, WEB, await codeFor(browser, phone, WEB))],
        [400, await exchange(browser, WEB, 'no-such-code')],
        [200, await userinfo(stranger, token)],
        [401, await userinfo(stranger, 'no-such-token')],
        [200, await form(stranger, '/oauth/introspect', { token }, secret)],
        [200, await form(stranger, '/oauth/revoke', { token }, secret)],
        [401, await form(stranger, '/oauth/revoke', { token })],
      ] as const
      for (const [at, [expected, { headers, status }]] of replies.entries()) {
        const seen = { at, status, cache: headers['cache-control'], length: headers['content-length'] }
        expect(seen).toEqual({
          ...{ at, status: expected, cache: CACHE_CONTROL },
          length: expect.stringMatching(/^\d+$/),
        })
        expect([headers.etag, headers['last-modified'], headers['transfer-encoding']]).toEqual([
          undefined,
          undefined,
          undefined,
        ])
      }
    })
  },
  ['embedded'],
)
