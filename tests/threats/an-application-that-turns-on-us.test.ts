import { beforeAll, expect, test } from '@jest/globals'
import {
  beginErrand,
  behindThisMachine,
  codeFor,
  enterApplication,
  entryOf,
  forwardedTo,
  showCode,
} from '../support/applications.ts'
import { onEveryStore, type Stage } from '../support/every-store.ts'
import type { Client, Reply } from '../support/http-client.ts'
import { signInBrowser } from '../support/login-flow.ts'
import { redisDump } from './redis-dump.ts'
import { documentedRoutes } from './routes.ts'
import { expectProblem } from './seen.ts'

/** T30: an application behind forward auth has its own cookie, its own origin, and what its proxy tells it. */

const WIKI = 'http://wiki.test'
const STATS = 'http://stats.test'
const ENV = {
  POLL_HOLD_SECONDS: '0',
  LOG_LEVEL: 'debug',
  ...behindThisMachine([{ origin: WIKI, name: 'Wiki' }, { origin: STATS }]),
}

const afterEquals = (pair: string) => pair.slice(pair.indexOf('=') + 1)

/** A browser that is signed in, as its phone's owner. */
async function signedIn(stage: Stage): Promise<Client> {
  const browser = stage.browser()
  await signInBrowser(browser, await stage.phone())
  return browser
}

