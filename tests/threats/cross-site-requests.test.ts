import type { OutgoingHttpHeaders } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createTestPeople, type TestPeople } from '../support/app.ts'
import { readDescription } from '../support/described-api.ts'
import { onEveryStore } from '../support/every-store.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { scan, startLogin } from '../support/login-flow.ts'
import { sendRaw } from '../support/raw-socket.ts'
import { DEMO_PASSWORD, startService } from '../support/service.ts'
import { allThereIs, type Route, routesOf } from './routes.ts'
import { expectProblem } from './seen.ts'

/** T8 (and T9's first half): another site makes the person's own browser send a request, cookies and all. */

const FOREIGN: [from: string, headers: OutgoingHttpHeaders][] = [
  ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
  ['another site that sends no Origin', { 'sec-fetch-site': 'cross-site', origin: undefined }],
  ['a sibling subdomain', { 'sec-fetch-site': 'same-site', origin: 'https://other.example.com' }],
  ['a sibling subdomain that sends no Origin', { 'sec-fetch-site': 'same-site', origin: undefined }],
  ['a foreign origin in an old browser', { origin: 'https://evil.example' }],
  ['a sandboxed frame', { origin: 'null' }],
  ['no origin at all', { origin: undefined }],
  ['an empty origin', { origin: '' }],
  ['the address bar', { 'sec-fetch-site': 'none', origin: undefined }],
]

/** Origins that only look like ours. No browser spells its own origin so: a strict comparison refuses them all. */
function lookalikes(url: string, port: number): string[] {
  return [
    `${url}.evil.example`,
    `https://evil.example/${url}`,
    `${url}@evil.example`,
    `http://127.0.0.1:${port + 1}`,
    `https://127.0.0.1:${port}`,
    'http://127.0.0.1',
    `${url}, https://evil.example`,
    `https://evil.example ${url}`,
  ]
}

type Attempt = [what: string, method: string, path: (token: string) => string, body: (token: string) => unknown]

const ATTEMPTS: Attempt[] = [
  ['scan', 'POST', () => '/login/scan', (token) => ({ token })],
  ['confirm', 'POST', () => '/login/confirm', (token) => ({ token })],
  ['deny', 'POST', () => '/login/deny', (token) => ({ token })],
  ['start a login', 'POST', () => '/login', () => ({})],
  ['match', 'POST', () => '/login/match', (token) => ({ token, match_code: '123456' })],
  ['get a user code', 'POST', () => '/login/user-code', (token) => ({ token })],
  ['end a login', 'DELETE', (token) => `/login/${token}`, () => undefined],
  ['sign out', 'POST', () => '/sign-out', () => undefined],
  ['end all other sessions', 'DELETE', () => '/sessions', () => undefined],
  ['end all browsers', 'DELETE', () => '/sessions?kind=browser', () => undefined],
  ['name a session', 'PATCH', () => '/sessions/some-session-id', () => ({ name: 'Mine' })],
  ['say what was seen', 'POST', () => '/events/seen', () => ({ until: '2026-01-01T00:00:00.000Z' })],
  ['end a session', 'DELETE', () => '/sessions/some-session-id', () => undefined],
  ['keep a browser signed in', 'POST', () => '/sessions/some-session-id/remember', () => undefined],
  ['sign in', 'POST', () => '/sign-in', () => ({ username: 'demo', password: DEMO_PASSWORD })],
]

/** Routes that go by no session's cookie, and so have a check of their own: each with what it goes by. */
const JUDGED_BY_ITSELF: Readonly<Record<string, string>> = {
  'POST /oauth/token': "a code or a refresh token, and the application's secret",
  'POST /oauth/revoke': "a token, and the application's secret",
  'POST /oauth/introspect': "a token, and the application's secret",
  'POST /oauth/device_authorization': 'what application asks: a login begins that somebody has to approve',
  'POST /oauth/userinfo': 'an access token',
  'POST /oauth/authorize': 'nothing: it leads to the same by GET',
  'POST /oauth/logout': 'nothing: it leads to the same by GET, where the person is asked',
  'POST /.scanin/sign-out': "an application's cookie, and from where on that host it is asked",
  'POST /sign-in/oidc/backchannel-logout': "a token that the team's provider has signed",
}
const CHANGING = ['POST', 'PUT', 'PATCH', 'DELETE']

