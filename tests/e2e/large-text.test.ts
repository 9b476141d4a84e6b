import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { launchChromium } from '../support/browsers.ts'
import { openLoginPage, openSignedIn } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'
import { openUnscripted, tooWide } from '../support/too-wide.ts'

/** Letters of twice the size, as people set them in their browser: the pages are told nothing but that. */
const LARGE = ['--blink-settings=defaultFontSize=32,defaultFixedFontSize=26']

const { visitors, shared } = setUpPageTests({ ordinary: {} }, { launch: () => launchChromium(LARGE) })

const sizeOf = (page: Page, part: string) =>
  page.locator(part).evaluate((element) => Number.parseFloat(getComputedStyle(element).fontSize))

test('text is twice as large for whoever has set that, and what holds it has room for it', async () => {
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, shared('ordinary').url)
  expect(await sizeOf(desktop, '.steps')).toBe(32)

  const phone = await visitors.phone()
  await openSignedIn(phone, shared('ordinary').url)
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
  const { url } = shared('ordinary')
  const page = await visitors.phone({ viewport: { width, height: 844 }, deviceScaleFactor: 1 })
  await page.context().addCookies([{ name: 'scanin_language', value: language, url }])
  visitors.await(/404 .*\/nowhere/)
  const found: string[] = []
  for (const path of ['/', '/scan', '/home', '/nowhere']) {
    await openUnscripted(page, url, path)
    found.push(...(await tooWide(page, [])).map((part) => `${path}: ${part}`))
  }
  expect(found).toEqual([])
})
