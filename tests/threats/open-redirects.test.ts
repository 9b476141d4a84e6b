import { expect, test } from '@jest/globals'
import { behindThisMachine, forwardedTo } from '../support/applications.ts'
import { onEveryStore, type Stage } from '../support/every-store.ts'
import { approve } from '../support/login-flow.ts'

/** T16: after a sign-in the browser is sent on, and nobody outside decides where to. */

const FRIEND = 'https://app.example.com'
/** Behind forward auth. */
const APPLICATION = 'http://app.example'

/** Never to be followed. `URL` stands for the public URL, `AUTHORITY` for its host and port. */
const TRICKS = [
  '//evil.example',
  '//evil.example/%2e%2e',
  '///evil.example',
  '////evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '\\/evil.example',
  '/\\/evil.example',
  '/%2f%2fevil.example',
  '/%2F%2Fevil.example',
  '/%5cevil.example',
  '/%5Cevil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/x/..//evil.example',
  '/%2e//evil.example',
  '/x/%2e%2e//evil.example',
  '/./\\evil.example',
  '/.//evil.example/@AUTHORITY',
  'URL//evil.example',
  'URL/.//evil.example',
  'URL/\\evil.example',
  'http:evil.example',
  'http:/evil.example',
  'http:///evil.example',
  'http:\\\\evil.example',
  'https://evil.example',
  'HTTPS://EVIL.EXAMPLE',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  ' javascript:alert(1)',
  'java\tscript:alert(1)',
  '\u0000javascript:alert(1)',
  'javascript://AUTHORITY/%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'file:///etc/passwd',
  'blob:URL/x',
  'ftp://AUTHORITY/',
  'URL@evil.example/',
  'http://user@AUTHORITY/',
  'http://user:password@AUTHORITY/',
  'http://AUTHORITY@evil.example',
  'http://evil.example#@AUTHORITY',
  'http://evil.example\\@AUTHORITY',
  'URL.evil.example/',
  'https://AUTHORITY/',
  'https://app.example.com.evil.example/',
  'https://evil.example/https://app.example.com',
  'http://app.example.com/',
  'https://app.example.com:8443/',
  'https://APP.example.com@evil.example/',
  '/x\r\nLocation: https://evil.example',
  '/x\r\n\r\n<script>alert(1)</script>',
  '/\t/evil.example',
  '/\n/evil.example',
  '\t//evil.example',
  '/x\u0000',
  '/ /evil.example',
  '/\u00a0/evil.example',
  '/\uff0fevil.example',
  '/\u2215/evil.example',
  'evil.example',
  './evil.example',
  '?x',
  '#x',
  '',
  `/${'x'.repeat(2050)}`,
]

/** Paths of ours where a mere visit does something: nobody is sent on to them. */
const ACTING = [
  '/sign-in/oidc',
  '/%73ign-in/oidc?return_to=/scan',
  '/x/../sign-in/oidc/callback',
  'URL/sign-in/oidc',
  '/.scanin/sign-out',
  '/%2escanin/start?rd=/',
  '/oauth/logout',
  '/oauth/logout/confirm?x=1',
  '/auth/forward',
]

/** These may also be taken for paths of our own, once they are made harmless. */
const LIKE_OUR_OWN = /^(\/[^/\\%\t\r\n \0]|\/%2e|URL\/)/

/** To be followed, to exactly where they say. */
const GOOD: [string, string][] = [
  ['/', '/'],
  ['/home', '/home'],
  ['/deep/path?query=1&next=//evil.example#part', '/deep/path?query=1&next=//evil.example#part'],
  ['/search?q=%2f%2fevil.example', '/search?q=%2f%2fevil.example'],
  ['URL/inbox', '/inbox'],
  [`${FRIEND}/welcome?x=1`, `${FRIEND}/welcome?x=1`],
  [FRIEND, `${FRIEND}/`],
]

async function redirectAfterSignIn(stage: Stage, returnTo: string): Promise<string> {
  const [browser, phone] = [stage.browser(), await signedInPhone(stage)]
  const started = await browser.post('/login', { return_to: returnTo })
  expect(started.status).toBe(201)
  await approve(phone, started.json.token)
  const reply = await browser.get(`/login/status/${started.json.token}`)
  expect(reply.json.status).toBe('authenticated')
  expect(reply.headers.location).toBeUndefined()
  expect(reply.json).toHaveProperty('redirect_to')
  return reply.json.redirect_to
}

const phones = new Map<string, ReturnType<Stage['phone']>>()

/** One phone a stage: a password is expensive to check. */
function signedInPhone(stage: Stage): ReturnType<Stage['phone']> {
  const { url } = stage.service()
  const phone = phones.get(url) ?? stage.phone()
  phones.set(url, phone)
  return phone
}

const ENV = { POLL_HOLD_SECONDS: '0', RETURN_TO_ORIGINS: FRIEND, ...behindThisMachine([{ origin: APPLICATION }]) }

