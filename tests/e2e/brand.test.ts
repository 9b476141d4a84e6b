import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { freePort } from '../support/free-port.ts'
import { openLoginPage, readQr, sees, signInOnPhone } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'
import { COMPLAINTS_OF_AN_OUTAGE } from '../support/stopping-service.ts'

const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"><rect width="20" height="10" fill="#1a3fc4"/>
  <script>document.documentElement.setAttribute('data-ran', '')</script></svg>`

const { visitors, serve } = setUpPageTests({})
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-brand-'))
  writeFileSync(join(folder, 'logo.svg'), LOGO)
})
afterAll(() => rmSync(folder, { recursive: true }))

const brand = () => ({
  BRAND_NAME: 'Müller & Söhne',
  BRAND_LOGO: join(folder, 'logo.svg'),
  BRAND_COLOR: '#1a3fc4',
  HELP_URL: 'https://help.example/',
})

const colourOf = (page: Page, part: string, property: 'color' | 'backgroundColor') =>
  page.locator(part).evaluate((element, name) => getComputedStyle(element)[name], property)

test("a team's name, logo, colour and help are on every page, from its first sight, in both schemes", async () => {
  const service = await serve(brand())
  const desktop = await visitors.desktop({ colorScheme: 'light' })
  await openLoginPage(desktop, service.url)
  expect(await desktop.title()).toBe('Sign in · Müller & Söhne')
  await sees(desktop, '.brand', 'Müller & Söhne')
  await sees(desktop, '.foot-help', 'Help')
  expect(await desktop.locator('.foot-privacy').isVisible()).toBe(false)
  expect(await colourOf(desktop, '#user-code .link', 'color')).toBe('rgb(26, 63, 196)')
  const logo = desktop.locator('.brand-logo')
  expect(await logo.evaluate((image) => (image instanceof HTMLImageElement ? image.naturalWidth > 0 : false))).toBe(
    true,
  )
  expect(await logo.boundingBox()).toMatchObject({ width: 64, height: 32 })
  await desktop.emulateMedia({ colorScheme: 'dark' })
  const onDark = await colourOf(desktop, '#user-code .link', 'color')
  expect(onDark).toMatch(/^rgb\(/)
  expect(onDark).not.toBe('rgb(26, 63, 196)')

  const phone = await visitors.phone({ colorScheme: 'light' })
  await phone.goto(await readQr(desktop))
  expect(await phone.title()).toBe('Approve a sign-in · Müller & Söhne')
  expect(await colourOf(phone, '#sign-in-form .primary', 'backgroundColor')).toBe('rgb(26, 63, 196)')
  await signInOnPhone(phone)
  await sees(phone, '#request', 'Müller & Söhne')
})

test('a script in a logo does not run, even where somebody opens the logo itself', async () => {
  visitors.await(/Blocked script execution|sandboxed|Content Security Policy/)
  const service = await serve(brand())
  const desktop = await visitors.desktop()
  await desktop.goto(service.url)
  await desktop.goto(service.url + (await desktop.locator('.brand-logo').getAttribute('src')))
  const root = desktop.locator(':root')
  expect(await root.evaluate(({ localName }) => localName)).toBe('svg')
  expect(await root.getAttribute('data-ran')).toBeNull()
})

test('a phone without a connection is told so by a page of ours, which goes on by itself where it was going', async () => {
  visitors.await(COMPLAINTS_OF_AN_OUTAGE)
  const env = { ...brand(), PORT: String(await freePort()) }
  const service = await serve(env)
  const phone = await visitors.phone()
  const loaded: string[] = []
  phone.context().on('request', (request) => loaded.push(new URL(request.url()).pathname))
  await phone.goto(`${service.url}/scan`)
  // Who has not signed in here has nothing to go back to, and pays nothing.
  await sees(phone, '#sign-in', 'Sign in on this phone')
  expect(loaded).not.toContain('/offline-worker.js')
  await signInOnPhone(phone)
  await phone.evaluate(() => navigator.serviceWorker.ready.then(() => undefined))

  await service.stop()
  await phone.goto(`${service.url}/scan?again#a-token`)
  await sees(phone, 'h1', 'No connection')
  await sees(phone, '.lead', 'cannot reach Müller & Söhne')
  expect(await colourOf(phone, '.card', 'backgroundColor')).toMatch(/^rgb\((255, 255, 255|21, 29, 27)\)$/)
  await sees(phone, '#start-trouble', 'Trying again')
  // What it keeps is that page with what it loads: no page that says anything of anybody, and no reply.
  const kept = await phone.evaluate(async () => {
    const caches = await window.caches.keys()
    const keys = await Promise.all(caches.map(async (name) => (await window.caches.open(name)).keys()))
    return keys.flat().map(({ url }) => new URL(url).pathname)
  })
  expect(kept.filter((path) => !/^\/(offline|page-guard\.js|assets\/.*\.(css|svg))$/.test(path))).toEqual([])

  await serve(env)
  await sees(phone, 'h1', 'Sign in on this phone')
  expect(new URL(phone.url()).pathname).toBe('/scan')

  // The worker lets the page through as the service sends it, and has no part in what that asks the service.
  const [session, page] = await Promise.all([
    phone.waitForResponse((response) => response.url().endsWith('/session')),
    phone.reload(),
  ])
  expect([page?.fromServiceWorker(), page?.headers()['cache-control']]).toEqual([true, 'no-store'])
  expect(session.fromServiceWorker()).toBe(false)
})
