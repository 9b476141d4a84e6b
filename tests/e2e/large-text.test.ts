import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { createVisitors, launchChromium, type Visitors } from '../support/browsers.ts'
import { showsCode, signInOnPhone } from '../support/page-steps.ts'
import { type Service, startService } from '../support/service.ts'
import { openUnscripted, tooWide } from '../support/too-wide.ts'

/** Letters of twice the size, as people set them in their browser: the pages are told nothing but that. */
const LARGE = ['--blink-settings=defaultFontSize=32,defaultFixedFontSize=26']

let browser: Browser
let service: Service
let visitors: Visitors
beforeAll(async () => {
  ;[browser, service] = await Promise.all([launchChromium(LARGE), startService()])
})
beforeEach(() => {
  visitors = createVisitors(browser)
})
afterEach(() => visitors.leave())
afterAll(async () => {
  await browser?.close()
  await service?.stop()
})

const sizeOf = (page: Page, part: string) =>
  page.locator(part).evaluate((element) => Number.parseFloat(getComputedStyle(element).fontSize))

test('text is twice as large for whoever has set that, and what holds it has room for it', async () => {
  const desktop = await visitors.desktop()
  await desktop.goto(service.url)
  await showsCode(desktop)
  expect(await sizeOf(desktop, '.steps')).toBe(32)

  const phone = await visitors.phone()
  await phone.goto(`${service.url}/scan`)
  await signInOnPhone(phone)
  const code = phone.locator('.typed-code')
  await code.fill('WDJB-MJHT')
  const cut = await code.evaluate((field) => field.scrollWidth - field.clientWidth)
  expect(cut).toBeLessThanOrEqual(0)
  const forms = phone.locator('#user-code-form')
  expect((await code.boundingBox())?.width).toBeLessThanOrEqual((await forms.boundingBox())?.width ?? 0)
})

test.each([
  ['en', 390],
  ['de', 390],
  ['en', 320],
  ['de', 320],
  ['de', 1280],
])('nothing is cut in letters of twice the size: %s, %i pixels wide', async (language, width) => {
  const page = await visitors.phone({ viewport: { width, height: 844 }, deviceScaleFactor: 1 })
  await page.context().addCookies([{ name: 'scanin_language', value: language, url: service.url }])
  visitors.await(/404 .*\/nowhere/)
  const found: string[] = []
  for (const path of ['/', '/scan', '/home', '/nowhere']) {
    await openUnscripted(page, service.url, path)
    found.push(...(await tooWide(page, [])).map((part) => `${path}: ${part}`))
  }
  expect(found).toEqual([])
})
