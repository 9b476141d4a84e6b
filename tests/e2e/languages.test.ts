import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { expect, test } from '@jest/globals'
import type { Locator } from 'playwright-core'
import { messagesOf } from '../../web/build/catalogues.mjs'
import { createPhone } from '../support/http-client.ts'
import { scan } from '../support/login-flow.ts'
import {
  isSignedIn,
  openLoginPage,
  openSignedIn,
  readQr,
  readToken,
  sees,
  showsCode,
  signInOnPhone,
} from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'
import { openUnscripted, tooWide } from '../support/too-wide.ts'

const { visitors, shared } = setUpPageTests({ ordinary: { QR_REFRESH_SECONDS: '30' }, matching: { MATCH: 'always' } })
const LANGUAGES = readdirSync('web/messages').map((name) => basename(name, '.json'))
/** What scripts put into pages. */
const SPOKEN =
  /^(problem|accountProblem|trouble|login|loginForms|phone|request|refusal|passkey|home|devices|events|scan|scanner)\./

test('a page comes in the language of its reader, and in the one that they pick, also the next time', async () => {
  visitors.await(/status of 404 .*\/nowhere$/)
  const { url } = shared('ordinary')
  const reader = await visitors.phone({ locale: 'de-AT', timezoneId: 'Europe/Vienna' })
  await reader.goto(`${url}/scan`)
  await sees(reader, '#sign-in h1', 'Auf diesem Handy anmelden')
  await signInOnPhone(reader)
  await sees(reader, '#devices', 'Dieses Handy')
  expect(await reader.locator('#language option:checked').textContent()).toBe('Deutsch')

  await reader.goto(`${url}/home`)
  const since = reader.locator('#signed-in-since time')
  const asInAustria = await since.evaluate((time) =>
    new Intl.DateTimeFormat('de-AT', { dateStyle: 'medium', timeStyle: 'short' }).format(
      new Date(time.getAttribute('datetime') ?? ''),
    ),
  )
  expect(await since.textContent()).toBe(asInAustria)

  await reader.locator('#language').selectOption('en')
  await sees(reader, '#devices', 'This phone')
  const another = await reader.context().newPage()
  await another.goto(`${url}/nowhere`)
  await sees(another, 'h1', 'There is no page here')
  expect(await another.locator('html').getAttribute('lang')).toBe('en')
})

test('whoever’s browser names a language that is no name of one, as on a system without any, is signed in and sees their devices', async () => {
  const { url } = shared('matching')
  const asOnSuchSystems = () =>
    Object.defineProperty(navigator, 'languages', { value: Object.freeze(['en-US@posix']), configurable: true })
  const desktop = await visitors.desktop()
  await desktop.addInitScript(asOnSuchSystems)
  await openLoginPage(desktop, url)
  const phone = await createPhone(url)
  const token = await readToken(desktop)
  await scan(phone, token)
  const { match_code: digits } = (await phone.post('/login/confirm', { token })).json
  await desktop.locator('#match-form #match-code').fill(digits)
  await isSignedIn(desktop)
  await sees(desktop, '#devices', 'This browser')

  const scanning = await visitors.phone()
  await scanning.addInitScript(asOnSuchSystems)
  await openSignedIn(scanning, url)
  await sees(scanning, '#devices', 'This phone')
})

test('a key in the list of languages changes nothing but the list: Enter takes what it says, and so does leaving it', async () => {
  const { url } = shared('ordinary')
  const reader = await visitors.desktop({ locale: 'en-GB' })
  await reader.goto(`${url}/scan`)
  await reader.locator('#sign-in h1').waitFor()
  const list = reader.locator('#language')
  for (const [key, taken] of [
    ['ArrowDown', 'Enter'],
    ['ArrowUp', 'Tab'],
  ] as const) {
    await reader.locator('#username').fill('dem')
    await list.focus()
    const before = [await list.inputValue(), await reader.evaluate(() => document.cookie)]
    await reader.keyboard.press(key)
    const picked = await list.inputValue()
    expect(picked).not.toBe(before[0])
    expect(await reader.evaluate(() => document.cookie)).toBe(before[1])
    expect(await reader.locator('#username').inputValue()).toBe('dem')
    await reader.keyboard.press(taken)
    await reader.locator(`html[lang="${picked}"] #sign-in h1`).waitFor()
  }
})

