import { beforeAll, expect, test } from '@jest/globals'
import { createTestApp } from '../support/app.ts'
import { assetsOfThisBuild } from '../support/assets.ts'
import { onEveryStore } from '../support/every-store.ts'
import type { Reply } from '../support/http-client.ts'
import { startLogin } from '../support/login-flow.ts'
import { sendRaw } from '../support/raw-socket.ts'
import { allThereIs, routesOf } from './routes.ts'

/** T8, T14, T20: the exact headers of each kind of reply. One more or one less is a decision, and is made here. */

/** Names in lower case, with their values. What differs every time is named for what it is. */
function headersOf({ rawHeaders }: Reply): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = [rawHeaders[at]?.toLowerCase(), rawHeaders[at + 1]]
    // No header stands twice, but for cookies.
    if (name !== 'set-cookie') expect(headers).not.toHaveProperty(name)
    headers[name] = value
  }
  return headers
}

const DATE = expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/)
const LENGTH = expect.stringMatching(/^\d+$/)

/** Of all that is no poll. */
const REQUEST_ID = { 'x-request-id': expect.stringMatching(/^[\w-]{21}$/) }

const ALL = {
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  date: DATE,
  // The test's client asks for it; a browser that keeps its connection is told for how long.
  connection: 'close',
}

const PAGE = {
  ...ALL,
  ...REQUEST_ID,
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(self), microphone=(), geolocation=()',
  'x-frame-options': 'DENY',
}

const POLL = { ...ALL, 'cache-control': 'private, no-cache, no-store, must-revalidate, no-transform' }
const API = { ...POLL, ...REQUEST_ID }

const HSTS = { 'strict-transport-security': 'max-age=63072000' }

const SITES: [string, Record<string, string>, Record<string, string>][] = [
  ['over plain http', {}, {}],
  ['over https', { PUBLIC_URL: 'https://sign-in.example.com' }, HSTS],
]

for (const [where, env, more] of SITES) {
  onEveryStore({ POLL_HOLD_SECONDS: '0', ...env }, (stage) => {
    let origin: string
    beforeAll(() => {
      origin = env['PUBLIC_URL'] ?? stage.service().url
    })

    test.each(['/', '/scan', '/home'])(`${where} the page %s has exactly these headers (T8 T14)`, async (path) => {
      const reply = await stage.browser().get(path)
      expect(reply.status).toBe(200)
      expect(headersOf(reply)).toEqual({
        ...PAGE,
        ...more,
        'content-type': 'text/html; charset=utf-8',
        'content-length': LENGTH,
        vary: 'accept-language, accept-encoding',
      })
    })

    test(`${where} a static file has exactly these headers (T8)`, async () => {
      const page = await stage.browser().get('/')
      const files = [...page.text.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css|svg))"/g)].map(([, path]) => path ?? '')
      expect(files.length).toBeGreaterThan(1)
      for (const path of files) {
        const reply = await stage.browser().get(path)
        expect(reply.status).toBe(200)
        const { etag, ...headers } = headersOf(reply)
        expect(etag).toMatch(/^(W\/)?"[^"]+"$/)
        expect(headers).toEqual({
          ...ALL,
          ...REQUEST_ID,
          ...more,
          'content-type': expect.stringMatching(
            /^((text|application)\/javascript; charset=utf-8|text\/css; charset=utf-8|image\/svg\+xml)$/,
          ),
          'content-length': LENGTH,
          // Each version of a file has an address of its own, but for the script that notices when a build is gone.
          'cache-control': path === '/page-guard.js' ? 'no-cache' : 'public, max-age=31536000, immutable',
          'cross-origin-resource-policy': 'same-origin',
          vary: 'accept-encoding',
        })
      }
    })

    test(`${where} the script of a worker brings the worker's own policy (T8)`, async () => {
      const [script] = assetsOfThisBuild().filter((name) => /-worker-\w+\.js$/.test(name))
      const { headers, status } = await stage.browser().get(`/assets/${script}`)
      expect(status).toBe(200)
      expect(headers).toMatchObject({
        'content-type': 'text/javascript; charset=utf-8',
        'content-security-policy': "default-src 'none'; script-src 'wasm-unsafe-eval'",
        'cross-origin-resource-policy': 'same-origin',
      })
    })

    test(`${where} a reply of the API has exactly these headers (T14)`, async () => {
      const browser = stage.browser()
      const started = await browser.post('/login', undefined, { headers: { origin } })
      const key = expect.stringMatching(/^(__Host-)?scanin_[\w-]{16}=[\w-]{43}; /)
      const json = { 'content-type': 'application/json; charset=utf-8', 'content-length': LENGTH }
      expect(headersOf(started)).toEqual({ ...API, ...more, ...json, 'set-cookie': key })
      const polled = await browser.get(`/login/status/${started.json.token}`)
      expect(headersOf(polled)).toEqual({ ...POLL, ...more, ...json })
      const ended = await browser.delete(`/login/${started.json.token}`, { headers: { origin } })
      expect(headersOf(ended)).toEqual({ ...API, ...more })
    })

    test(`${where} a problem has exactly these headers (T14)`, async () => {
      const problem = { 'content-type': 'application/problem+json; charset=utf-8', 'content-length': LENGTH }
      const replies = [
        await stage.browser().get('/session'),
        await stage.browser().get('/nowhere'),
        await stage
          .browser()
          .post('/login', undefined, { raw: 'x', headers: { origin, 'content-type': 'text/plain' } }),
      ]
      expect(replies.map(({ status }) => status)).toEqual([401, 404, 415])
      for (const reply of replies) expect(headersOf(reply)).toEqual({ ...API, ...more, ...problem })
      const poll = await stage.browser().get('/login/status/x')
      expect(poll.status).toBe(400)
      expect(headersOf(poll)).toEqual({ ...POLL, ...more, ...problem })
    })

    test.each([
      [400, 'broken HTTP', 'GET /login HTTP/1.1\r\nno colon\r\n\r\n'],
      [431, 'more headers than there may be', `GET /login HTTP/1.1\r\nHost: x\r\nMuch: ${'x'.repeat(20_000)}\r\n\r\n`],
      [400, 'an expectation', 'GET /login HTTP/1.1\r\nHost: x\r\nExpect: foo\r\n\r\n'],
    ])(`${where} a %i for %s, which is no request yet, has them too (T14)`, async (status, _what, bytes) => {
      const reply = await sendRaw(stage.service().port, bytes)
      expect(reply.status).toBe(status)
      const problem = { 'content-type': 'application/problem+json; charset=utf-8', 'content-length': LENGTH }
      expect(Object.fromEntries(reply.headers)).toEqual({ ...API, ...more, ...problem })
    })
  })
}

