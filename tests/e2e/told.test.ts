import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import type { BrowserContextOptions, Page, Route } from 'playwright-core'
import { eventually } from '../support/eventually.ts'
import { cityRecord, geoipFile } from '../support/geoip-file.ts'
import { type Client, createClient, createPhone } from '../support/http-client.ts'
import { signInBrowser, startLogin } from '../support/login-flow.ts'
import {
  comeBack,
  confirm,
  isSignedIn,
  letSettle,
  openCode,
  openLoginPage,
  openSignedIn,
  readToken,
  sees,
  stopClock,
  tabTo,
} from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'
import { problemReply } from '../support/problem-reply.ts'

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0'
const ICELAND = '203.0.113.7'

const folder = mkdtempSync(join(tmpdir(), 'scanin-told-'))
const places = join(folder, 'places.mmdb')
writeFileSync(places, geoipFile({ '203.0.113.0/24': cityRecord('Reykjavík', 'Iceland') }))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const env = { MATCH: 'never', GEOIP_FILE: places, TRUST_PROXY: '127.0.0.1/32' }
const { visitors, serve } = setUpPageTests({})

/** A browser in Iceland, which another phone of the person lets in: theirs, or whoever's has their password. */
async function linkFromElsewhere(by: Client, url: string): Promise<Client> {
  const browser = createClient(url)
  const inIceland = { 'user-agent': FIREFOX, 'x-forwarded-for': ICELAND }
  const call = browser.call
  await signInBrowser({ ...browser, post: (path, body) => call('POST', path, { body, headers: inIceland }) }, by)
  return browser
}

const session = async (client: Client) => (await client.get('/session')).status
const device = (phone: Page, words: string) => phone.locator('#sessions li').filter({ hasText: words })

test('a phone tells at its next visit of what was signed in since, and one button signs it out; what it let in itself is no news', async () => {
  const { url } = await serve(env)
  const phone = await openPhone(url)
  expect(await phone.locator('#new-links').isVisible()).toBe(false)

  const thief = await createPhone(url)
  const linked = await linkFromElsewhere(thief, url)
  const gone = await linkFromElsewhere(thief, url)
  await gone.post('/sign-out')

  await phone.reload()
  await sees(phone, '#new-links', 'New since you were last here')
  // Told to who does not see it, and to who does, where and since when; the focus stays where the page put it.
  expect(await phone.locator('#new-links-said').textContent()).toContain(
    'Firefox on Linux, 203.0.113.7 · Reykjavík, Iceland',
  )
  expect(await phone.locator('#new-links li', { hasText: 'Signed in by your phone, just now' }).count()).toBe(2)
  expect(await phone.locator('#new-links li', { hasText: 'Signed in as a phone of yours' }).count()).toBe(1)
  await sees(phone, '#new-links li', 'It has since been signed out.')
  expect(await phone.locator('#new-links li').count()).toBe(3)
  expect(await device(phone, 'Firefox on Linux').locator('.device-new').isVisible()).toBe(true)
  // Until it is answered it is told at each visit.
  await phone.reload()
  await sees(phone, '#new-links', 'New since you were last here')

  // By keyboard; each button says what it ends.
  const notYou = '#new-links [aria-label="Not you? Sign it out: Firefox on Linux, 203.0.113.7"]:visible'
  await tabTo(phone, notYou)
  await phone.keyboard.press('Enter')
  await sees(phone, '#new-links li', 'have your password changed')
  expect(await session(linked)).toBe(401)
  await device(phone, 'Firefox on Linux').waitFor({ state: 'detached' })
  expect(await phone.evaluate(() => document.activeElement?.closest('#new-links') !== null)).toBe(true)
  // The phone of whoever did it.
  await phone.locator('#new-links button:visible').first().click()
  await phone.locator('#new-links-known').filter({ hasText: 'Done' }).click()
  expect(await session(thief)).toBe(401)
  expect(await phone.locator('#new-links').isVisible()).toBe(false)

  const desktop = await visitors.desktop()
  await openLoginPage(desktop, url)
  await phone.goto(`${url}/scan#${await readToken(desktop)}`)
  await phone.reload()
  await confirm(phone)
  await isSignedIn(desktop)
  await sees(phone, '#result', 'Signed in on')
  await sees(phone, '#sessions', 'Windows')
  await letSettle(phone)
  expect(await phone.locator('#new-links').isVisible()).toBe(false)
  await phone.goto(`${url}/scan`)
  await phone.reload()
  await sees(phone, '#sessions', 'Windows')
  await letSettle(phone)
  expect(await phone.locator('#new-links').isVisible()).toBe(false)

  await phone.locator('#activity summary').click()
  await sees(phone, '#events', 'Firefox on Linux was signed out')
  await sees(phone, '#events', 'Reykjavík, Iceland')
})

