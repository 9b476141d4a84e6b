import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { faultsIn } from '../support/axe.ts'
import { during, hear } from '../support/heard.ts'
import { type Client, createClient, createPhone } from '../support/http-client.ts'
import { signInBrowser } from '../support/login-flow.ts'
import { comeBack, openSignedIn, sees } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'
import { problemReply } from '../support/problem-reply.ts'

const MANY = 60
const DAY = 86_400_000
const LONG = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunter'
const IPV6 = '2001:db8:85a3:8d3:1319:8a2e:370:7348'
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15',
]

const { visitors, serve } = setUpPageTests({})
const env = { MATCH: 'never', MAX_SESSIONS: '100', TRUST_PROXY: '127.0.0.1/32' }

async function link(by: Client, url: string, agent = AGENTS[0], address = '192.0.2.7'): Promise<Client> {
  const browser = createClient(url)
  const headers = { 'user-agent': agent, 'x-forwarded-for': address }
  await signInBrowser({ ...browser, post: (path, body) => browser.call('POST', path, { body, headers }) }, by)
  return browser
}

const rows = (page: Page) => page.locator('#sessions li')
const row = (page: Page, words: string) => rows(page).filter({ hasText: words })
const status = async (client: Client | undefined) => (await client?.get('/session'))?.status

/** @returns what goes beyond the page's edge */
const widerThan = (page: Page, width: number): Promise<string[]> =>
  page.evaluate((most) => {
    const parts = [...document.querySelectorAll('body *:not(.unseen)')]
    const wide = parts.filter((part) => part.getBoundingClientRect().right > most)
    return [...(document.documentElement.scrollWidth > most ? ['page'] : []), ...wide.map(({ outerHTML }) => outerHTML)]
  }, width)

/** The next look at the list is refused, as looks are first under load, and nothing else is. */
async function refuseOneLook(page: Page): Promise<void> {
  visitors.await(/status of 503 .*\/sessions$/)
  let isRefused = false
  await page.route(/\/sessions$/, (route) => {
    if (isRefused || route.request().method() !== 'GET') return route.fallback()
    isRefused = true
    return route.fulfill(problemReply(503, 'overloaded'))
  })
}

/** What ends many is done, and its answer gets lost on the way, once. */
async function loseOneAnswer(page: Page): Promise<void> {
  visitors.await(/net::ERR_CONNECTION_RESET .*\/sessions$/)
  let isLost = false
  await page.route(/\/sessions$/, async (route) => {
    if (isLost || route.request().method() !== 'DELETE') return route.fallback()
    isLost = true
    await route.fetch()
    await route.abort('connectionreset')
  })
}

async function signOutAllOthers(page: Page): Promise<void> {
  await page.locator('#sign-out-others').click()
  await page.locator('.question-yes').click()
}

/** The element, as who listens to the page is told of it. */
const focus = (page: Page, part: string) => page.locator(`${part}:focus`).waitFor()