onEveryStore(ENV, (stage) => {
  let browser: Client
  let other: Client
  beforeAll(async () => {
    browser = await signedIn(stage)
    other = await signedIn(stage)
  })

  test("T30 an application's cookie opens no route of ScanIn, by whatever name, header or origin it comes", async () => {
    const stranger = stage.browser()
    const cookie = await entryOf(browser, WIKI)
    const entry = afterEquals(cookie)
    const [id = '', secret = ''] = entry.split('.')
    const { session } = (await browser.get('/session')).json
    const tries: { cookie: string; headers?: Record<string, string> }[] = [
      { cookie },
      { cookie, headers: forwardedTo(`${WIKI}/`) },
      { cookie, headers: { origin: WIKI, 'sec-fetch-site': 'cross-site' } },
      ...[entry, id, secret].flatMap((text) => [
        { cookie: `scanin_session=${text}` },
        { cookie: `__Host-scanin_session=${text}; scanin_session=${text}` },
        { cookie, headers: { authorization: `Bearer ${text}` } },
      ]),
    ]
    const routes = (await documentedRoutes(stranger)).filter(({ path }) => !path.startsWith('/.scanin/'))
    expect(routes.length).toBeGreaterThan(15)
    for (const { method, path } of routes) {
      const address = path.replace('{id}', session.id).replace('{token}', `${'a'.repeat(16)}.${'b'.repeat(22)}`)
      const body = method === 'POST' ? {} : undefined
      // No origin, as from an application's server, which is no browser.
      const asNoBrowser = { body, headers: { origin: undefined } }
      const theirs = await stranger.call(method, address, { ...asNoBrowser, cookie: '' })
      for (const [at, { headers, ...rest }] of tries.entries()) {
        const reply = await stranger.call(method, address, {
          body,
          headers: { origin: undefined, ...headers },
          ...rest,
        })
        const isOpened = reply.status < 400 && reply.status !== theirs.status
        const isWorseOff = reply.status < theirs.status
        // What the application's own proxy asks about its own host.
        const isTheirs = at === 1 && (path === '/auth/verify' || path === '/auth/forward')
        expect({ method, path, at, isOpened, isWorseOff, sessions: setSessions(reply) }).toEqual({
          method,
          path,
          at,
          isOpened: isTheirs,
          isWorseOff: isTheirs,
          sessions: [],
        })
      }
    }
    // Nor the way in to another application, which the API's description does not have.
    const { enterPath } = await beginErrand(stranger, STATS)
    for (const { headers, ...rest } of tries) {
      const reply = await stranger.call('GET', enterPath, { ...rest, headers: { ...headers } })
      expect([reply.status, new URL(reply.headers.location ?? '').pathname]).toEqual([302, '/'])
    }
    expect((await browser.get('/session')).status).toBe(200)
  })

  const setSessions = ({ setCookies }: Reply) => setCookies.filter((line) => /scanin_session=[^;]/.test(line))

  test("T30 ScanIn's own cookie opens no application, a phone's no more than a browser's", async () => {
    for (const client of [browser, await stage.phone()]) {
      const secret = client.cookies.get('scanin_session') ?? ''
      const { session } = (await client.get('/session')).json
      for (const cookie of [
        `scanin_session=${secret}`,
        `scanin_app=${secret}`,
        `scanin_app=${session.id}.${secret}`,
        `scanin_app=${session.id}.${session.id}`,
        `scanin_app=${session.id}.`,
      ]) {
        const headers = forwardedTo(`${WIKI}/`)
        expectProblem(await client.call('GET', '/auth/verify', { cookie, headers }), 401, 'authentication_required')
      }
    }
  })

  test('T30 what lets in at one application lets in at no other', async () => {
    const headers = forwardedTo(`${STATS}/`)
    const cookie = await entryOf(browser, WIKI)
    for (const origin of [WIKI, STATS]) await enterApplication(browser, origin)
    expectProblem(await browser.call('GET', '/auth/verify', { cookie, headers }), 401, 'authentication_required')
    const out = await browser.call('GET', '/.scanin/sign-out', { cookie, headers })
    expect(out.status).toBe(302)
    const there = { cookie, headers: forwardedTo(`${WIKI}/`) }
    expect((await browser.call('GET', '/auth/verify', there)).status).toBe(200)
  })

  test('T30 a code is good once, for its browser and its application, however many race', async () => {
    const [mine, theirs] = [await beginErrand(browser, WIKI), await beginErrand(other, WIKI)]
    const callback = await codeFor(browser, mine)
    const races = await Promise.all(Array.from({ length: 10 }, () => showCode(browser, WIKI, callback, mine.cookie)))
    expect(races.map(({ status }) => status).sort()).toEqual([302, ...Array.from({ length: 9 }, () => 404)])

    for (const cookie of ['', theirs.cookie, `scanin_app_start=${'x'.repeat(43)}`]) {
      const again = await codeFor(browser, mine)
      expectProblem(await showCode(other, WIKI, again, cookie), 404, 'expired_token')
      // The code was used up when somebody else showed it.
      expectProblem(await showCode(browser, WIKI, again, mine.cookie), 404, 'expired_token')
    }
    // Both of the other browser: its own state, but this one's code.
    const again = await codeFor(browser, mine)
    const swapped = again.replace(/state=.*/, (await codeFor(other, theirs)).replace(/.*(?=state=)/, ''))
    expectProblem(await showCode(other, WIKI, swapped, theirs.cookie), 404, 'expired_token')
    expectProblem(await showCode(browser, WIKI, again, mine.cookie), 404, 'expired_token')

    const elsewhere = await beginErrand(browser, STATS)
    const moved = await codeFor(browser, mine)
    const there = (await codeFor(browser, elsewhere)).replace(/code=[^&]*/, moved.match(/code=[^&]*/)?.[0] ?? '')
    expectProblem(await showCode(browser, STATS, there, elsewhere.cookie), 404, 'expired_token')
    expectProblem(await showCode(browser, STATS, moved, mine.cookie), 404, 'expired_token')
  })

  test("T30 an application's pages change nothing at ScanIn: neither its origin nor a proxy's word for it counts", async () => {
    for (const headers of [
      { origin: WIKI, 'sec-fetch-site': 'cross-site' },
      { origin: WIKI, 'sec-fetch-site': 'same-site' },
      { ...forwardedTo(`${WIKI}/`), origin: WIKI },
    ]) {
      for (const [method, path] of [
        ['POST', '/sign-out'],
        ['POST', '/login'],
        ['DELETE', '/sessions'],
      ] as const) {
        expectProblem(await browser.call(method, path, { headers }), 403, 'cross_site_request')
      }
      expect((await browser.get('/session', { headers })).headers['access-control-allow-origin']).toBeUndefined()
    }
  })

  test("T30 what is an application's host only once it is read as an address opens no application", async () => {
    const cookies = new Map<string, string>()
    for (const origin of [WIKI, STATS]) cookies.set(origin, await entryOf(browser, origin))
    const ask = (origin: string, headers: Record<string, string>) =>
      browser.call('GET', '/auth/verify', { cookie: cookies.get(origin) ?? '', headers })
    const asked = (origin: string, host: string) => [
      ask(origin, { ...forwardedTo(`${origin}/`), 'x-forwarded-host': host }),
      ask(origin, { 'x-original-url': `http://${host}/`, 'x-original-method': 'GET' }),
    ]
    // A soft hyphen that is dropped, letters that count as others: each is one byte in a header.
    for (const [origin, host] of [
      [WIKI, 'wi%6Bi.test'],
      [WIKI, '%77%69%6b%69.test'],
      [WIKI, 'wiki%2Etest'],
      [WIKI, 'wi\xADki.test'],
      [WIKI, 'wiki.test:080'],
      [WIKI, 'wiki.test:'],
      [STATS, 'st\xAAts.test'],
      [STATS, 'st%C2%AAts.test'],
    ] as const) {
      for (const reply of await Promise.all(asked(origin, host))) {
        expectProblem(reply, 401, 'authentication_required')
        expect(reply.headers).not.toHaveProperty('remote-user')
      }
    }
    for (const host of ['wiki.test', 'WIKI.test', 'wiki.test:80']) {
      for (const { status, headers } of await Promise.all(asked(WIKI, host))) {
        expect([host, status, headers['remote-user']]).toEqual([host, 200, 'demo'])
      }
    }
  })

  test("T30 no picture, frame or prefetch signs anybody out of an application, a neighbour's or its own; a link does", async () => {
    const cookie = await entryOf(browser, WIKI)
    const ask = (path: string, said: Record<string, string> = {}) =>
      browser.call('GET', path, { cookie, headers: { ...forwardedTo(`${WIKI}${path}`), ...said } })
    for (const site of ['same-site', 'same-origin', 'cross-site', 'none']) {
      for (const said of [
        { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
        { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty' },
        { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
        { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'object' },
        { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'embed' },
        { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-purpose': 'prefetch;prerender' },
      ]) {
        const { status, headers, setCookies } = await ask('/.scanin/sign-out', { ...said, 'sec-fetch-site': site })
        expect([site, said, status, headers.location, setCookies]).toEqual([site, said, 403, undefined, []])
      }
    }
    expect((await ask('/auth/verify')).status).toBe(200)
    const link = { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    expect((await ask('/.scanin/sign-out', link)).status).toBe(302)
    expect((await ask('/auth/verify')).status).toBe(401)
  })

  test('T30 T13 T14 nothing of it that opens anything is in the store or in a log', async () => {
    const errand = await beginErrand(browser, WIKI)
    const callback = await codeFor(browser, errand)
    const code = new URLSearchParams(callback.split('?')[1]).get('code') ?? ''
    const secret = afterEquals(await entryOf(browser, STATS)).split('.')[1] ?? ''
    const secrets = [code, secret, afterEquals(errand.cookie)]
    expect(secrets.map((text) => text.length)).toEqual([43, 43, 43])
    const kept = stage.kind === 'redis' ? JSON.stringify(await redisDump(stage.redis().url)) : ''
    for (const text of secrets) {
      expect(stage.service().stdout()).not.toContain(text)
      expect(kept).not.toContain(text)
    }
    const lines = stage.service().stdout().split('\n')
    expect(lines.find((line) => line.includes('"audit":"app.entered"'))).toMatch(
      /"outcome":"success".*"person":"demo".*"session":"[\w-]{43}".*"application":"http:\/\/(wiki|stats)\.test"/,
    )
  })
})