describe('every route that changes state', () => {
  let people: TestPeople
  let changing: Route[]
  /** Sends the phone's session, which a browser sends by itself. */
  const ask = ({ method, path }: Route, headers: OutgoingHttpHeaders) =>
    people.testApp.app.inject({
      method: method as 'POST',
      url: path.replaceAll(/\{[^}]+\}/g, `${'t'.repeat(16)}.${'u'.repeat(22)}`),
      headers,
      cookies: Object.fromEntries(people.phone.cookies),
    })

  beforeAll(async () => {
    people = await createTestPeople(...allThereIs())
    changing = (await routesOf(people.testApp.app)).filter(({ method }) => CHANGING.includes(method))
  })
  afterAll(() => people.testApp.app.close())

  test.each(FOREIGN)(
    'T8 from %s is 403 with a session cookie, whatever there is or will be',
    async (_from, headers) => {
      const sent = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined))
      for (const route of changing) {
        const name = `${route.method} ${route.path}`
        if (name in JUDGED_BY_ITSELF) continue
        const reply = await ask(route, sent)
        expect([name, reply.statusCode, reply.json().code]).toEqual([name, 403, 'cross_site_request'])
        expect(reply.cookies).toEqual([])
      }
    },
  )

  test('T8 but for what goes by no session, which does nothing to one', async () => {
    const names = changing.map(({ method, path }) => `${method} ${path}`)
    const { operations } = await readDescription(people.testApp.app)
    const documented = operations.map(([name]) => name).filter((name) => !name.startsWith('GET '))
    expect(documented.length).toBeGreaterThan(20)
    for (const name of documented) expect(names).toContain(name)
    const { browser, phone } = people
    const token = (await browser.post('/login')).json().token
    await phone.post('/login/scan', { token })
    for (const name of Object.keys(JUDGED_BY_ITSELF)) {
      expect(names).toContain(name)
      const [method = '', path = ''] = name.split(' ')
      const reply = await ask({ method, path }, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })
      expect([name, reply.cookies, reply.statusCode < 500]).toEqual([name, [], true])
    }
    expect((await phone.get('/sessions')).json().sessions).toHaveLength(1)
    expect((await browser.get(`/login/status/${token}`)).json().status).toBe('scanned')
  })
})

async function sessionCount(phone: Client): Promise<number> {
  return (await phone.get('/sessions')).json.sessions.length
}