onEveryStore(ENV, (stage) => {
  function filled(text: string): string {
    const { url, port } = stage.service()
    return text.replaceAll('URL', url).replaceAll('AUTHORITY', `127.0.0.1:${port}`)
  }

  test.each(TRICKS.map((trick) => [JSON.stringify(trick).slice(0, 80), trick]))(
    'T16 a return_to of %s is dropped',
    async (_shown, trick) => {
      const { url } = stage.service()
      const redirect = await redirectAfterSignIn(stage, filled(trick))
      // Resolved as a browser does it on the page that follows it: it must lead to our own origin.
      const target = new URL(redirect, `${url}/`)
      expect({ redirect, origin: target.origin }).toEqual({ redirect, origin: url })
      expect(redirect).toMatch(/^(\/(?![/\\])|http:\/\/127\.0\.0\.1)/)
      expect(redirect).not.toMatch(/[\s\\\p{Cc}]/u)
      if (!LIKE_OUR_OWN.test(trick)) expect(redirect).toBe('/home')
    },
  )

  test.each(ACTING)('T16 a return_to of %s, where a visit does something, is dropped', async (path) => {
    expect(await redirectAfterSignIn(stage, filled(path))).toBe('/home')
  })

  test.each(GOOD)('T16 a return_to of %s is followed', async (returnTo, redirect) => {
    expect(await redirectAfterSignIn(stage, filled(returnTo))).toBe(redirect)
  })

  test("T16 an application's way back leads to that application, whatever the way or its proxy's headers say", async () => {
    const startAt = async (origin: string, rd: string, more: Record<string, string> = {}) => {
      const path = `/.scanin/start?${new URLSearchParams({ rd })}`
      return stage.browser().get(path, { headers: { ...forwardedTo(origin), ...more } })
    }
    for (const trick of TRICKS.map(filled)) {
      const { status, headers } = await startAt(APPLICATION, trick)
      const { origin, pathname, searchParams } = new URL(headers.location ?? '')
      const [, way = ''] = (searchParams.get('state') ?? '').split('.')
      const there = [status, origin + pathname, searchParams.get('app'), Buffer.from(way, 'base64url').toString()[0]]
      expect([trick, ...there]).toEqual([trick, 302, `${stage.service().url}/auth/enter`, APPLICATION, '/'])
      expect(new URL(Buffer.from(way, 'base64url').toString(), APPLICATION).origin).toBe(APPLICATION)
    }
    const evil: Record<string, string>[] = [
      { 'x-forwarded-host': 'evil.example' },
      { 'x-forwarded-proto': 'javascript', 'x-forwarded-host': 'alert(1)', 'x-forwarded-uri': '//' },
      { 'x-forwarded-host': 'app.example@evil.example' },
      { 'x-forwarded-host': 'evil.example#app.example' },
      { 'x-original-url': 'http://evil.example/' },
    ]
    for (const headers of evil) {
      for (const path of ['/.scanin/start?rd=/', '/auth/verify', '/auth/forward', '/.scanin/sign-out']) {
        const told = { ...forwardedTo(APPLICATION), accept: 'text/html', ...headers }
        const reply = await stage.browser().get(path, { headers: told })
        expect([reply.status >= 400, reply.headers.location]).toEqual([true, undefined])
      }
    }
    for (const app of [
      'http://evil.example',
      'http://app.example@evil.example',
      '//evil.example',
      `${APPLICATION}.evil.example`,
    ]) {
      const { searchParams } = new URL((await startAt(APPLICATION, '/')).headers.location ?? '')
      searchParams.set('app', app)
      const reply = await (await stage.phone()).get(`/auth/enter?${searchParams}`)
      expect([app, reply.status, reply.headers.location]).toEqual([app, 403, undefined])
    }
    const asked = { ...forwardedTo(`${APPLICATION}/inbox?x=1`) }
    const { location } = (await stage.browser().get('/auth/verify', { headers: asked })).headers
    expect(location).toBe(`${APPLICATION}/.scanin/start?rd=%2Finbox%3Fx%3D1`)
  })

  test('T16 a return_to that is no text is refused', async () => {
    for (const return_to of [1, true, ['/home'], { href: '/home' }]) {
      expect((await stage.browser().post('/login', { return_to })).status).toBe(400)
    }
  })

  test('T16 no page or route redirects to where its address says', async () => {
    const paths = [
      '//evil.example',
      '//evil.example/%2e%2e',
      '/\\evil.example',
      '/docs//evil.example',
      '/%2f%2fevil.example/',
      '/scan//evil.example/..',
    ]
    for (const path of paths.flatMap((one) => [one, `${one}?return_to=//evil.example`])) {
      const { headers, status } = await stage.browser().get(path)
      expect(status).toBeLessThan(500)
      expect(headers.location ?? '').not.toMatch(/^(\/\/|\/\\|https?:\/\/evil|\\)/)
    }
  })
})
