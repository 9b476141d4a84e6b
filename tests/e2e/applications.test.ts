import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import {
  APPLICATION_PROXIES,
  type ApplicationProxy,
  LOGIN_HOST,
  STATS_HOST,
  WIKI_HOST,
} from '../support/application-proxies.ts'
import { writeApps } from '../support/applications.ts'
import { createVisitors, launchChromium, trusting, type Visitors } from '../support/browsers.ts'
import { type Echo, type EchoingApplication, startApplication } from '../support/echoing-application.ts'
import { freePort } from '../support/free-port.ts'
import { confirm, openSignedIn, readQr, sees, signInOnPhone } from '../support/page-steps.ts'
import { type Service, startService } from '../support/service.ts'

/** Forward auth as people meet it: Chromium, nginx with the documented configuration, two applications on two domains. */

let chromium: Browser
let visitors: Visitors
let applications: [EchoingApplication, EchoingApplication]
let proxy: ApplicationProxy
let service: Service
let at: Record<'login' | 'wiki' | 'stats', string>

beforeAll(async () => {
  applications = await Promise.all([startApplication('wiki'), startApplication('stats')])
  const [wiki, stats] = applications
  const ports = { https: await freePort(), scanin: await freePort(), wiki: wiki.port, stats: stats.port }
  const [login, wikiUrl, statsUrl] = [LOGIN_HOST, WIKI_HOST, STATS_HOST].map((host) => `https://${host}:${ports.https}`)
  at = { login: `${login}`, wiki: `${wikiUrl}`, stats: `${statsUrl}` }
  ;[proxy, service] = await Promise.all([
    APPLICATION_PROXIES['nginx']?.(ports) ?? Promise.reject(new Error('there is no nginx')),
    startService({
      PORT: String(ports.scanin),
      PUBLIC_URL: at.login,
      TRUST_PROXY: '127.0.0.1',
      APPS_FILE: writeApps([{ origin: at.wiki, name: 'The Wiki' }, { origin: at.stats }]).path,
    }),
  ])
  chromium = await launchChromium([trusting(proxy.keyHash ?? '')])
})
afterAll(async () => {
  await Promise.all([chromium?.close(), proxy?.stop(), service?.stop()])
  await Promise.all(applications.map((application) => application.stop()))
})

beforeEach(() => {
  visitors = createVisitors(chromium)
})
afterEach(async () => {
  await visitors.leave()
  expect(visitors.complaints()).toEqual([])
})

async function echoOn(page: Page): Promise<Echo> {
  return JSON.parse((await page.locator('#echo').textContent()) ?? '')
}

/** What is on each line of the application's host, on the phone's card: it is read with care, and best in one piece. */
function hostLinesOn(phone: Page): Promise<string[]> {
  return phone.locator('.request-application').evaluate((words) => {
    const lines = new Map<number, string>()
    const texts = document.createTreeWalker(words, NodeFilter.SHOW_TEXT)
    const range = document.createRange()
    let isPastName = false
    while (texts.nextNode()) {
      const text = texts.currentNode
      range.selectNodeContents(text)
      const line = Math.round(range.getBoundingClientRect().bottom)
      if (isPastName) lines.set(line, (lines.get(line) ?? '') + text.textContent)
      isPastName ||= text.textContent === ' · '
    }
    return [...lines.values()]
  })
}

/** Fetches from a page of an application, as its scripts do. @returns the status, and what came */
function fetchOn(page: Page, path: string, body?: string): Promise<[number, string]> {
  return page.evaluate(
    async ([path, body]) => {
      const reply = await fetch(path, body === undefined ? {} : { method: 'POST', body })
      return [reply.status, await reply.text()]
    },
    [path, body] as const,
  )
}

/** The first message of a WebSocket of the application, or that there was none. */
function socketOn(page: Page): Promise<string> {
  return page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(`wss://${location.host}/socket`)
        socket.onmessage = ({ data }) => resolve(String(data))
        socket.onerror = () => resolve('refused')
      }),
  )
}