onEveryStore({ POLL_HOLD_SECONDS: '0', ALLOWED_ORIGINS: 'https://app.example.com' }, (stage) => {
  describe.each(FOREIGN)('T8 from %s', (_from, headers) => {
    test('everything that changes state is 403 with a session cookie, and nothing has changed', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const fresh = await startLogin(browser)
      const scanned = await startLogin(browser)
      await scan(phone, scanned)
      const before = await sessionCount(phone)
      for (const token of [fresh, scanned]) {
        for (const [, method, path, body] of ATTEMPTS) {
          const reply = await phone.call(method, path(token), { body: body(token), headers })
          expectProblem(reply, 403, 'cross_site_request')
        }
      }
      expect((await browser.get(`/login/status/${fresh}`)).json.status).toBe('pending')
      expect((await browser.get(`/login/status/${scanned}`)).json.status).toBe('scanned')
      expect(await sessionCount(phone)).toBe(before)
    })
  })

  test('T8 origins that only look like ours are foreign', async () => {
    const { url, port } = stage.service()
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    for (const origin of lookalikes(url, port)) {
      expectProblem(await phone.post('/login/scan', { token }, { headers: { origin } }), 403, 'cross_site_request')
    }
    expectProblem(
      await phone.post('/login/scan', { token }, { headers: { origin: 'https://app.example.com.evil.example' } }),
      403,
      'cross_site_request',
    )
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('pending')
  })

  test('T8 the Host, Forwarded and Referer of a request make no origin an allowed one', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    const headers = {
      origin: 'https://evil.example',
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example;proto=https',
      referer: `${stage.service().url}/scan`,
    }
    expectProblem(await phone.post('/login/scan', { token }, { headers }), 403, 'cross_site_request')
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('pending')
  })

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain; charset=application/json',
    'application/json-patch+json',
    'text/json',
  ])('T8 a body of type %s is refused with 415 even from our own origin', async (type) => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    for (const path of ['/login/scan', '/login/confirm', '/login/deny', '/sign-in', '/login']) {
      const raw = JSON.stringify({ token })
      const reply = await phone.post(path, undefined, { raw, headers: { 'content-type': type } })
      expectProblem(reply, 415, 'unsupported_media_type')
    }
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('pending')
  })

  test('T8 without a body there is none of another type: a client that always says one is not refused', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/octet-stream']) {
      const headers = { 'content-type': type }
      const phone = await stage.phone()
      const started = await phone.post('/login', undefined, { raw: '', headers })
      expect(started.status).toBe(201)
      expect((await phone.post('/login/scan', undefined, { raw: '', headers })).status).toBe(400)
      expect((await phone.post('/sign-out', undefined, { raw: '', headers })).status).toBe(204)
      expect((await phone.get('/session')).status).toBe(401)
    }
  })

  test('T8 nor where it says no length: Node makes no stream of such a request, and it is answered all the same', async () => {
    const { url, port } = stage.service()
    const token = `${'a'.repeat(16)}.${'b'.repeat(22)}`
    for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain']) {
      for (const [asked, status] of [
        ['POST /login', 201],
        ['POST /sign-out', 204],
        [`DELETE /login/${token}`, 204],
        ['POST /nothing', 404],
        ['POST /sign-in', 400],
      ] as const) {
        const head = [`${asked} HTTP/1.1`, `Host: 127.0.0.1:${port}`, `Origin: ${url}`, `Content-Type: ${type}`]
        const reply = await sendRaw(port, `${head.join('\r\n')}\r\nConnection: close\r\n\r\n`)
        expect([type, asked, reply.status]).toEqual([type, asked, status])
      }
    }
  })

  test('T8 a form that another site posts is refused, with or without a body type of its own', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    const form = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json']) {
      const headers = { ...form, 'content-type': type }
      const reply = await phone.post('/login/scan', undefined, { raw: `{"token":"${token}"}`, headers })
      expect([403, 415]).toContain(reply.status)
      expect(reply.setCookies).toEqual([])
    }
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('pending')
  })

  test('T9 another site cannot sign a browser in as somebody else: /sign-in is refused without any cookie', async () => {
    const body = { username: 'demo', password: DEMO_PASSWORD }
    const foreign = FOREIGN.filter(([, headers]) => headers['origin'] !== undefined || 'sec-fetch-site' in headers)
    for (const [, headers] of foreign) {
      expectProblem(await stage.browser().post('/sign-in', body, { headers }), 403, 'cross_site_request')
    }
    // A request with neither header and no cookie is no browser's.
    expect((await stage.browser().post('/sign-in', body, { headers: { origin: undefined } })).status).toBe(200)
  })

  test.each<[string, OutgoingHttpHeaders]>([
    ['our own origin', {}],
    ['our own page in a browser that says so', { 'sec-fetch-site': 'same-origin', origin: undefined }],
    ['an origin in ALLOWED_ORIGINS', { origin: 'https://app.example.com' }],
    [
      'an origin in ALLOWED_ORIGINS of another site',
      { origin: 'https://app.example.com', 'sec-fetch-site': 'cross-site' },
    ],
  ])('T8 from %s the same requests work', async (_from, headers) => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    expect((await phone.post('/login/scan', { token }, { headers })).status).toBe(200)
    expect((await phone.post('/login/confirm', { token }, { headers })).json.status).toBe('authenticated')
  })

  test('T8 a bearer header excuses from nothing that the cookie is then asked for', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    const headers = {
      authorization: 'Bearer made.up.token',
      origin: 'https://evil.example',
      'sec-fetch-site': 'cross-site',
    }
    const before = await sessionCount(phone)
    for (const [, method, path, body] of ATTEMPTS.slice(0, 3)) {
      const reply = await phone.call(method, path(token), { body: body(token), headers })
      expectProblem(reply, 401, 'authentication_required')
    }
    const signOut = await phone.call('POST', '/sign-out', { headers, cookie: cookieOf(phone) })
    expect(signOut.status).toBeLessThan(500)
    await phone.call('DELETE', '/sessions', { headers, cookie: cookieOf(phone) })
    expect(await sessionCount(phone)).toBe(before)
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('pending')
  })

  test('T8 nothing tells another origin that it may read replies or send what needs asking first', async () => {
    const phone = await stage.phone()
    const preflight = {
      origin: 'https://evil.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    }
    const calls = [
      await phone.call('OPTIONS', '/login/confirm', { headers: preflight }),
      await phone.get('/session', { headers: { origin: 'https://evil.example' } }),
      await phone.get('/', { headers: { origin: 'https://evil.example' } }),
      await phone.get('/openapi.json', { headers: { origin: 'https://evil.example' } }),
    ]
    for (const { headers } of calls) {
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([])
    }
  })

  test('T8 no page can be framed, nor load a script that is not ours', async () => {
    const browser = stage.browser()
    for (const path of ['/', '/scan', '/home', '/scan?token=x']) {
      const { headers } = await browser.get(path)
      const policy = String(headers['content-security-policy'])
      expect(policy).toMatch(/(^|; )frame-ancestors 'none'(;|$)/)
      expect(policy).toMatch(/(^|; )default-src 'self'(;|$)/)
      expect(policy).not.toMatch(/unsafe-|script-src|\*|https?:/)
      expect(headers['x-frame-options']).toBe('DENY')
    }
  })

  test('T8 but for /embed, by the listed origins alone: nobody approves anything there', async () => {
    const { headers, text } = await stage.browser().get('/embed')
    const policy = String(headers['content-security-policy'])
    expect(policy.split('; ')).toContain('frame-ancestors https://app.example.com')
    expect(policy.replace(/frame-ancestors [^;]+/, '')).not.toMatch(/unsafe-|script-src|\*|https?:/)
    expect(headers['x-frame-options']).toBeUndefined()
    expect(headers['cross-origin-embedder-policy']).toBe('require-corp')
    expect(headers['cross-origin-resource-policy']).toBe('same-site')
    expect(text).not.toMatch(/id="(confirm|deny|password|sessions|sign-out)"/)
    const alone = await startService()
    try {
      const { headers } = await createClient(alone.url).get('/embed')
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
      expect(headers['x-frame-options']).toBe('DENY')
    } finally {
      await alone.stop()
    }
  })
})

function cookieOf(client: Client): string {
  return [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
}