test('what is new comes in below what the page is about, which stays where it is, and takes no tap that was on its way', async () => {
  const { url } = await serve(env)
  const phone = await visitors.phone()
  await phone.clock.install()
  await openSignedIn(phone, url)
  await sees(phone, '#sessions', 'This phone')
  const thief = await createPhone(url)

  const held: Route[] = []
  await phone.route('**/events', (route) => void held.push(route))
  await phone.reload()
  await phone.locator('#sessions li').nth(1).waitFor()
  await stopClock(phone)
  const placeOf = (part: string) => phone.locator(part).boundingBox()
  const before = await placeOf('#user-code')
  await eventually('events are asked for', () => held.length > 0)
  await Promise.all(held.map((route) => route.continue()))
  await phone.unroute('**/events')
  await sees(phone, '#new-links', 'New since you were last here')
  expect(await placeOf('#user-code')).toEqual(before)

  const tap = async (part: string) => {
    const { x, y, width, height } = await phone.locator(part).evaluate((button) => {
      button.scrollIntoView({ block: 'center' })
      return button.getBoundingClientRect().toJSON()
    })
    await phone.touchscreen.tap(x + width / 2, y + height / 2)
  }
  for (const part of ['#new-links-known', '#new-links .link-button']) await tap(part)
  await phone.clock.runFor(500)
  expect(await phone.locator('#new-links').isVisible()).toBe(true)
  expect(await session(thief)).toBe(200)
  await phone.clock.runFor(500)
  await tap('#new-links .link-button')
  await sees(phone, '#new-links li', 'have your password changed')
})

test('where the screen has no room for it, the title of what is new stands at the lower edge', async () => {
  const { url } = await serve(env)
  const phone = await openPhone(url, { viewport: { width: 390, height: 560 } })
  await createPhone(url)
  await phone.reload()
  await sees(phone, '#new-links', 'New since you were last here')
  const isInSight = () =>
    phone.locator('#new-links-title').evaluate((title) => {
      const { top, bottom } = title.getBoundingClientRect()
      return top > innerHeight - 80 && bottom < innerHeight
    })
  await eventually('its title is in sight', isInSight)
})

test('devices are named, and signed out together after a plain question; after a refusal the page says what to do', async () => {
  const { url } = await serve(env)
  const phone = await openPhone(url)
  const other = await createPhone(url)
  const browsers = [await linkFromElsewhere(other, url), await linkFromElsewhere(other, url)]
  await phone.reload()
  await phone.locator('#new-links-known').filter({ hasText: 'All of these were me' }).click()

  await device(phone, 'Firefox on Linux').first().locator('.device-rename').click()
  await phone.locator('#renaming input').first().fill('Kitchen laptop')
  await phone.keyboard.press('Enter')
  await sees(phone, '#sessions li', 'Kitchen laptop')

  await phone.locator('#sign-out-browsers').click()
  await sees(phone, '#question', 'Sign out 2 browsers?')
  await phone.keyboard.press('Escape')
  expect(await session(browsers[0] ?? other)).toBe(200)
  await phone.locator('#sign-out-browsers').click()
  await phone.locator('.question-yes').click()
  await device(phone, 'Kitchen laptop').waitFor({ state: 'detached' })
  for (const browser of browsers) expect(await session(browser)).toBe(401)
  expect(await session(other)).toBe(200)

  const asking = createClient(url)
  const token = await startLogin({
    ...asking,
    post: (path, body) => asking.call('POST', path, { body, headers: { 'x-forwarded-for': ICELAND } }),
  })
  await phone.goto(`${url}/scan#${token}`)
  await phone.reload()
  await sees(phone, '#request', 'Reykjavík, Iceland')
  await phone.locator('#deny').click()
  await sees(phone, '#result', 'Was this not you?')
  await phone.locator('.not-you button').click()
  await sees(phone, '#question', 'Sign out the other device?')
  await phone.locator('.question-yes').click()
  await phone.locator('#sessions li').nth(1).waitFor({ state: 'detached' })
  expect(await session(other)).toBe(401)
})

