import { describe, expect, test } from '@jest/globals'
import { createAppList } from '../../server/apps/forward-auth/app-list.ts'
import { createTestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { approve } from '../support/login-flow.ts'
import { sendRaw } from '../support/raw-socket.ts'
import { DEMO_PASSWORD, startService } from '../support/service.ts'
import { onEveryStoreInTime } from '../support/timed-stage.ts'

/** T20: what the cookies say, and that the session's secret is nowhere else. */

const SECURE_SITE = 'https://sign-in.example.com'

/** Where a proxy asks for an application's host, whether or not there is a route. */
const OF_APPLICATIONS = ['/auth/forward', '/.scanin/start', '/.scanin/callback', '/.scanin/nowhere', '/.scanin/%zz']

/** `Set-Cookie` taken apart: name, value and attributes, which come in any order and spelling. */
function partsOf(line: string): { name: string; value: string; attributes: string[] } {
  const [pair = '', ...attributes] = line.split(/; ?/)
  const [, name = '', value = ''] = /^([^=]+)=(.*)$/.exec(pair) ?? []
  return { name, value, attributes: attributes.map((attribute) => attribute.toLowerCase()).sort() }
}

/** One whole sign-in of a browser by a phone: every cookie that was set on the way. */
async function cookiesOfASignIn(url: string, publicUrl: string): Promise<string[]> {
  const [browser, phone]: Client[] = [createClient(url, publicUrl), createClient(url, publicUrl)]
  if (browser === undefined || phone === undefined) throw new Error('no clients')
  const signedIn = await phone.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })
  expect(signedIn.status).toBe(200)
  const started = await browser.post('/login')
  await approve(phone, started.json.token)
  const collected = await browser.get(`/login/status/${started.json.token}`)
  expect(collected.json.status).toBe('authenticated')
  const ended = await browser.post('/sign-out')
  expect(ended.status).toBe(204)
  return [signedIn, started, collected, ended].flatMap(({ setCookies }) => setCookies)
}

describe.each<[string, { env: Record<string, string>; isSecure: boolean }]>([
  ['over https', { env: { PUBLIC_URL: SECURE_SITE }, isSecure: true }],
  ['over plain http', { env: {}, isSecure: false }],
  ['over plain http with COOKIE_SECURE=always', { env: { COOKIE_SECURE: 'always' }, isSecure: true }],
  [
    'over https with COOKIE_SECURE=never',
    { env: { PUBLIC_URL: SECURE_SITE, COOKIE_SECURE: 'never' }, isSecure: false },
  ],
])('%s', (_where, { env, isSecure }) => {
  onEveryStoreInTime({ POLL_HOLD_SECONDS: '0', SESSION_SECONDS: '600', REMEMBER_SECONDS: '7200', ...env }, (stage) => {
    const publicUrl = () => env['PUBLIC_URL'] ?? stage.url()

    test(`T20 every cookie is HttpOnly, SameSite=Lax, for the whole host and no Domain${isSecure ? ', Secure and __Host-' : ''}`, async () => {
      const cookies = (await cookiesOfASignIn(stage.url(), publicUrl())).map(partsOf)
      expect(cookies.length).toBe(5)
      for (const { name, attributes } of cookies) {
        expect(name).toMatch(isSecure ? /^__Host-scanin_(session|[\w-]{16})$/ : /^scanin_(session|[\w-]{16})$/)
        const rest = attributes.filter((attribute) => !attribute.startsWith('max-age='))
        expect(rest).toEqual(['httponly', 'path=/', 'samesite=lax', ...(isSecure ? ['secure'] : [])])
      }
      const ages = cookies.map(({ attributes }) =>
        attributes.find((attribute) => attribute.startsWith('max-age='))?.slice(8),
      )
      // The phone's session, the browser key, the browser's session, and the two that go again.
      expect(ages).toEqual(['7200', expect.stringMatching(/^[1-9]\d*$/), '600', '0', '0'])
    })

    test('T20 strict transport security is asked for where the site is https, and there only', async () => {
      const client = createClient(stage.url())
      const ours = ['/', '/session', '/assets/nowhere', '/healthz', '/nowhere', '/auth/verify']
      for (const path of [...ours, ...OF_APPLICATIONS]) {
        const value = (await client.get(path)).headers['strict-transport-security']
        if (publicUrl().startsWith('https:')) expect(value).toMatch(/^max-age=\d{7,}/)
        else expect(value).toBeUndefined()
      }
    })
  })
})

