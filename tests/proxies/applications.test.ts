import { readFileSync } from 'node:fs'
import type { OutgoingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type AccountsFile, writeAccounts } from '../support/accounts-file.ts'
import {
  APPLICATION_PROXIES,
  type ApplicationProxy,
  LOGIN_HOST,
  type Ports,
  STATS_HOST,
  WIKI_HOST,
} from '../support/application-proxies.ts'
import { type AppsFile, writeApps } from '../support/applications.ts'
import { createDomainBrowser, type DomainBrowser, type Page } from '../support/domain-browser.ts'
import { type Echo, type EchoingApplication, startApplication } from '../support/echoing-application.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { type Service, startService } from '../support/service.ts'

/** T30 and forward auth behind real proxies, each with the configuration that its page shows: docs/proxies. */

const PERSON = {
  id: 'kirill',
  username: 'kirill',
  name: 'Zoë Кирилл',
  email: 'kirill@mail.example',
  password: 'voll-voller-99',
  groups: Array.from({ length: 300 }, (_, at) => `gruppe-größe-${at}`),
}

/** Of whom there is no more to tell. */
const PLAIN = { id: 'pia', username: 'pia', name: 'Pia', password: 'stiller-see-31' }

/** What a client may say of who it is, under all names that a server might read. */
const CLAIMS = ['User', 'Name', 'Email', 'Groups'].flatMap((what): Record<string, string>[] => [
  { [`Remote-${what}`]: 'root' },
  { [`REMOTE-${what.toUpperCase()}`]: 'root' },
  { [`Remote_${what}`]: 'root' },
  { [`remote_${what.toLowerCase()}`]: 'root' },
  // Servers there are that take whatever stands between the words for an underscore.
  { [`Remote.${what}`]: 'root', [`remote.${what.toLowerCase()}`]: 'root' },
  { [`Remote~${what}`]: 'root', [`Remote+${what}`]: 'root', [`remote!${what}`]: 'root' },
  // What it names is for the next hop alone, and proxies take it off (RFC 9110, section 7.6.1).
  { connection: `close, Remote-${what}`, 'remote-user': 'root' },
])