/** A phone that has seen what was there before it, which is no news to it. */
async function openPhone(url: string, options?: BrowserContextOptions): Promise<Page> {
  const phone = await visitors.phone(options)
  await openSignedIn(phone, url)
  await sees(phone, '#sessions', 'This phone')
  await letSettle(phone)
  return phone
}

/** Has the page ask whether to let a browser in that waits elsewhere, and lets it in. */
async function letIn(phone: Page, url: string): Promise<void> {
  const browser = createClient(url)
  const token = await startLogin(browser)
  await openCode(phone, token)
  await confirm(phone)
  await sees(phone, '#result', 'Confirmed')
  await browser.get(`/login/status/${token}`)
  await sees(phone, '#result', 'Signed in on')
}

/** Somebody signs in as this person, lets a browser in by that, and signs it out again: events alone tell of it. */
async function linkAndLeave(url: string): Promise<Client> {
  const thief = await createPhone(url)
  const gone = await linkFromElsewhere(thief, url)
  await gone.post('/sign-out')
  return thief
}

const endedSince = (phone: Page) => phone.locator('#new-links li', { hasText: 'It has since been signed out.' })

test('what has ended since is not taken for seen by a page that does not tell it', async () => {
  const { url } = await serve(env)
  const phone = await openPhone(url)
  await linkAndLeave(url)
  await createPhone(url)
  await phone.goto(url)
  await phone.locator('#sessions li').nth(2).waitFor()
  await letSettle(phone)
  await phone.locator('#approve a').click()
  await endedSince(phone).waitFor()
})

test('what has ended since is not taken for seen where what happened could not be had', async () => {
  const { url } = await serve(env)
  const phone = await openPhone(url)
  await (await linkAndLeave(url)).post('/sign-out')
  visitors.await(/status of 503 .*\/events$/)
  await phone.route('**/events', (route) => route.fulfill(problemReply(503, 'overloaded')))
  const refused = phone.waitForResponse('**/events')
  await letIn(phone, url)
  await phone.locator('#sessions li').nth(1).waitFor()
  await (await refused).finished()
  await letSettle(phone)
  await phone.unroute('**/events')
  await phone.reload()
  await endedSince(phone).nth(1).waitFor()
})

test('a browser notes once what is new to it, also where its list is then changed', async () => {
  const { url } = await serve(env)
  const browser = await linkFromElsewhere(await createPhone(url), url)
  await createPhone(url)
  const desktop = await visitors.desktop()
  await desktop.context().addCookies([...browser.cookies].map(([name, value]) => ({ name, value, url })))
  const noted: string[] = []
  desktop.on('request', (request) => {
    if (request.url().endsWith('/events/seen')) noted.push(request.url())
  })
  const first = desktop.waitForResponse(/\/events\/seen$/)
  await desktop.goto(`${url}/home`)
  await first
  await desktop.locator('#sessions li:has(.device-new:visible) .device-rename').click()
  await desktop.locator('#renaming input').fill('Kitchen tablet')
  const looked = desktop.waitForResponse(/\/sessions$/)
  await desktop.keyboard.press('Enter')
  await sees(desktop, '#sessions li', 'Kitchen tablet')
  await (await looked).finished()
  await letSettle(desktop)
  expect(noted).toHaveLength(1)
})

test('on a page that stays in sight it is told once what came after it is shown, and activity is then of that moment', async () => {
  const { url } = await serve(env)
  const phone = await openPhone(url)
  await phone.locator('#activity summary').click()
  await sees(phone, '#events', 'signed in')
  await (await linkAndLeave(url)).post('/sign-out')
  await letIn(phone, url)
  await endedSince(phone).nth(1).waitFor()
  await sees(phone, '#events', 'Unknown browser was signed in by your phone')
})

