import { createHash } from 'node:crypto'
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { LightMyRequestResponse } from 'fastify'
import { createAppList } from '../../../../server/apps/forward-auth/app-list.ts'
import { parseApps } from '../../../../server/apps/forward-auth/apps-file.ts'
import { ScanInError } from '../../../../server/errors.ts'
import { createAccounts, demoAccount } from '../../../../server/identity/accounts.ts'
import { createMemoryStore } from '../../../../server/store/memory-store.ts'
import type { RecordStore } from '../../../../server/store/record-store.ts'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type InjectClient,
  PUBLIC_URL,
  type TestApp,
} from '../../../support/app.ts'
import { type AppBrowser, createAppBrowser, type Send } from '../../../support/app-browser.ts'
import { keepLog } from '../../../support/audit-lines.ts'
import { DEMO_PASSWORD } from '../../../support/service.ts'

const WIKI = 'https://wiki.example'
const STATS = 'http://stats.example:8080'
const VAULT = 'https://vault.example'
const APPS = parseApps(
  JSON.stringify([
    { origin: WIKI, name: 'The Wiki' },
    { origin: STATS },
    { origin: VAULT, groups: ['guards'], users: ['somebody-else'] },
  ]),
)
const APP_COOKIE = '__Host-scanin_app'
/** Somebody who follows a link. */
const STRANGER = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }
const FRAMED = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }
const START_COOKIE = '__Host-scanin_app_start'

let testApp: TestApp
let send: Send
let browser: AppBrowser
let phone: InjectClient
let reads: string[] = []
const log = keepLog()
/** The store's answer to the next write is lost. */
let isAnswerLost = false
const apps = createAppList()
let groups: string[] = []

beforeAll(async () => {
  const time = { now: Date.parse('2026-01-01T00:00:00Z') }
  const account = await demoAccount(DEMO_PASSWORD)
  const accounts = createAccounts([account])
  testApp = await createTestApp(
    { TRUST_PROXY: '127.0.0.1', MATCH: 'never' },
    {
      apps,
      store: counted(createMemoryStore({ clock: () => time.now })),
      logger: log.logger,
      accounts: {
        ...accounts,
        currentPerson: (user) => accounts.currentPerson(user) && { ...account.user, groups },
      },
    },
    time,
  )
  send = async (method, url, headers) => {
    const reply = await testApp.app.inject({ method: method as 'GET', url, headers })
    const setCookies = [reply.headers['set-cookie'] ?? []].flat()
    if (reply.statusCode > 300 && reply.statusCode < 400) expectNoBody(reply)
    return { status: reply.statusCode, headers: reply.headers, setCookies, text: reply.body }
  }
  phone = await createInjectPhone(testApp.app)
})

beforeEach(() => {
  apps.replace(APPS)
  groups = []
  reads = []
  browser = createAppBrowser(send, PUBLIC_URL)
})

/** A redirect leads on, and says nothing beside. */
function expectNoBody({ headers, body }: LightMyRequestResponse): void {
  expect([body, headers['content-type'], headers['content-length'] ?? '0']).toEqual(['', undefined, '0'])
}

function counted(store: RecordStore): RecordStore {
  return {
    ...store,
    read(key) {
      reads.push(key)
      return store.read(key)
    },
    async write(...what) {
      const written = await store.write(...what)
      if (!isAnswerLost) return written
      isAnswerLost = false
      throw new ScanInError('store_unavailable')
    },
  }
}

/** Signs in what a login page at this address shows, with the phone. */
async function signIn(who: AppBrowser, pageUrl: string): Promise<string> {
  const page = createInjectClient(testApp.app)
  const return_to = new URL(pageUrl).searchParams.get('return_to') ?? undefined
  const { token, application } = (await page.post('/login', { return_to })).json()
  const asked = (await phone.post('/login/scan', { token })).json()
  expect(asked.application).toEqual(application)
  await phone.post('/login/confirm', { token })
  const { redirect_to } = (await page.get(`/login/status/${token}`)).json()
  for (const [name, value] of page.cookies) who.jar(PUBLIC_URL).set(name, value)
  return new URL(redirect_to, PUBLIC_URL).href
}