/** How an application in Node reads a header: the line of it in docs/proxies/README.md. */
const READ_BY_NODE = (() => {
  const document = readFileSync(join(import.meta.dirname, '../../docs/proxies/README.md'), 'utf8')
  const [, line] = /^\| Express[^|]*\| `([^`]+)` \|$/m.exec(document) ?? []
  return new Function('req', `return ${line}`) as (req: { headers: Record<string, string> }) => string
})()

let accounts: AccountsFile
let wiki: EchoingApplication
let stats: EchoingApplication

beforeAll(async () => {
  ;[accounts, wiki, stats] = await Promise.all([
    writeAccounts([PERSON, PLAIN]),
    startApplication('wiki'),
    startApplication('stats'),
  ])
})
afterAll(async () => {
  await Promise.all([wiki.stop(), stats.stop()])
  accounts.remove()
})

describe.each(Object.entries(APPLICATION_PROXIES))('behind %s', (_name, startProxy) => {
  let proxy: ApplicationProxy
  let service: Service
  let apps: AppsFile
  let urls: Record<'login' | 'wiki' | 'stats', string>
  let settings: Record<string, string>
  let phone: DomainBrowser
  let browser: DomainBrowser

  beforeAll(async () => {
    const ports: Ports = {
      ...{ wiki: wiki.port, stats: stats.port },
      ...{ https: await freePort(), scanin: await freePort() },
    }
    const at = (host: string) => `https://${host}:${ports.https}`
    urls = { login: at(LOGIN_HOST), wiki: at(WIKI_HOST), stats: at(STATS_HOST) }
    apps = writeApps([{ origin: urls.wiki, name: 'Wiki' }, { origin: urls.stats }])
    settings = {
      PORT: String(ports.scanin),
      PUBLIC_URL: urls.login,
      TRUST_PROXY: '127.0.0.1',
      APPS_FILE: apps.path,
      ACCOUNTS_FILE: accounts.path,
      POLL_HOLD_SECONDS: '0',
    }
    ;[proxy, service] = await Promise.all([startProxy(ports), startService(settings)])
    phone = await phoneOf(PERSON)
    browser = createDomainBrowser()
    const login = await browser.go(`${urls.wiki}/pages/1?edit=yes&q=a%20b%2Fc`)
    const entered = await browser.go(await signIn(browser, login))
    expect([entered.url, entered.status]).toEqual([`${urls.wiki}/pages/1?edit=yes&q=a%20b%2Fc`, 200])
  })
  afterAll(() => Promise.all([proxy?.stop(), service?.stop()]))

  function post(who: DomainBrowser, path: string, body: object, method = 'POST'): Promise<Page> {
    const headers = { 'content-type': 'application/json', origin: urls.login }
    return who.ask(urls.login + path, { method, headers, body: JSON.stringify(body) })
  }

  async function phoneOf({ username, password }: typeof PLAIN): Promise<DomainBrowser> {
    const signedIn = createDomainBrowser()
    expect((await post(signedIn, '/sign-in', { username, password })).status).toBe(200)
    return signedIn
  }

  /** What the phone does with the code of a login page. @returns where that page goes on to */
  async function signIn(who: DomainBrowser, page: Page, by = phone): Promise<string> {
    const { origin, searchParams } = new URL(page.url)
    expect(origin).toBe(urls.login)
    const started = JSON.parse((await post(who, '/login', { return_to: searchParams.get('return_to') })).text)
    expect(started.application).toEqual({ name: 'Wiki', origin: urls.wiki })
    const { token } = started
    expect(JSON.parse((await post(by, '/login/scan', { token })).text).application).toEqual(started.application)
    expect(JSON.parse((await post(by, '/login/confirm', { token })).text).status).toBe('authenticated')
    const collected = JSON.parse((await who.ask(`${urls.login}/login/status/${token}`)).text)
    return new URL(collected.redirect_to, urls.login).href
  }

  const echoOf = ({ text }: Page): Echo => JSON.parse(text)

  /** What the application was told of the person, under whatever spelling; in the order of the names. */
  function toldOf(page: Page): [string, string][] {
    const { rawHeaders } = echoOf(page)
    const pairs = rawHeaders.flatMap((name, at): [string, string][] =>
      at % 2 === 0 ? [[name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-'), rawHeaders[at + 1] ?? '']] : [],
    )
    return pairs
      .filter(([name]) => name.startsWith('remote-'))
      .map(([name, value]): [string, string] => [name, Buffer.from(value, 'latin1').toString()])
      .sort()
  }

  async function expectOut(who: DomainBrowser): Promise<void> {
    const before = wiki.requests()
    expect(new URL((await who.go(`${urls.wiki}/private`)).url).origin).toBe(urls.login)
    for (const asking of [
      { headers: { accept: '*/*', 'sec-fetch-mode': 'cors' } },
      { headers: { accept: 'application/json' } },
      { method: 'POST', headers: { accept: '*/*', 'sec-fetch-mode': 'same-origin' }, body: 'a=b' },
    ]) {
      const reply = await who.ask(`${urls.wiki}/private`, asking)
      expect([reply.status, reply.text.includes('scanin-login')]).toEqual([401, false])
    }
    expect((await who.ask(`${urls.wiki}/private`, { method: 'HEAD' })).status).toBe(401)
    expect((await who.upgrade(`${urls.wiki}/socket`)).status).toBe(401)
    expect(wiki.requests()).toBe(before)
  }

  test('a stranger who goes somewhere is led to the login page, and what else asks gets 401; the application hears nothing', async () => {
    await expectOut(createDomainBrowser())
  })

  test('the application is told who it is, in whole groups up to 3 kB, in UTF-8', async () => {
    const told = toldOf(await browser.ask(`${urls.wiki}/`))
    expect(told).toEqual([
      ['remote-email', PERSON.email],
      ['remote-groups', expect.any(String)],
      ['remote-name', PERSON.name],
      ['remote-user', PERSON.id],
    ])
    const groups = told[1]?.[1].split(',') ?? []
    expect(groups).toEqual(PERSON.groups.slice(0, groups.length))
    expect(groups.length).toBeGreaterThan(150)
  })

  test('the line that the documents have for Node reads a name that is not ASCII', async () => {
    const { rawHeaders } = echoOf(await browser.ask(`${urls.wiki}/`))
    const at = rawHeaders.findIndex((name) => name.toLowerCase() === 'remote-name')
    expect(READ_BY_NODE({ headers: { 'remote-name': rawHeaders[at + 1] ?? '' } })).toBe(PERSON.name)
  })

  test('the next application opens without another scan', async () => {
    const { url, status, text } = await browser.go(`${urls.stats}/day?of=week`)
    expect([url, status, text.includes('stats')]).toEqual([`${urls.stats}/day?of=week`, 200, true])
  })

  test("all of a request comes through: method, address, uploads, WebSockets, the application's own Authorization", async () => {
    const body = Buffer.alloc(3_000_000, 'x')
    const headers = { 'content-type': 'application/octet-stream', authorization: 'Bearer the-applications-own' }
    for (const method of ['POST', 'PUT', 'PATCH']) {
      const reply = await browser.ask(`${urls.wiki}/files/a%2Fb?c=d%26e`, { method, headers, body })
      expect(reply.status).toBe(200)
      const echo = echoOf(reply)
      expect(echo).toMatchObject({ application: 'wiki', method, url: '/files/a%2Fb?c=d%26e', bodyBytes: body.length })
      expect(echo.rawHeaders).toContain(headers.authorization)
    }
    expect((await browser.ask(`${urls.wiki}/`, { method: 'HEAD' })).status).toBe(200)
    expect((await browser.ask(`${urls.wiki}/`, { method: 'DELETE' })).status).toBe(200)
    const socket = await browser.upgrade(`${urls.wiki}/socket`)
    expect([socket.status, socket.first.slice(2)]).toEqual([101, 'wiki'])
  })

  test('T30 what a client claims of who it is and of what it asks for reaches nobody', async () => {
    const honest = toldOf(await browser.ask(`${urls.wiki}/`))
    for (const headers of CLAIMS) expect(toldOf(await browser.ask(`${urls.wiki}/`, { headers }))).toEqual(honest)

    // Somebody who may enter the one application and not the other says that the other is the one.
    const stranger = createDomainBrowser()
    const { host } = new URL(urls.stats)
    for (const [name, value] of browser.cookies(new URL(urls.wiki).host)) stranger.cookies(host).set(name, value)
    const before = stats.requests()
    for (const headers of [
      {},
      { 'X-Original-URL': `${urls.wiki}/` },
      { 'X-Forwarded-Host': new URL(urls.wiki).host },
      { 'X-Forwarded-Host': new URL(urls.wiki).host, 'X-Original-URL': `${urls.wiki}/`, 'X-Forwarded-Proto': 'https' },
      { 'X-Forwarded-Uri': '/.scanin/start', 'X-Original-Method': 'OPTIONS', 'X-Forwarded-Method': 'OPTIONS' },
    ]) {
      expect((await stranger.ask(`${urls.stats}/`, { headers })).status).toBe(401)
    }
    expect(stats.requests()).toBe(before)
  })

  test('T27 what a client claims does not stand in for what there is not to tell', async () => {
    const who = createDomainBrowser()
    await who.go(await signIn(who, await who.go(`${urls.wiki}/`), await phoneOf(PLAIN)))
    for (const headers of [{}, ...CLAIMS]) {
      const told = toldOf(await who.ask(`${urls.wiki}/`, { headers })).filter(([, value]) => value !== '')
      expect([headers, told]).toEqual([
        headers,
        [
          ['remote-name', PLAIN.name],
          ['remote-user', PLAIN.id],
        ],
      ])
    }
  })

  test('T30 a client gives its request no name that logs would have', async () => {
    const { rawHeaders } = echoOf(
      await browser.ask(`${urls.wiki}/`, { headers: { 'x-request-id': 'of-somebody-else' } }),
    )
    expect(rawHeaders).not.toContain('of-somebody-else')
  })

  /** Who is signed in asks for a page, and a stranger for a public part: each claims this, in all spellings of the headers. */
  async function askClaiming(names: readonly string[], claim: string, more: Record<string, string> = {}) {
    const spellings = names.flatMap((name) => [name, name.replaceAll('-', '_'), name.replaceAll('-', '.')])
    const headers = { ...Object.fromEntries(spellings.map((name) => [name, claim])), ...more, accept: '*/*' }
    const asks = [
      [browser, '/'],
      [createDomainBrowser(), '/hooks/build'],
    ] as const
    return Promise.all(
      asks.map(async ([who, path]) => ({ path, told: echoOf(await who.ask(urls.wiki + path, { headers })) })),
    )
  }

  test('T30 an application is told of no other path than was compared', async () => {
    const other = '/of-another'
    const names = ['X-Original-URL', 'X-Original-URI', 'X-Rewrite-URL', 'X-Forwarded-Uri']
    for (const { path, told } of await askClaiming(names, other)) {
      const { url, rawHeaders } = told
      expect([url, rawHeaders.filter((text) => text.includes(other))]).toEqual([path, []])
    }
    const methods = { 'X-Original-Method': 'OTHER', 'X-Forwarded-Method': 'OTHER' }
    expect(echoOf(await browser.ask(`${urls.wiki}/`, { headers: methods })).rawHeaders).not.toContain('OTHER')
  })

  test('T30 an application is told of a client what the proxy has seen, and nothing that the client says in other words', async () => {
    const other = 'of-another'
    const names = ['X-Real-IP', 'X-Forwarded-Port', 'X-Forwarded-Prefix', 'X-Forwarded-For']
    const forwarded = `for=${other};host=${other};proto=http`
    for (const { told } of await askClaiming(names, other, { forwarded })) {
      const { rawHeaders } = told
      expect(rawHeaders.filter((text) => text.includes(other))).toEqual([])
      const at = rawHeaders.findIndex((name) => name.toLowerCase() === 'x-forwarded-for')
      expect(rawHeaders[at + 1]).toBe('127.0.0.1')
    }
  })

  test('T30 a public part is open, without a name, and nothing that only looks like it', async () => {
    const stranger = createDomainBrowser()
    const asked = { method: 'POST', headers: { 'Remote-User': 'root', accept: '*/*' }, body: 'a=b' }
    const opened = await stranger.ask(`${urls.wiki}/hooks/build?of=main`, asked)
    expect([opened.status, echoOf(opened).url, toldOf(opened)]).toEqual([200, '/hooks/build?of=main', []])
    expect(echoOf(await stranger.ask(`${urls.wiki}/hooks/build`, asked)).url).toBe('/hooks/build')
    for (const target of [
      '/hooks/build/../../admin',
      '/hooks/build%2f..%2f..%2fadmin',
      '/admin/../hooks/build',
      '/admin/..%2fhooks/build',
      '/admin/%2e%2e/hooks/build',
      '//hooks/build',
      '/hooks/build/',
      '/hooks/build;/../admin',
      '/hooks%2fbuild',
      '/hooks/build%00',
      '/hooks/build%2e',
    ]) {
      const before = wiki.requests()
      const { status, text } = await stranger.ask(urls.wiki, { target, headers: { accept: '*/*' } })
      // Either it is asked about, or it is what was compared that the application is asked for.
      if (status === 200) expect([target, JSON.parse(text).url]).toEqual([target, '/hooks/build'])
      else expect([target, wiki.requests()]).toEqual([target, before])
    }
  })

  test('what a stranger sends to our part of an application`s host is kept by nobody: a large body is refused', async () => {
    const upload = { method: 'POST', headers: { accept: '*/*' }, body: Buffer.alloc(3_000_000, 'x') }
    expect((await createDomainBrowser().ask(`${urls.stats}/.scanin/sign-out`, upload)).status).toBe(413)
  })

  test('T30 nothing but a WebSocket goes past what is asked: no other protocol reaches the application', async () => {
    const others: OutgoingHttpHeaders[] = [
      { upgrade: 'h2c', connection: 'Upgrade, HTTP2-Settings', 'http2-settings': 'AAMAAABkAAQAAP__' },
      { upgrade: 'h2c' },
      { upgrade: 'websocket, h2c', 'http2-settings': 'AAMAAABkAAQAAP__' },
      { upgrade: ['h2c', 'websocket'] as never },
      { upgrade: ['websocket', 'h2c'] as never, 'http2-settings': 'AAMAAABkAAQAAP__' },
      { upgrade: 'TLS/1.0' },
    ]
    for (const headers of others) {
      const { status, protocol } = await browser.upgrade(`${urls.wiki}/socket`, headers)
      // Of two, proxies may leave the one that they know.
      expect([headers, status === 101 ? protocol : 'none']).toEqual([
        headers,
        expect.stringMatching(/^(none|websocket)$/),
      ])
    }
    const { rawHeaders } = echoOf(
      await browser.ask(`${urls.wiki}/`, { headers: { 'http2-settings': 'AAMAAABkAAQAAP__' } }),
    )
    expect(rawHeaders.map((name) => name.toLowerCase())).not.toContain('http2-settings')
  })

  test('who may not enter gets 403, under whatever name the application is asked for (T30)', async () => {
    apps.writeText(
      JSON.stringify([
        { origin: urls.wiki, name: 'Wiki' },
        { origin: urls.stats, groups: ['nobody'] },
      ]),
    )
    service.reload()
    await browser.go(`${urls.stats}/`)
    const reply = await eventually('it is for others now', async () => {
      const page = await browser.ask(`${urls.stats}/`)
      return page.status !== 200 && page
    })
    expect(reply.status).toBe(403)
    expect((await browser.ask(`${urls.wiki}/`)).status).toBe(200)

    const before = stats.requests()
    const [open, closed] = [new URL(urls.wiki), new URL(urls.stats)]
    for (const cookieOf of [open.host, closed.host]) {
      const cookie = [...browser.cookies(cookieOf)].map(([name, value]) => `${name}=${value}`).join('; ')
      for (const [target, host] of [
        [`${closed.origin}/`, open.host],
        [`${open.origin}/`, closed.host],
        ['/', `${open.host},${closed.host}`],
        ['/', `${closed.host},${open.host}`],
        ['/', `${closed.hostname},${open.host}`],
        ['/', `${open.hostname}, ${closed.hostname}`],
        ['/', `${closed.hostname}.`],
        ['/', closed.hostname],
        ['/', closed.hostname.toUpperCase()],
        ['/', `${closed.hostname}:1`],
      ] as const) {
        // What is not understood may end without a reply.
        await browser.ask(closed.origin, { target, headers: { host, cookie } }).catch(() => undefined)
        expect([target, host, stats.requests()]).toEqual([target, host, before])
      }
    }
  })

  test('a person who may not enter reads it on a page of ours, whatever they say; an upload of theirs goes no further than that', async () => {
    const before = stats.requests()
    const asPerson = { accept: 'text/html,*/*;q=0.8', 'sec-fetch-mode': 'navigate' }
    const claims = { 'X-Forwarded-Host': new URL(urls.wiki).host, 'X-Forwarded-Uri': '/', 'Remote-User': 'root' }
    for (const path of ['/', '/day?of=week']) {
      const page = await browser.ask(urls.stats + path, { headers: { ...asPerson, ...claims } })
      expect([path, page.status, page.text]).toEqual([path, 403, expect.stringContaining('<h1>You cannot go on')])
      expect(page.headers).toMatchObject({ 'content-security-policy': expect.stringContaining("default-src 'none'") })
      expect(Object.keys(page.headers).filter((name) => name.startsWith('remote-'))).toEqual([])
    }
    const script = await browser.ask(`${urls.stats}/`, { headers: { accept: '*/*', 'sec-fetch-mode': 'cors' } })
    expect([script.status, script.text.includes('<h1>You cannot go on')]).toEqual([403, false])
    const upload = { method: 'POST', headers: asPerson, body: Buffer.alloc(3_000_000, 'x') }
    expect((await browser.ask(`${urls.stats}/`, upload)).status).toBe(403)
    expect(stats.requests()).toBe(before)
  })

  test('where the page comes from nobody gets by asking for it, and a 403 of the application is its own (T30)', async () => {
    for (const who of [browser, createDomainBrowser()]) {
      const reply = await who.ask(`${urls.stats}/.scanin/refused?a=b`, { headers: { accept: 'text/html' } })
      expect([reply.status, reply.text.includes('You cannot go on')]).toEqual([404, false])
    }
    const own = await browser.ask(`${urls.wiki}/no-entry`)
    expect([own.status, echoOf(own).application]).toEqual([403, 'wiki'])
  })

  test('signed out at the application, it leads to the login page no more than ScanIn does', async () => {
    const out = await browser.go(`${urls.wiki}/.scanin/sign-out`)
    expect(out.url).toBe(`${urls.login}/home`)
    expect((await browser.ask(`${urls.wiki}/`)).status).toBe(401)
    expect((await browser.go(`${urls.wiki}/again`)).url).toBe(`${urls.wiki}/again`)
  })

  test('revoked on the phone, a browser is out at the next request', async () => {
    const { session } = JSON.parse((await browser.ask(`${urls.login}/session`)).text)
    expect((await browser.ask(`${urls.wiki}/`)).status).toBe(200)
    expect(
      (await phone.ask(`${urls.login}/sessions/${session.id}`, { method: 'DELETE', headers: { origin: urls.login } }))
        .status,
    ).toBe(204)
    await expectOut(browser)
  })

  test('where ScanIn is away nobody gets in', async () => {
    const before = wiki.requests()
    await service.stop()
    expect((await browser.ask(`${urls.wiki}/`)).status).toBeGreaterThanOrEqual(500)
    expect(wiki.requests()).toBe(before)
  })

  test('where ScanIn does not believe the proxy, a person is told so, and led nowhere', async () => {
    const before = wiki.requests()
    service = await startService({ ...settings, TRUST_PROXY: '192.0.2.1' })
    const headers = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }
    const page = await createDomainBrowser().ask(`${urls.wiki}/`, { headers })
    expect([page.status >= 400, page.headers.location]).toEqual([true, undefined])
    expect(wiki.requests()).toBe(before)
  })
})