test('what a person has signed out is told so by their own word, also where the look after it fails', async () => {
  const { url } = await serve(env)
  const phone = await openPhone(url)
  const thief = await createPhone(url)
  await phone.reload()
  await sees(phone, '#new-links', 'New since you were last here')
  visitors.await(/status of 503 .*\/sessions$/)
  await phone.route(/\/sessions$/, (route) => route.fulfill(problemReply(503, 'overloaded')))
  await phone.locator('#new-links button:visible').first().click()
  await sees(phone, '#new-links li', 'have your password changed')
  expect(await session(thief)).toBe(401)
  expect(await phone.locator('#sessions li').count()).toBe(1)
})

test('signs of systems and browsers are drawn, also where the system chooses the colours', async () => {
  const { url } = await serve(env)
  const phone = await visitors.phone({ forcedColors: 'active' })
  await openSignedIn(phone, url)
  const own = device(phone, 'This phone')
  await own.waitFor()
  // They come in a file of their own.
  await eventually('the signs are drawn', () =>
    own.locator('use').evaluateAll((all) => all.every((use) => (use as SVGUseElement).getBBox().width > 0)),
  )
  const signs = await own.locator('svg').evaluateAll((all) =>
    all.map((svg) => ({
      sign: svg.querySelector('use')?.getAttribute('href')?.split('#')[1],
      isSeen: getComputedStyle(svg).stroke !== getComputedStyle(document.body).backgroundColor,
      width: svg.getBoundingClientRect().width > 10,
    })),
  )
  expect(signs.map(({ sign }) => sign)).toEqual(['sign-android', 'sign-chrome'])
  for (const { isSeen, width } of signs) expect([isSeen, width]).toEqual([true, true])
})

test('a key that is held down for too long signs out one device, and no other', async () => {
  const { url } = await serve(env)
  const phone = await openPhone(url)
  const thief = await createPhone(url)
  const linked = [await linkFromElsewhere(thief, url), await linkFromElsewhere(thief, url)]
  await phone.reload()
  const told = phone.locator('#new-links li')
  await told.nth(2).waitFor()
  await told.nth(1).getByRole('button').focus()
  await phone.keyboard.down('Enter')
  await sees(phone, '#new-links li', 'have your password changed')
  // Upon the row, and upon nothing that would end another.
  expect(await told.nth(1).evaluate((row) => row === document.activeElement)).toBe(true)
  await phone.keyboard.down('Enter')
  await phone.keyboard.up('Enter')
  expect(await phone.locator('#new-links li button:visible').count()).toBe(2)
  expect(await phone.locator('#new-links [aria-disabled]').count()).toBe(0)
  expect((await Promise.all([thief, ...linked].map(session))).sort()).toEqual([200, 200, 401])
})

test('a page that is left open tells what is new once somebody comes back to it, and leaves them where they were', async () => {
  const { url } = await serve(env)
  const phone = await openPhone(url)
  await phone.locator('#activity summary').click()
  await phone.locator('#events li').first().waitFor()
  const before = await phone.locator('#events li').count()
  const thief = await createPhone(url)
  const gone = await linkFromElsewhere(thief, url)
  await gone.post('/sign-out')
  await comeBack(phone)
  await sees(phone, '#new-links', 'New since you were last here')
  await sees(phone, '#new-links li', 'It has since been signed out.')
  await eventually('what happened is told', async () => (await phone.locator('#events li').count()) > before)
  const button = phone.locator('#new-links button:visible').first()
  await button.focus()
  await linkFromElsewhere(thief, url)
  await comeBack(phone)
  await phone.locator('#new-links li').nth(2).waitFor()
  expect(await phone.locator('#new-links li:has(button:focus)', { hasText: 'a phone of yours' }).count()).toBe(1)
})

test('who was signed out elsewhere and signs out what is new is led to the sign-in, as from every other list', async () => {
  const { url } = await serve(env)
  const phone = await openPhone(url)
  await createPhone(url)
  await phone.reload()
  await sees(phone, '#new-links', 'New since you were last here')
  visitors.await(/status of 401 /)
  await phone.context().clearCookies()
  await phone.locator('#new-links button:visible').first().click()
  await phone.locator('#sign-in-form').waitFor()
  expect(await phone.locator('#new-links').isVisible()).toBe(false)
})