/** A page has all it needs in itself, and does without a script. */
function expectNothingLoaded({ headers, text }: { headers: Record<string, unknown>; text: string }): void {
  expect(text).not.toMatch(/src="\/|<link [^>]*href="\/|<script|<noscript/)
  const [, style = ''] = /<style>(.*?)<\/style>/s.exec(text) ?? []
  expect(style).not.toBe('')
  const hash = createHash('sha256').update(style).digest('base64')
  expect(headers['content-security-policy']).toContain(`style-src 'sha256-${hash}'`)
}

/** Opens an application as somebody who has to scan. */
async function scanInto(who: AppBrowser, url: string): Promise<void> {
  const login = await who.open(url)
  expect(new URL(login.url).origin).toBe(PUBLIC_URL)
  const end = await who.follow(await signIn(who, login.url))
  expect([end.url, end.answer.status]).toEqual([url, 200])
}

const remoteOf = ({ headers }: { headers: object }) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('remote-')))

describe('somebody who comes to an application', () => {
  test('signs in by one scan and is where they wanted to go; the next application opens without a scan', async () => {
    await scanInto(browser, `${WIKI}/pages/1?edit=yes&name=J%C3%BCrgen`)
    const next = await browser.open(`${STATS}/day?of=week`)
    expect([next.url, next.answer.status]).toEqual([`${STATS}/day?of=week`, 200])
    expect(remoteOf(next.answer)).toEqual({
      'remote-user': 'demo',
      'remote-name': 'Demo Person',
      'remote-email': '',
      'remote-groups': '',
    })
    expect(next.answer.headers['cache-control']).toContain('no-store')
    expect([...browser.jar(STATS).keys()]).toContain('scanin_app')
  })

  test('is told on the login page and on the phone which application it is, and nothing of it where it is none', async () => {
    const { url } = await browser.open(`${WIKI}/`)
    const page = createInjectClient(testApp.app)
    const return_to = new URL(url).searchParams.get('return_to') ?? ''
    const started = (await page.post('/login', { return_to })).json()
    expect(started.application).toEqual({ name: 'The Wiki', origin: WIKI })
    const rotated = (await page.post('/login', { token: started.token, return_to: '/home' })).json()
    expect(rotated.application).toEqual({ name: 'The Wiki', origin: WIKI })
    expect((await phone.post('/login/scan', { token: rotated.token })).json().application).toEqual(started.application)

    for (const other of [
      '/home',
      `/auth/enter?app=${encodeURIComponent('https://evil.test')}&state=x`,
      '/home?app=The+Wiki',
    ]) {
      const plain = (await page.post('/login', { return_to: other })).json()
      expect(plain).not.toHaveProperty('application')
      expect((await phone.post('/login/scan', { token: plain.token })).json()).not.toHaveProperty('application')
    }
  })

  test('who is signed in as a phone gets in too', async () => {
    for (const [name, value] of phone.cookies) browser.jar(PUBLIC_URL).set(name, value)
    expect((await browser.open(`${WIKI}/x`)).answer.status).toBe(200)
  })

  test('has the cookie that the contract says, for that origin alone', async () => {
    await scanInto(browser, `${WIKI}/`)
    await browser.open(`${STATS}/`)
    const again = await browser.visit(`${WIKI}/.scanin/start?rd=/`)
    expect(again.setCookies[0]).toMatch(
      /^__Host-scanin_app_start=[\w-]{43}; Max-Age=3600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
    const entered = await browser.visit(
      String((await browser.visit(String(again.headers['location']))).headers['location']),
    )
    expect(entered.setCookies).toEqual([
      expect.stringMatching(
        /^__Host-scanin_app=[\w-]{43}\.[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ])
    const cookie = `${APP_COOKIE}=${browser.jar(WIKI).get(APP_COOKIE)}`
    const elsewhere = createAppBrowser(send, PUBLIC_URL)
    for (const [name, url] of [
      ['__Host-scanin_app', VAULT],
      ['scanin_app', STATS],
    ] as const) {
      elsewhere.jar(url).set(name, browser.jar(WIKI).get(APP_COOKIE) ?? '')
      expect((await elsewhere.verify(`${url}/`)).status).toBe(401)
    }
    expect((await send('GET', '/auth/verify', { cookie, ...forwardedTo(WIKI) })).status).toBe(200)
  })

  test('costs one look into the store a request, and none without a cookie', async () => {
    await scanInto(browser, `${WIKI}/`)
    reads = []
    expect((await browser.verify(`${WIKI}/a.png`)).status).toBe(200)
    expect(reads).toEqual([expect.stringMatching(/^session:/)])
    reads = []
    expect((await createAppBrowser(send, PUBLIC_URL).verify(`${WIKI}/`)).status).toBe(401)
    expect(reads).toEqual([])
  })

  test("is let in whatever the application's own Authorization header says", async () => {
    await scanInto(browser, `${WIKI}/`)
    for (const authorization of ['Bearer the-applications-own', 'Basic ZGVtbzpkZW1v', 'nonsense']) {
      expect((await browser.verify(`${WIKI}/api`, { authorization })).status).toBe(200)
    }
  })

  test('tabs that enter at once stay in with whichever cookie is the last', async () => {
    await scanInto(browser, `${WIKI}/`)
    const made = []
    for (let tab = 0; tab < 3; tab++) {
      await browser.follow(`${WIKI}/.scanin/start?rd=/${tab}`)
      made.push(browser.jar(WIKI).get(APP_COOKIE) ?? '')
    }
    for (const cookie of made) {
      browser.jar(WIKI).set(APP_COOKIE, cookie)
      expect((await browser.verify(`${WIKI}/`)).status).toBe(200)
    }
  })
})

function forwardedTo(origin: string, uri = '/'): Record<string, string> {
  const { protocol, host } = new URL(origin)
  return { 'x-forwarded-proto': protocol.slice(0, -1), 'x-forwarded-host': host, 'x-forwarded-uri': uri }
}

describe('a sign-in at an application ends', () => {
  beforeEach(() => scanInto(browser, `${WIKI}/`))

  const isIn = async () => (await browser.verify(`${WIKI}/`)).status === 200

  test('when the browser is revoked on the phone: at the next request', async () => {
    const { id } = JSON.parse((await browser.visit(`${PUBLIC_URL}/session`)).text).session
    expect(await isIn()).toBe(true)
    expect((await phone.delete(`/sessions/${id}`)).statusCode).toBe(204)
    expect(await isIn()).toBe(false)
    expect(new URL((await browser.open(`${WIKI}/`)).url).origin).toBe(PUBLIC_URL)
  })

  test('when it rests for as long as a session may, and not while it is used', async () => {
    for (let hours = 0; hours < 3; hours++) {
      testApp.time.now += 3_500_000
      expect(await isIn()).toBe(true)
    }
    expect((await browser.visit(`${PUBLIC_URL}/session`)).status).toBe(200)
    testApp.time.now += 3_600_001
    expect(await isIn()).toBe(false)
  })

  test("with the session's whole life, however much it is used", async () => {
    for (let hours = 0; hours < 14; hours++) {
      testApp.time.now += 3_500_000
      await isIn()
    }
    expect(await isIn()).toBe(false)
  })

  test('when the application is no longer listed', async () => {
    apps.replace(APPS.slice(1))
    expect((await browser.verify(`${WIKI}/`)).status).toBe(403)
  })

  test('by its own sign-out, which leaves the others and ScanIn as they are', async () => {
    await browser.open(`${STATS}/`)
    const cookie = browser.jar(WIKI).get(APP_COOKIE) ?? ''
    const out = await browser.visit(`${WIKI}/.scanin/sign-out`, { 'sec-fetch-site': 'same-origin' })
    expect([out.status, out.headers['location']]).toEqual([302, `${PUBLIC_URL}/home`])
    expect(browser.jar(WIKI).has(APP_COOKIE)).toBe(false)
    browser.jar(WIKI).set(APP_COOKIE, cookie)
    expect(await isIn()).toBe(false)
    expect((await browser.verify(`${STATS}/`)).status).toBe(200)
    expect((await browser.visit(`${PUBLIC_URL}/session`)).status).toBe(200)
  })

  test('where the store does not answer that sign-out: it is told as unknown, and asked again nobody is left to sign out', async () => {
    log.news()
    const cookie = browser.jar(WIKI).get(APP_COOKIE) ?? ''
    isAnswerLost = true
    const trouble = await browser.visit(`${WIKI}/.scanin/sign-out`, STRANGER)
    expect(trouble.status).toBe(503)
    expectNothingLoaded(trouble)
    expect(trouble.text).toContain('<p class="lead">Please reload this page in a moment.</p>')
    browser.jar(WIKI).set(APP_COOKIE, cookie)
    expect(await isIn()).toBe(false)
    expect((await browser.visit(`${WIKI}/.scanin/sign-out`)).status).toBe(302)
    const left = log.news().filter(({ audit }) => audit === 'app.left')
    expect(left).toEqual([expect.objectContaining({ outcome: 'unknown', application: WIKI, person: 'demo' })])
  })

  test.each<[string, string, Record<string, string>, number]>([
    ['a picture on another site', 'GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403],
    ['a link on another site', 'GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 403],
    ['a script of a neighbour', 'GET', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }, 403],
    ['a frame of a neighbour', 'GET', { 'sec-fetch-site': 'same-site', ...FRAMED }, 403],
    ['a frame of its own', 'GET', { 'sec-fetch-site': 'same-origin', ...FRAMED }, 403],
    ['a picture of its own', 'GET', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'no-cors' }, 403],
    ['a prefetch', 'GET', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-purpose': 'prefetch' }, 403],
    ['a form on another site', 'POST', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' }, 403],
    ['a form on another site over http', 'POST', { origin: 'https://evil.test' }, 403],
    ['a form of ScanIn`s origin', 'POST', { origin: PUBLIC_URL }, 403],
    ['what says nothing of itself', 'POST', {}, 403],
    ['a link of its own', 'GET', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate' }, 302],
    ['a typed address', 'GET', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, 302],
    ['a link of a neighbour', 'GET', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate' }, 302],
    ['a link over http, where browsers say nothing', 'GET', {}, 302],
    ['a form in a frame of its own', 'POST', { origin: WIKI, 'sec-fetch-site': 'same-origin', ...FRAMED }, 303],
    ['its own form', 'POST', { origin: WIKI, 'content-type': 'application/x-www-form-urlencoded' }, 303],
    ['its own form, with a policy of no referrer', 'POST', { origin: 'null', 'sec-fetch-site': 'same-origin' }, 303],
  ])('as asked for by %s', async (_what, method, headers, status) => {
    expect((await browser.visit(`${WIKI}/.scanin/sign-out`, headers, method)).status).toBe(status)
    expect(await isIn()).toBe(status === 403)
  })
})

describe('an application that is for some', () => {
  test('lets in who is in one of its groups now, and out who is no more', async () => {
    groups = ['guards', 'cooks']
    await scanInto(browser, `${VAULT}/`)
    expect(remoteOf(await browser.verify(`${VAULT}/`))).toMatchObject({ 'remote-groups': 'guards,cooks' })
    groups = ['cooks']
    const refused = await browser.verify(`${VAULT}/`)
    expect([refused.status, JSON.parse(refused.text).code, remoteOf(refused)]).toEqual([403, 'not_allowed', {}])
    expect((await browser.verify(`${VAULT}/`, {}, '/auth/forward')).status).toBe(403)
  })

  test('lets in who is named by id', async () => {
    apps.replace(parseApps(JSON.stringify([{ origin: VAULT, users: ['demo'], groups: ['guards'] }])))
    await scanInto(browser, `${VAULT}/`)
  })

  test('tells who may not, on a page, and sets no cookie', async () => {
    const login = await browser.open(`${VAULT}/`)
    const end = await browser.follow(await signIn(browser, login.url))
    expect([new URL(end.url).origin, end.answer.status]).toEqual([PUBLIC_URL, 403])
    expect(end.answer.text).toContain('<title>')
    expect(browser.jar(VAULT).has(APP_COOKIE)).toBe(false)
  })

  test('looks once more at the gate: who lost the group on the way stays out', async () => {
    groups = ['guards']
    const login = await browser.open(`${VAULT}/`)
    const entering = await browser.visit(await signIn(browser, login.url))
    groups = []
    const refused = await browser.visit(String(entering.headers['location']))
    expect([refused.status, refused.setCookies]).toEqual([403, []])
  })
})

describe('a proxy', () => {
  test("of nginx's kind is told 401 and where to sign in, for HEAD too, whoever asks", async () => {
    for (const headers of [STRANGER, { 'sec-fetch-mode': 'cors' }]) {
      for (const method of ['GET', 'HEAD']) {
        const reply = await send(method, '/auth/verify', { ...forwardedTo(WIKI, '/a?b=c&d=%2F'), ...headers })
        expect([reply.status, reply.headers['location']]).toEqual([
          401,
          `${WIKI}/.scanin/start?rd=%2Fa%3Fb%3Dc%26d%3D%252F`,
        ])
        expect(remoteOf(reply)).toEqual({})
      }
    }
    const original = { 'x-original-url': `${WIKI}/a?b=c`, 'x-original-method': 'POST' }
    expect((await send('GET', '/auth/verify', original)).headers['location']).toBe(
      `${WIKI}/.scanin/start?rd=%2Fa%3Fb%3Dc`,
    )
  })

  test('of Caddy`s kind tells a person who may not enter by a page, which needs nothing of that host', async () => {
    await scanInto(browser, `${WIKI}/`)
    const cookies = { cookie: `${APP_COOKIE}=${browser.jar(WIKI).get(APP_COOKIE)}` }
    apps.replace([...APPS.slice(1), { ...APPS[0], users: ['somebody-else'] } as (typeof APPS)[number]])
    const ask = (headers: Record<string, string>) =>
      send('GET', '/auth/forward', { ...forwardedTo(WIKI, '/a'), ...cookies, ...headers })
    const page = await ask(STRANGER)
    expect([page.status, page.headers['content-type']]).toEqual([403, 'text/html; charset=utf-8'])
    expect(page.text).toContain(`href="${PUBLIC_URL}/home"`)
    expectNothingLoaded(page)
    expect(page.headers).not.toHaveProperty('strict-transport-security')
    const problem = await ask({ accept: '*/*', 'sec-fetch-mode': 'cors' })
    expect([problem.status, JSON.parse(problem.text).code]).toEqual([403, 'not_allowed'])
  })

  test.each([
    ['a navigation', STRANGER, 302],
    ['an older browser`s navigation', { accept: 'text/html,*/*;q=0.8' }, 302],
    ['a fetch', { accept: '*/*', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }, 401],
    [
      'a fetch that takes html',
      { accept: 'text/html', 'sec-fetch-site': 'none', 'sec-fetch-mode': 'same-origin' },
      401,
    ],
    ['a WebSocket', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'websocket' }, 401],
    ['Node`s fetch that takes html', { accept: 'text/html', 'sec-fetch-mode': 'cors' }, 302],
    ['an older browser`s form', { accept: 'text/html', 'x-forwarded-method': 'POST' }, 401],
    ['a program', {}, 401],
  ] as [string, Record<string, string>, number][])(
    'of Caddy`s kind sends a person on, and nothing else, for HEAD too: %s',
    async (_what, headers, status) => {
      for (const method of ['GET', 'HEAD']) {
        const reply = await send(method, '/auth/forward', { ...forwardedTo(WIKI, '/a'), ...headers })
        expect([method, reply.status]).toEqual([method, status])
        expect(reply.headers['location']).toBe(`${WIKI}/.scanin/start?rd=%2Fa`)
      }
    },
  )

  test('that nobody named is not believed', async () => {
    await scanInto(browser, `${WIKI}/`)
    const cookie = `${APP_COOKIE}=${browser.jar(WIKI).get(APP_COOKIE)}`
    for (const told of [forwardedTo(WIKI), { 'x-original-url': `${WIKI}/` }]) {
      for (const url of ['/auth/verify', '/auth/forward', '/.scanin/start', '/.scanin/sign-out']) {
        const headers = { ...told, ...STRANGER, cookie }
        const reply = await testApp.app.inject({ url, headers, remoteAddress: '203.0.113.9' })
        expect([url, reply.statusCode, reply.headers['location'], reply.headers['set-cookie']]).toEqual([
          url,
          401,
          undefined,
          undefined,
        ])
      }
    }
  })

  test('is told clearly of an application that is not listed', async () => {
    for (const origin of [
      'https://evil.test',
      'http://wiki.example',
      'https://wiki.example:8443',
      'https://wiki.example.',
    ]) {
      const reply = await send('GET', '/auth/verify', forwardedTo(origin))
      expect([origin, reply.status, JSON.parse(reply.text).code]).toEqual([origin, 403, 'unknown_application'])
    }
    expect((await send('GET', '/auth/verify', forwardedTo('https://WIKI.example:443'))).status).toBe(401)
  })

  test('and the log says of which, once, however many hosts a stranger has made up before', async () => {
    for (let host = 0; host < 100; host++) await send('GET', '/auth/verify', forwardedTo(`https://h${host}.evil.test`))
    for (const _time of [1, 2]) await send('GET', '/auth/verify', forwardedTo('https://mistake.example'))
    expect(log.text().match(/"origin":"https:\/\/mistake\.example"/g)).toHaveLength(1)
  })

  test('and again once the file was read anew: the next mistake may be the same', async () => {
    for (const _reading of [1, 2]) {
      apps.replace(APPS)
      for (const _time of [1, 2]) await send('GET', '/auth/verify', forwardedTo('https://again.example'))
    }
    expect(log.text().match(/"origin":"https:\/\/again\.example"/g)).toHaveLength(2)
  })

  test.each([
    ['no host', { 'x-forwarded-proto': 'https' }],
    ['no scheme', { 'x-forwarded-host': 'wiki.example' }],
    ['another scheme', { 'x-forwarded-proto': 'javascript', 'x-forwarded-host': 'wiki.example' }],
    ['two hosts', { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'wiki.example, vault.example' }],
    ['a host with a user', { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'x@wiki.example' }],
    ['a host with a path', { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'wiki.example/..' }],
    ['a host in escapes', { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'wi%6Bi.example' }],
    ['a host with a soft hyphen', { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'wi\xADki.example' }],
    [
      'a host with a port that has a zero before it',
      { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'wiki.example:0443' },
    ],
    ['a host with two ports', { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'wiki.example:443:443' }],
    [
      'a scheme with more behind it',
      { 'x-forwarded-proto': 'https://wiki.example/?', 'x-forwarded-host': 'wiki.example' },
    ],
    ['an address whose host is in escapes', { 'x-original-url': 'https://wi%6Bi.example/' }],
    ['an address with a user', { 'x-original-url': 'https://wiki.example@evil.test/' }],
    ['an address of another scheme', { 'x-original-url': 'ftp://wiki.example/' }],
    ['one thing, and a client another', { ...forwardedTo(VAULT), 'x-original-url': `${WIKI}/` }],
    [
      'a host that is broken, beside a client`s address',
      { 'x-forwarded-host': 'wiki.example', 'x-original-url': `${WIKI}/` },
    ],
  ])('that says %s has said nothing', async (_what, told) => {
    await scanInto(browser, `${WIKI}/`)
    const cookie = `${APP_COOKIE}=${browser.jar(WIKI).get(APP_COOKIE)}`
    const reply = await send('GET', '/auth/verify', { ...told, cookie } as Record<string, string>)
    expect(reply.status).toBe(401)
    expect(reply.headers['location']).toBeUndefined()
  })

  test('that repeats what another kind says is believed', async () => {
    const reply = await send('GET', '/auth/verify', { ...forwardedTo(WIKI, '/a'), 'x-original-url': `${WIKI}/b` })
    expect(reply.headers['location']).toBe(`${WIKI}/.scanin/start?rd=%2Fa`)
  })
})

describe('a code', () => {
  /** Somebody else who is signed in at ScanIn. */
  let other: AppBrowser

  beforeEach(async () => {
    other = createAppBrowser(send, PUBLIC_URL)
    for (const who of [browser, other]) for (const [name, value] of phone.cookies) who.jar(PUBLIC_URL).set(name, value)
  })

  /** The callback that an errand of this browser leads to. */
  async function callbackOf(who: AppBrowser, origin = WIKI): Promise<URL> {
    const begun = await who.visit(`${origin}/.scanin/start?rd=/there`)
    const entering = await who.visit(String(begun.headers['location']))
    return new URL(String(entering.headers['location']))
  }

  async function expectRefused(who: AppBrowser, callback: URL | string): Promise<void> {
    const reply = await who.visit(String(callback), { accept: 'text/html' })
    expect([reply.status, reply.setCookies, reply.headers['location']]).toEqual([404, [], undefined])
    expect(reply.text).toContain('<title>')
  }

  test('lets in once, within 30 seconds', async () => {
    const callback = await callbackOf(browser)
    testApp.time.now += 29_999
    const entered = await browser.visit(callback.href)
    expect([entered.status, entered.headers['location']]).toEqual([302, `${WIKI}/there`])
    await expectRefused(browser, callback)
    const late = await callbackOf(browser)
    testApp.time.now += 30_000
    await expectRefused(browser, late)
  })

  test('lets nobody in by another browser, whoever began there, and is used up by the try', async () => {
    const callback = await callbackOf(browser)
    await expectRefused(other, callback)
    const theirs = await callbackOf(other)
    // The other browser`s own errand, and the first one`s code.
    theirs.searchParams.set('code', callback.searchParams.get('code') ?? '')
    await expectRefused(other, theirs)
    await expectRefused(browser, callback)
  })

  test.each<[string, (who: AppBrowser) => Promise<unknown>]>([
    ['has begun nothing', async () => undefined],
    ['has begun something else', (who) => who.visit(`${WIKI}/.scanin/start?rd=/there`)],
    ['has a cookie that seals nothing', async (who) => who.jar(WIKI).set(START_COOKIE, 'nonsense')],
  ])('is used up by a browser that cannot open its state: it %s', async (_what, prepare) => {
    await prepare(other)
    const callback = await callbackOf(browser)
    await expectRefused(other, callback)
    await expectRefused(browser, callback)
  })

  test('lets nobody in at another application', async () => {
    const callback = await callbackOf(browser)
    await browser.visit(`${STATS}/.scanin/start`)
    await expectRefused(browser, callback.href.replace(WIKI, STATS))
    const theirs = await callbackOf(browser, STATS)
    theirs.searchParams.set('code', callback.searchParams.get('code') ?? '')
    await expectRefused(browser, theirs)
    await expectRefused(browser, callback)
  })

  test('goes with the state that it was made for, and no other way on', async () => {
    const callback = await callbackOf(browser)
    const [nonce, , seal] = (callback.searchParams.get('state') ?? '').split('.')
    const elsewhere = Buffer.from('/elsewhere').toString('base64url')
    const forged = new URL(callback)
    forged.searchParams.set('state', [nonce, elsewhere, seal].join('.'))
    await expectRefused(browser, forged)
    const later = await callbackOf(browser)
    later.searchParams.set('code', callback.searchParams.get('code') ?? '')
    await expectRefused(browser, later)
  })

  test('is worth nothing once its session has ended', async () => {
    const short = await createInjectPhone(testApp.app)
    for (const [name, value] of short.cookies) browser.jar(PUBLIC_URL).set(name, value)
    const callback = await callbackOf(browser)
    await short.post('/sign-out')
    await expectRefused(browser, callback)
  })

  test('is made for nobody who is not signed in, and for no application that is not listed', async () => {
    const stranger = createAppBrowser(send, PUBLIC_URL)
    const begun = await stranger.visit(`${WIKI}/.scanin/start`)
    const there = new URL(String(begun.headers['location']))
    const reply = await stranger.visit(there.href)
    expect(String(reply.headers['location'])).toBe(
      `${PUBLIC_URL}/?${new URLSearchParams({ return_to: there.pathname + there.search })}`,
    )
    there.searchParams.set('app', 'https://evil.test')
    expect((await browser.visit(there.href)).status).toBe(403)
  })
})

describe('the way back', () => {
  test.each([
    ['https://evil.test/', '/'],
    ['//evil.test/', '/'],
    ['/\\evil.test/', '/'],
    ['/%2f%2fevil.test', '/'],
    ['javascript:alert(1)', '/'],
    ['https://wiki.example@evil.test/', '/'],
    ['https://wiki.example.evil.test/', '/'],
    ['/a\r\nset-cookie: x=y', '/'],
    ['/.scanin/sign-out', '/'],
    ['/x/../.scanin/sign-out', '/'],
    ['/%2escanin/sign-out', '/'],
    ['/%2Esc%61nin/sign%2dout', '/'],
    ['', '/'],
    [`/${'x'.repeat(2100)}`, '/'],
    ['https://wiki.example/inside?x=y', '/inside?x=y'],
    [`/long?${'x'.repeat(2000)}`, `/long?${'x'.repeat(2000)}`],
  ])('from rd=%s leads to the application and nowhere else', async (rd, path) => {
    const login = await browser.follow(`${WIKI}/.scanin/start?${new URLSearchParams({ rd })}`)
    const end = await browser.follow(await signIn(browser, login.url))
    expect([end.url, end.answer.status]).toEqual([`${WIKI}${path}`, 200])
  })
})
