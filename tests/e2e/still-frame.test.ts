import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { eventually } from '../support/eventually.ts'
import { frameOf } from '../support/frame.ts'
import { freePort } from '../support/free-port.ts'
import { hear } from '../support/heard.ts'
import { createPhone } from '../support/http-client.ts'
import { approve, scan, wrongNumber } from '../support/login-flow.ts'
import {
  isSignedIn,
  keepHere,
  openLoginPage,
  readToken,
  sees,
  showsCode,
  stopClock,
  tabTo,
} from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'
import { problemReply } from '../support/problem-reply.ts'

const { visitors, shared, serve } = setUpPageTests({
  matching: { MATCH: 'always', POLL_INTERVAL_SECONDS: '1' },
  ordinary: {},
})

const hasFocus = (desktop: Page, part: string) => desktop.locator(`${part}:focus`).waitFor()

/** What the page sends as digits. */
function watchDigits(desktop: Page): string[] {
  const sent: string[] = []
  desktop.on('request', (request) => {
    if (request.url().endsWith('/login/match')) sent.push(request.postDataJSON().match_code)
  })
  return sent
}

const SIZES = [
  { width: 1280, height: 800 },
  { width: 375, height: 667 },
  { width: 320, height: 640 },
] as const

test('heading, code and card stay where they are, whatever happens, on large screens and small ones', async () => {
  visitors.await(/status of 422 .*\/login\/match$/, /ERR_FAILED .*\/login\/status\//)
  const { url } = shared('matching')
  const phone = await createPhone(url)
  const desktop = await visitors.desktop()
  const atEachSize = async <Seen>(look: (width: number) => Promise<Seen>): Promise<Seen[]> => {
    const seen: Seen[] = []
    for (const size of SIZES) {
      await desktop.setViewportSize(size)
      seen.push(await look(size.width))
    }
    return seen
  }
  const frames = () => atEachSize(() => frameOf(desktop))
  await openLoginPage(desktop, url)
  const still = await frames()
  const holdsStill = async (part: string, words: string) => {
    await sees(desktop, part, words)
    expect(await frames()).toEqual(still)
  }
  await holdsStill('#status', 'Waiting for your phone')

  const polls = '**/login/status/**'
  await desktop.route(polls, (route) => route.abort())
  await holdsStill('#status', 'Reconnecting')
  await desktop.unroute(polls)
  await holdsStill('#status', 'Waiting for your phone')

  const token = await readToken(desktop)
  await scan(phone, token)
  await holdsStill('#status', 'Phone connected')
  await desktop
    .locator('.countdown')
    .getByText(/left to confirm/)
    .waitFor()
  const { match_code: right } = (await phone.post('/login/confirm', { token })).json
  await holdsStill('#status', 'Type the number shown')
  const number = desktop.locator('#match-code')
  const wrong = wrongNumber(right)
  await number.fill(wrong.slice(0, 3))
  await holdsStill('.boxes', wrong.slice(0, 3))
  await atEachSize(async (width) => {
    const boxes = desktop.locator('.boxes i')
    expect(await boxes.count()).toBe(6)
    const [firstBox, lastBox] = [await boxes.first().boundingBox(), await boxes.last().boundingBox()]
    expect(firstBox?.width).toBeGreaterThan(24)
    expect((lastBox?.x ?? width) + (lastBox?.width ?? 0)).toBeLessThan(width)
    expect(await desktop.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
  })
  for (const left of ['4 tries left', '3 tries left', '2 tries left', 'One try left']) {
    await number.fill(wrong)
    await holdsStill('#match-message', left)
  }
  await number.fill(wrong)
  await holdsStill('#status', 'Wrong number, five times')
  // By hand, on the smallest: nothing lies over it.
  await desktop.locator('#refresh').click()
  await showsCode(desktop)
  await holdsStill('#status', 'Waiting for your phone')

  const refused = await readToken(desktop)
  await scan(phone, refused)
  await phone.post('/login/deny', { token: refused })
  await holdsStill('#status', 'Refused on the phone')
  await desktop.locator('#refresh').click()
  await showsCode(desktop)

  await keepHere(desktop)
  const last = await readToken(desktop)
  await scan(phone, last)
  await number.fill((await phone.post('/login/confirm', { token: last })).json.match_code)
  await holdsStill('#status', 'Signed in as \u2068Demo Person\u2069')
})

test('a code that is renewed or has run out moves nothing', async () => {
  const { url } = await serve({ LOGIN_SECONDS: '15', QR_REFRESH_SECONDS: '1' })
  const desktop = await visitors.desktop()
  await desktop.addInitScript(() => {
    const codes = new Set<string | null>()
    const note = () => codes.add(document.querySelector('#qr')?.getAttribute('src') ?? null)
    Object.assign(window, { codes })
    new MutationObserver(note).observe(document, { attributeFilter: ['src'], subtree: true })
  })
  await openLoginPage(desktop, url)
  const still = await frameOf(desktop)
  await desktop.waitForFunction(() => (Reflect.get(window, 'codes') as Set<string>).size > 1)
  expect(await frameOf(desktop)).toEqual(still)
  await sees(desktop, '#status', 'expired')
  expect(await frameOf(desktop)).toEqual(still)
})

test('digits without an answer are called wrong once a poll tells so, and what has not got through is sent again by the button alone', async () => {
  visitors.await(/ERR_(FAILED|CONNECTION_RESET) .*\/login\/match$/, /status of 429 .*\/login\/match$/)
  const { url } = shared('matching')
  const phone = await createPhone(url)
  const desktop = await visitors.desktop()
  const heard = await hear(desktop)
  const sent = watchDigits(desktop)
  await openLoginPage(desktop, url)
  const token = await readToken(desktop)
  await scan(phone, token)
  const { match_code: code } = (await phone.post('/login/confirm', { token })).json
  const [wrong, number] = [wrongNumber(code), desktop.locator('#match-code')]
  await desktop.route(
    '**/login/match',
    async (route) => {
      await route.fetch()
      await route.abort('connectionreset')
    },
    { times: 1 },
  )
  await number.fill(wrong)
  await sees(desktop, '#match-message', 'That is not the number on your phone. 4 tries left.')
  expect([await number.inputValue(), sent]).toEqual(['', [wrong]])

  await desktop.route('**/login/match', (route) => route.abort(), { times: 1 })
  await number.fill(code)
  await desktop.keyboard.press('Enter')
  await sees(desktop, '#match-message', 'cannot be reached')
  expect(sent).toEqual([wrong, code])
  const tooMany = problemReply(429, 'slow_down', { 'retry-after': '1' })
  await desktop.route('**/login/match', (route) => route.fulfill(tooMany), { times: 1 })
  await desktop.locator('#match-form [type=submit]').click()
  await sees(desktop, '#match-message', 'You can try again now.')
  const [wait, over] = (await heard.said()).slice(-2)
  expect([wait, over]).toEqual(['Too many tries just now. Try again in 1 second.', 'You can try again now.'])
  await desktop.locator('#match-form [type=submit]').click()
  await isSignedIn(desktop)
  expect(sent).toEqual([wrong, code, code, code])
})

test.each([
  ['where browsers have a clipboard for pages', 'localhost'],
  ['where they have none', 'sign-in.example.com'],
])('the code to type is copied by a button, %s', async (_where, host) => {
  const port = await freePort()
  await serve({ PORT: String(port), PUBLIC_URL: `http://${host}:${port}` })
  const desktop = await visitors.desktop({ permissions: ['clipboard-read', 'clipboard-write'] })
  await openLoginPage(desktop, `http://${host}:${port}`)
  const still = await frameOf(desktop)
  await tabTo(desktop, '#user-code button')
  await desktop.keyboard.press('Enter')
  await sees(desktop, '#user-code', /^\w{4}-\w{4}$/)
  expect(await desktop.locator('#user-code output').getAttribute('translate')).toBe('no')
  await hasFocus(desktop, '#copy-code')
  await desktop.keyboard.press('Enter')
  await sees(desktop, '#copy-code', 'Copied')
  expect(await frameOf(desktop)).toEqual(still)
  // It can be pressed again, and says so.
  await sees(desktop, '#copy-code', /^Copy$/)
  expect(await frameOf(desktop)).toEqual(still)
  const code = await desktop.locator('#user-code').textContent()
  await desktop.evaluate(() => document.body.appendChild(document.createElement('textarea')).focus())
  await desktop.keyboard.press('Control+V')
  expect(await desktop.locator('textarea').inputValue()).toBe(code)
})

test('states fade into each other in 200 ms, unless somebody wants no motion; and who is in sees the tick and their name before the page goes', async () => {
  const { url } = shared('ordinary')
  const desktop = await visitors.desktop({ reducedMotion: 'no-preference' })
  await desktop.addInitScript(() => {
    const fades: unknown[] = []
    Object.assign(window, { fades })
    const { animate } = Element.prototype
    Element.prototype.animate = function (...given) {
      fades.push([this.id, given[1]])
      return animate.apply(this, given)
    }
  })
  const fades = () => desktop.evaluate(() => Reflect.get(window, 'fades') as unknown[])
  const motionOf = (part: string, property: string) =>
    desktop.locator(part).evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), property)
  await desktop.clock.install()
  await openLoginPage(desktop, url)
  expect(await fades()).toEqual([['status', 200]])
  expect(await motionOf('#qr', 'transition-duration')).toMatch(/^0\.2s/)
  await desktop.emulateMedia({ reducedMotion: 'reduce' })
  expect(await motionOf('#qr', 'transition-property')).toBe('none')

  const token = await readToken(desktop)
  await stopClock(desktop)
  await approve(await createPhone(url), token)
  await eventually('the browser is in', async () => {
    await desktop.clock.runFor(100)
    return desktop.locator('[data-state="authenticated"]').isVisible()
  })
  await sees(desktop, '#status', 'Signed in as \u2068Demo Person\u2069')
  await desktop.locator('.sign .is-tick').waitFor()
  // For a moment more, by the page's clock, which stands.
  await desktop.clock.runFor(400)
  await desktop.evaluate(() => fetch('/healthz'))
  expect(new URL(desktop.url()).pathname).toBe('/')
  await desktop.clock.resume()
  await isSignedIn(desktop)
})