test('a list of devices is gone through by ear and by keyboard: what was done is said, and the focus stays where it was', async () => {
  const { url } = await serve(env)
  const other = await createPhone(url)
  const linked = [await link(other, url), await link(other, url), await link(other, url, AGENTS[1], IPV6)]
  const phone = await visitors.phone()
  const heard = await hear(phone)
  await openSignedIn(phone, url)
  await phone.goto(`${url}/home`)
  await sees(phone, '#sessions [data-group="here"] li', 'This phone')
  await row(phone, 'Safari on macOS').waitFor()
  expect(await phone.getByRole('heading', { level: 3 }).allTextContents()).toEqual(['Recently active'])
  expect(await phone.getByRole('list', { name: 'Recently active' }).getByRole('listitem').count()).toBe(4)

  // No two buttons have one name, and each begins with what it says.
  const names = await phone.evaluate(() => {
    const textOf = (id: string) => {
      const part = document.getElementById(id)
      return part instanceof HTMLInputElement ? part.value : part?.textContent
    }
    return [...document.querySelectorAll('#sessions [aria-labelledby]:not(ul, [hidden])')].map((button) =>
      button.getAttribute('aria-labelledby')?.split(' ').map(textOf).join(' ').trim(),
    )
  })
  expect(new Set(names.filter((name) => name?.startsWith('Sign out'))).size).toBe(3 + 1)
  expect(names).toContain('Rename Safari on macOS')
  await phone.getByRole('button', { name: `Sign out Safari on macOS ${IPV6}`, exact: true }).focus()

  const ended = await during(heard, async () => {
    await phone.keyboard.press('Enter')
    await row(phone, 'Safari on macOS').waitFor({ state: 'detached' })
    await sees(phone, '#sessions-said', 'Signed out: \u2068Safari on macOS\u2069')
    // Upon a row, and upon nothing that would end it too.
    await focus(phone, '#sessions li')
  })
  expect(await status(linked[2])).toBe(401)
  expect(ended.said).toEqual(['Signed out: \u2068Safari on macOS\u2069'])
  expect(ended.focused).not.toContain('nowhere')

  // A list that is read anew is left alone where nothing in it has changed.
  const own = await row(phone, 'This phone').elementHandle()
  const asked = phone.waitForResponse((response) => response.url().endsWith('/sessions'))
  await phone.evaluate(() => window.dispatchEvent(new Event('online')))
  await asked
  expect(await own?.evaluate((element) => element.isConnected)).toBe(true)
  await focus(phone, '#sessions li')

  visitors.await(/status of 400 .*\/sessions\//)
  const rename = phone.getByRole('button', { name: 'Rename Chrome on Android' }).last()
  await rename.focus()
  await phone.keyboard.press('Enter')
  await focus(phone, '#renaming input')
  await phone.keyboard.type('Kitchen\u202e')
  await phone.keyboard.press('Enter')
  await sees(phone, '#renaming-message', 'characters in it that nobody sees')
  await focus(phone, '#renaming input')
  await phone.locator('#renaming input').fill(LONG)
  await phone.keyboard.press('Enter')
  await sees(phone, '#sessions-said', `Renamed: \u2068${LONG}\u2069`)
  await focus(phone, '[value="Rename"]')
  expect(await faultsIn(phone)).toEqual([])

  await phone.locator('#sign-out-others').focus()
  await phone.keyboard.press('Enter')
  await sees(phone, '#question', 'Sign out all 3 others?')
  expect(await faultsIn(phone)).toEqual([])
  await phone.keyboard.press('Escape')
  await focus(phone, '#sign-out-others')
  const all = await during(heard, async () => {
    await phone.keyboard.press('Enter')
    await phone.locator('.question-yes').click()
    await sees(phone, '#sessions-said', '3 devices were signed out')
    await focus(phone, '#devices-title')
  })
  expect(all.focused).not.toContain('nowhere')
  expect(all.said).toEqual(['3 devices were signed out'])
  expect(await Promise.all([other, ...linked].map(status))).toEqual([401, 401, 401, 401])
  expect(await rows(phone).count()).toBe(1)
  await phone.locator('#activity summary').click()
  const told = phone.locator('#events .event-what', { hasText: 'were signed out' })
  await told.waitFor()
  expect(await told.textContent()).toBe('3\u00a0devices were signed out')
})

test('sixty devices are a short list until somebody asks for all; nothing in it is wider than the smallest screen', async () => {
  const { url } = await serve(env)
  const other = await createPhone(url)
  for (let at = 0; at < MANY; at++) await link(other, url, AGENTS[at % 2], at % 3 === 0 ? IPV6 : `192.0.2.${at}`)
  const { json } = await other.get('/sessions')
  await other.call('PATCH', `/sessions/${json.sessions[0].id}`, { body: { name: LONG } })
  const phone = await visitors.phone({ viewport: { width: 320, height: 640 }, deviceScaleFactor: 1 })
  await openSignedIn(phone, url)
  await phone.goto(`${url}/home`)
  await rows(phone).nth(7).waitFor()
  expect(await rows(phone).count()).toBe(8)
  const height = () => phone.evaluate(() => document.documentElement.scrollHeight)
  expect(await height()).toBeLessThan(2400)

  const more = phone.locator('#more-devices')
  await sees(phone, '#more-devices', `Show ${MANY + 2 - 8} more devices`)
  await more.focus()
  await phone.keyboard.press('Enter')
  expect(await rows(phone).count()).toBe(MANY + 2)
  // On the first that was not there before.
  expect(
    await rows(phone)
      .nth(8)
      .evaluate((element) => element === document.activeElement),
  ).toBe(true)
  const widths = [
    { width: 320, height: 640 },
    { width: 1280, height: 800 },
  ]
  for (const viewport of widths) {
    await phone.setViewportSize(viewport)
    for (const size of ['100%', '200%']) {
      await phone.evaluate((fontSize) => Object.assign(document.documentElement.style, { fontSize }), size)
      expect(await widerThan(phone, viewport.width)).toEqual([])
      // No word is taken apart letter by letter for want of room.
      const widest = await rows(phone)
        .locator('.device-words')
        .evaluateAll((all) => all.map((one) => one.clientWidth))
      expect(Math.min(...widest)).toBeGreaterThan(120)
    }
  }
  await sees(phone, '#more-devices', 'Show fewer')
  await more.click()
  expect(await rows(phone).count()).toBe(8)
  expect(await more.evaluate((button) => button === document.activeElement)).toBe(true)
})

test('a device that is used again is among those, on a page that stays open; who comes back to the page finds what was used last at the top', async () => {
  const { url } = await serve(env)
  const other = await createPhone(url)
  await link(other, url, AGENTS[0])
  await link(other, url, AGENTS[1])
  const phone = await visitors.phone()
  await openSignedIn(phone, url)

  const daysAgo = { Firefox: 1, Safari: 10 }
  await phone.route(/\/sessions$/, async (route) => {
    const response = await route.fetch()
    const { sessions } = await response.json()
    const now = Date.parse(sessions.find(({ current }: { current: boolean }) => current).last_seen_at)
    const json = sessions.map((each: { browser: { name: string } }) => {
      const days = Object.entries(daysAgo).find(([name]) => name === each.browser.name)?.[1]
      return days === undefined ? each : { ...each, last_seen_at: new Date(now - days * DAY).toISOString() }
    })
    await route.fulfill({ response, json: { sessions: json } })
  })
  const look = async () => {
    const asked = phone.waitForResponse(/\/sessions$/)
    await phone.evaluate(() => window.dispatchEvent(new Event('online')))
    await asked
  }
  const group = (name: string) => phone.locator(`#sessions [data-group="${name}"] li`)
  const first = (words: string) =>
    group('recent')
      .filter({ hasText: /Firefox|Safari/ })
      .first()
      .filter({ hasText: words })

  await phone.goto(`${url}/home`)
  await group('idle').filter({ hasText: 'Safari on macOS' }).waitFor()
  await first('Firefox').waitFor()

  daysAgo.Safari = 0
  await look()
  await group('recent').filter({ hasText: 'Safari on macOS' }).waitFor()
  // Nothing moves under a finger but for that.
  await first('Firefox').waitFor()
  await comeBack(phone)
  await first('Safari').waitFor()
})

test('what was done is told as done, whatever comes of the look after it', async () => {
  const { url } = await serve(env)
  const other = await createPhone(url)
  const linked = [await link(other, url), await link(other, url, AGENTS[1], IPV6)]
  const phone = await visitors.phone()
  await openSignedIn(phone, url)
  await row(phone, 'Safari on macOS').waitFor()

  await refuseOneLook(phone)
  await row(phone, 'Safari on macOS').locator('.device-end').click()
  await row(phone, 'Safari on macOS').waitFor({ state: 'detached' })
  await sees(phone, '#sessions-said', 'Signed out: \u2068Safari on macOS\u2069')
  expect(await status(linked[1])).toBe(401)

  await refuseOneLook(phone)
  await row(phone, 'Firefox on Linux').locator('.device-rename').click()
  await phone.locator('#renaming input').fill('Kitchen')
  await phone.keyboard.press('Enter')
  await sees(phone, '#sessions-said', 'Renamed: \u2068Kitchen\u2069')
  await row(phone, 'Kitchen').waitFor()

  await refuseOneLook(phone)
  await signOutAllOthers(phone)
  await sees(phone, '#sessions-said', '2 devices were signed out')
  expect(await rows(phone).count()).toBe(1)
})

test('what was done and not answered is looked for; done once more where that is not seen, it is told as it was', async () => {
  const { url } = await serve(env)
  const phone = await visitors.phone()
  await createPhone(url)
  await openSignedIn(phone, url)
  await rows(phone).nth(1).waitFor()
  await loseOneAnswer(phone)
  await signOutAllOthers(phone)
  await rows(phone).nth(1).waitFor({ state: 'detached' })
  expect(await phone.locator('#sessions-message').textContent()).toBe('')

  await createPhone(url)
  await phone.reload()
  await rows(phone).nth(1).waitFor()
  await loseOneAnswer(phone)
  await refuseOneLook(phone)
  await signOutAllOthers(phone)
  await sees(phone, '#sessions-message', 'cannot be reached')
  await signOutAllOthers(phone)
  await sees(phone, '#sessions-said', '1 device was signed out')
  expect(await rows(phone).count()).toBe(1)
})