onEveryStoreInTime({ POLL_HOLD_SECONDS: '0', SESSION_SECONDS: '600', REMEMBER_SECONDS: '7200' }, (stage) => {
  test("T20 a browser that is to be remembered gets a cookie as long as a phone's", async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const { token } = (await browser.post('/login')).json
    await phone.post('/login/scan', { token })
    await phone.post('/login/confirm', { token, remember: true })
    const reply = await browser.get(`/login/status/${token}`)
    expect(reply.setCookies[0]).toMatch(/^scanin_session=[\w-]{43}; Max-Age=7200;/)
  })
})

onEveryStoreInTime({ POLL_HOLD_SECONDS: '0', PUBLIC_URL: SECURE_SITE }, (stage) => {
  test('T20 over https a cookie without the prefix, which any neighbour could plant, is not read', async () => {
    const url = stage.url()
    const phone = createClient(url, SECURE_SITE)
    await phone.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })
    const secret = phone.cookies.get('__Host-scanin_session')
    expect((await phone.get('/session', { cookie: `__Host-scanin_session=${secret}` })).status).toBe(200)
    for (const name of [
      'scanin_session',
      '__Secure-scanin_session',
      '__host-scanin_session',
      '__HOST-SCANIN_SESSION',
    ]) {
      expect((await phone.get('/session', { cookie: `${name}=${secret}` })).status).toBe(401)
    }
    const browser = createClient(url, SECURE_SITE)
    const { token } = (await browser.post('/login')).json
    const key = browser.cookies.get(`__Host-scanin_${token.slice(0, 16)}`)
    const poll = await browser.get(`/login/status/${token}`, { cookie: `scanin_${token.slice(0, 16)}=${key}` })
    expect(poll.text).toBe('{"status":"expired"}')
  })
})

test.each<[where: string, parts: Parameters<typeof createTestApp>[1], hasHsts: boolean]>([
  ['without applications', {}, true],
  ['with applications, of one of which it may be', { apps: createAppList() }, false],
])('T20 what cannot be read is answered as on our own host %s', async (_where, parts, hasHsts) => {
  const { app } = await createTestApp({ PUBLIC_URL: SECURE_SITE }, parts)
  const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
  for (const [status, line] of [
    [431, `Cookie: ${'x'.repeat(20_000)}`],
    [400, 'Expect: the impossible\r\nConnection: close'],
    [400, 'no colon'],
  ] as const) {
    const reply = await sendRaw(port, `GET /auth/forward HTTP/1.1\r\nHost: x\r\n${line}\r\n\r\n`)
    expect([reply.status, reply.headers.has('strict-transport-security')]).toEqual([status, hasHsts])
  }
  await app.close()
})

test('T20 what goes on to browsers as an application`s own says nothing of how that one`s host is to be reached', async () => {
  const { app } = await createTestApp({ PUBLIC_URL: SECURE_SITE }, { apps: createAppList() })
  for (const accept of ['*/*', 'text/html']) {
    for (const url of OF_APPLICATIONS) {
      const { headers } = await app.inject({ url, headers: { accept } })
      expect([url, headers]).toEqual([
        url,
        expect.not.objectContaining({ 'strict-transport-security': expect.anything() }),
      ])
    }
    const { headers } = await app.inject({ url: '/auth/verify', headers: { accept } })
    expect(headers).toHaveProperty('strict-transport-security')
  }
  await app.close()
})

test('T20 a start over plain http says what that means, and a start over https does not', async () => {
  const [plain, secure, never] = await Promise.all([
    startService(),
    startService({ PUBLIC_URL: SECURE_SITE }),
    startService({ PUBLIC_URL: SECURE_SITE, COOKIE_SECURE: 'never' }),
  ])
  try {
    expect(plain.stderr()).toMatch(/plain http/i)
    expect(plain.stderr()).toMatch(/Secure/)
    expect(secure.stderr()).not.toMatch(/plain http|without Secure/i)
    expect(never.stderr()).toMatch(/without Secure/i)
  } finally {
    await Promise.all([plain, secure, never].map((service) => service.stop()))
  }
})