test('one scan opens an application where its link led, fragment and all; the next opens by itself; the phone ends both', async () => {
  visitors.await(/status of 401/, /WebSocket connection to .* failed/)
  const [desktop, phone] = [await visitors.desktop(), await visitors.phone()]
  const wanted = `${at.wiki}/pages/1?edit=yes&q=a%20b#line-7`
  await desktop.goto(wanted)
  expect(new URL(desktop.url()).origin).toBe(at.login)
  await sees(desktop, '.goal', 'The Wiki')
  await sees(desktop, '.goal', new URL(at.wiki).host)

  await phone.goto(await readQr(desktop))
  await signInOnPhone(phone)
  await sees(phone, '#request', 'The Wiki')
  const [host, ...more] = await hostLinesOn(phone)
  expect([host?.startsWith(WIKI_HOST), more]).toEqual([true, []])
  await confirm(phone)
  await desktop.waitForURL(wanted)
  const echo = await echoOn(desktop)
  expect(echo).toMatchObject({ application: 'wiki', url: '/pages/1?edit=yes&q=a%20b' })
  expect(echo.rawHeaders.slice(echo.rawHeaders.indexOf('Remote-User')).slice(0, 4)).toEqual([
    'Remote-User',
    'demo',
    'Remote-Name',
    'Demo Person',
  ])
  expect(echo.rawHeaders.join()).not.toContain('__Host-scanin_session')

  // What pages of an application do: forms, uploads, scripts, sockets.
  const [status, text] = await fetchOn(desktop, '/upload', 'x'.repeat(2_000_000))
  expect([status, JSON.parse(text).bodyBytes]).toEqual([200, 2_000_000])
  expect(await socketOn(desktop)).toBe('wiki')

  const next = `${at.stats}/day?of=week#noon`
  await desktop.goto(next)
  expect(desktop.url()).toBe(next)
  expect((await echoOn(desktop)).application).toBe('stats')

  await phone.goto(`${at.login}/scan`)
  await phone.locator('#sessions li', { hasText: 'Windows' }).locator('button').click()
  await phone.locator('#sessions li', { hasText: 'Windows' }).waitFor({ state: 'detached' })
  expect((await fetchOn(desktop, '/data'))[0]).toBe(401)
  expect(await socketOn(desktop)).toBe('refused')
  await desktop.goto(`${at.wiki}/`)
  expect(new URL(desktop.url()).origin).toBe(at.login)
  await sees(desktop, '.goal', 'The Wiki')
})

test('a form that is sent, and a sign-out link, do what they do anywhere', async () => {
  const phone = await visitors.phone()
  await openSignedIn(phone, at.login)
  await sees(phone, '#devices', 'Demo Person')
  // Who is signed in as a phone needs no scan.
  await phone.goto(`${at.wiki}/form`)
  expect(phone.url()).toBe(`${at.wiki}/form`)
  await phone.evaluate(() => {
    const form = document.body.appendChild(document.createElement('form'))
    form.method = 'post'
    form.action = '/sent?by=form'
    form.submit()
  })
  await phone.waitForURL(`${at.wiki}/sent?by=form`)
  expect(await echoOn(phone)).toMatchObject({ method: 'POST', url: '/sent?by=form' })

  await phone.evaluate(() => {
    const link = document.body.appendChild(document.createElement('a'))
    link.href = '/.scanin/sign-out'
    link.click()
  })
  await phone.waitForURL(`${at.login}/home`)
  await sees(phone, '#user-name', 'Demo Person')
  const names = (await phone.context().cookies(at.wiki)).map(({ name }) => name)
  expect(names).not.toContain('__Host-scanin_app')
})

test('what goes wrong on an application`s host is told by a page that looks as ours do, and leads where it says', async () => {
  visitors.await(/status of 40\d/)
  const page = await visitors.desktop()
  const addresses = [
    { path: `/.scanin/callback?code=${'A'.repeat(43)}&state=${'A'.repeat(90)}`, link: `${at.wiki}/` },
    { path: '/.scanin/callback', link: `${at.wiki}/` },
    { path: '/.scanin/nothing', link: `${at.wiki}/` },
  ]
  for (const { path, link } of addresses) {
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await page.goto(at.wiki + path)
    page.removeAllListeners('request')
    expect(asked.filter((url) => !url.startsWith('data:'))).toEqual([at.wiki + path])
    const card = page.locator('main .card')
    expect(await card.evaluate((element) => getComputedStyle(element).borderRadius)).not.toBe('0px')
    expect((await card.locator('.trouble-sign').boundingBox())?.width).toBe(72)
    const links = await page
      .locator('a')
      .filter({ visible: true })
      .evaluateAll((all) => all.map((one) => (one as HTMLAnchorElement).href))
    expect(links).toEqual([`${at.login}/`, link])
  }
})

test('over https the language that somebody picks is kept in a cookie that no neighbour can plant', async () => {
  const desktop = await visitors.desktop({ locale: 'en-GB' })
  await desktop.goto(at.login)
  await desktop.locator('html[data-started]').waitFor({ state: 'attached' })
  await desktop.locator('#language').selectOption('de')
  await desktop.locator('html[lang="de"][data-started]').waitFor({ state: 'attached' })
  const cookies = await desktop.context().cookies()
  expect(cookies.find(({ name }) => name.endsWith('scanin_language'))).toMatchObject({
    ...{ name: '__Host-scanin_language', value: 'de', path: '/', secure: true, sameSite: 'Lax' },
    domain: new URL(at.login).hostname,
  })
})