onEveryStore({ POLL_HOLD_SECONDS: '0' }, (stage) => {
  test('nothing says what the service is made of', async () => {
    const browser = stage.browser()
    const token = await startLogin(browser)
    for (const path of ['/', '/session', `/login/status/${token}`, '/assets/nowhere', '/docs', '/openapi.json']) {
      const { headers } = await browser.get(path)
      expect(Object.keys(headers).filter((name) => /^(server|x-powered-by|via)$/.test(name))).toEqual([])
    }
  })
})

test.each([
  ['https://sign-in.example.com', true],
  ['http://localhost:3000', true],
  ['http://127.0.0.1:3000', true],
  ['http://192.168.1.5:3000', false],
  ['http://sign-in.example.com', false],
])(
  'T8 an opener policy is sent where browsers take it, and not where each page would have an error of it: %s',
  async (url, isSent) => {
    const { app } = await createTestApp({ PUBLIC_URL: url })
    for (const path of ['/', '/scan', '/home', '/embed', '/nowhere']) {
      const { headers } = await app.inject({ url: path, headers: { accept: 'text/html' } })
      expect([path, headers['cross-origin-opener-policy']]).toEqual([path, isSent ? 'same-origin' : undefined])
    }
    await app.close()
  },
)

test('T8 the policy of every page that there is allows nothing unsafe, and no page has script or style of its own', async () => {
  const { app } = await createTestApp(...allThereIs())
  const routes = (await routesOf(app)).filter(({ method }) => method === 'GET')
  const pages: string[] = []
  for (const path of [...routes.map(({ path }) => path.replace(/\{[^}]+\}|\*/g, 'x')), '/nowhere']) {
    const { headers, body } = await app.inject({ url: path, headers: { accept: 'text/html' } })
    if (!String(headers['content-type']).startsWith('text/html')) continue
    pages.push(path)
    const policy = String(headers['content-security-policy'])
    // An application's host has no files of ours: pages have their style inside, allowed by its hash, and no script.
    const isElsewhere = path.startsWith('/.scanin/')
    expect([path, policy]).toEqual([path, expect.stringContaining(`default-src '${isElsewhere ? 'none' : 'self'}'`)])
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe-|\*|https?:|strict-dynamic/)
    if (path.startsWith('/docs')) continue
    expect(body).not.toMatch(isElsewhere ? /<script/i : /<script(?![^>]*\ssrc=)[^>]*>|<style/i)
    expect(body).not.toMatch(/\sstyle=|\son\w+=|javascript:/i)
  }
  const own = ['/', '/scan', '/home', '/embed', '/offline', '/docs', '/nowhere']
  const others = ['/oauth/authorize', '/oauth/logout', '/sign-in/oidc', '/auth/enter', '/.scanin/callback']
  expect(pages).toEqual(expect.arrayContaining([...own, ...others]))
  await app.close()
})