test('while a code waits to be scanned its ring counts by steps, and nothing on the page is in motion', async () => {
  const { url } = shared('ordinary')
  const desktop = await visitors.desktop({ reducedMotion: 'no-preference' })
  await desktop.clock.install()
  await openLoginPage(desktop, url)
  await stopClock(desktop)
  await eventually('what appeared stands', () => desktop.evaluate(() => document.getAnimations().length === 0))
  const goneOf = () => desktop.locator('.arc').getAttribute('stroke-dashoffset')
  const gone = await goneOf()
  const moved = await desktop.evaluateHandle(() => {
    const properties: string[] = []
    document.addEventListener('transitionrun', ({ propertyName }) => properties.push(propertyName))
    document.addEventListener('animationstart', ({ animationName }) => properties.push(animationName))
    return properties
  })
  await desktop.clock.runFor(3000)
  expect(Number(await goneOf())).toBeGreaterThan(Number(gone))
  // Events of a style come before the frame that shows it.
  await desktop.screenshot()
  expect(await moved.jsonValue()).toEqual([])
})

test('a second tab notices that the first was signed in, and is so itself', async () => {
  const { url } = await serve()
  const first = await visitors.desktop()
  const second = await first.context().newPage()
  await openLoginPage(first, url)
  await openLoginPage(second, `${url}/#part`)
  await approve(await createPhone(url), await readToken(first))
  await isSignedIn(first)
  await isSignedIn(second)
})

test('trouble has a cause and a way on: too many tries, offline', async () => {
  visitors.await(/ERR_INTERNET_DISCONNECTED/, /status of 429 .*\/login$/)
  const { url } = await serve({ RATE_LOGINS_PER_MINUTE: '1' })
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, url)
  const still = await frameOf(desktop)
  const other = await visitors.desktop()
  await other.goto(url)
  await sees(other, '#status', /Too many tries.*Trying again in \d+ seconds/)
  await sees(other, '.countdown', /Trying again in \d+ s/)
  await sees(other, '#refresh', 'Try again')
  expect(await frameOf(other)).toEqual(still)

  await desktop.context().setOffline(true)
  await sees(desktop, '#status', 'You are offline')
  expect(await frameOf(desktop)).toEqual(still)
  await desktop.context().setOffline(false)
  await sees(desktop, '#status', 'Waiting for your phone')
})