test('nothing is cut or wider than the smallest screen, in any language', async () => {
  const { url } = shared('ordinary')
  const page = await visitors.phone({ viewport: { width: 320, height: 640 }, deviceScaleFactor: 1 })
  visitors.await(/404 .*\/nowhere/)
  const found: string[] = []
  for (const language of LANGUAGES) {
    await page.context().addCookies([{ name: 'scanin_language', value: language, url }])
    for (const path of ['/', '/scan', '/home', '/nowhere']) {
      await openUnscripted(page, url, path)
      expect(await page.locator('html').getAttribute('lang')).toBe(language)
      const wide = await tooWide(page, path === '/scan' ? spokenIn(language) : [])
      found.push(...wide.map((part) => `${language} ${path}: ${part}`))
    }
  }
  expect(found).toEqual([])
})

test('a page that is read from the right is whole: what is typed and shown in Latin letters stays as it is', async () => {
  const reader = await visitors.desktop({ locale: 'ar-EG' })
  await reader.goto(shared('ordinary').url)
  await showsCode(reader)
  expect(await reader.locator('html').getAttribute('dir')).toBe('rtl')
  const [code, guide] = await Promise.all([
    reader.locator('.code').boundingBox(),
    reader.locator('.guide').boundingBox(),
  ])
  expect(code?.x).toBeLessThan(guide?.x ?? 0)
  await sees(reader, '.countdown', /[٠-٩]\u2069 ث/)
  await sees(reader, '.countdown', /^\D*$/)
  await reader.locator('#user-code button').click()
  await sees(reader, '#user-code output', /^\w{4}-\w{4}$/)
  expect(await reader.locator('#user-code output').evaluate((code) => getComputedStyle(code).direction)).toBe('ltr')
})

test.each(['ar-EG', 'he-IL'])(
  'a device is named from the right where the page is read from there, and stands at its right: %s',
  async (locale) => {
    const { url } = shared('ordinary')
    const [desktop, reader] = [await visitors.desktop(), await visitors.phone({ locale })]
    await openLoginPage(desktop, url)
    await reader.goto(await readQr(desktop))
    await signInOnPhone(reader)
    await reader.locator('#deny').waitFor()
    const asked = reader.locator('.request-browser')
    expect(await leftOf(asked, 'Windows')).toBeLessThan(await leftOf(asked, 'Chrome'))
    await reader.locator('#deny').click()
    await reader.locator('#again').click()
    const named = reader.locator('#sessions .device-name').first()
    await named.waitFor()
    expect(await leftOf(named, 'Android')).toBeLessThan(await leftOf(named, 'Chrome'))
    expect(await named.evaluate((name) => getComputedStyle(name).direction)).toBe('rtl')
  },
)

test('what the service does not know of a browser is said in the language of the page', async () => {
  const { url } = shared('ordinary')
  const [desktop, reader] = [
    await visitors.desktop({ userAgent: 'AcmeKiosk/4.1' }),
    await visitors.phone({ locale: 'de-DE' }),
  ]
  await openLoginPage(desktop, url)
  await reader.goto(await readQr(desktop))
  await signInOnPhone(reader)
  await sees(reader, '.request-browser', /^Unbekannter Browser$/)
})

/** Where a word of it begins. */
const leftOf = (part: Locator, word: string): Promise<number> =>
  part.evaluate((element, words) => {
    const text = [...element.childNodes].find((node) => node.nodeValue?.includes(words))
    const at = text?.nodeValue?.indexOf(words) ?? Number.NaN
    const range = document.createRange()
    if (text === undefined) throw new Error(`no ${words} in ${element.textContent}`)
    range.setStart(text, at)
    range.setEnd(text, at + words.length)
    return range.getBoundingClientRect().left
  }, word)

const spokenIn = (language: string): string[] =>
  [...messagesOf(JSON.parse(readFileSync(`web/messages/${language}.json`, 'utf8')))]
    .filter(([key]) => SPOKEN.test(key))
    .map(([, message]) => message)
