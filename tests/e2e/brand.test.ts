import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { openLoginPage, readQr, sees, signInOnPhone } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'

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
