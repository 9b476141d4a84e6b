import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { hear } from '../support/heard.ts'
import { createClient } from '../support/http-client.ts'
import { startLogin, wrongNumber } from '../support/login-flow.ts'
import { openCode, openSignedIn, sees } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'

const { visitors, shared } = setUpPageTests({ matching: { MATCH: 'always', POLL_INTERVAL_SECONDS: '1' } })

/** Where parts are, in CSS pixels of the screen. What is not shown is nowhere. */
function placesOf(phone: Page, parts: readonly string[]): Promise<Record<string, number[]>> {
  return phone.evaluate(
    (all) =>
      Object.fromEntries(
        all.map((part) => {
          const box = document.querySelector(part)?.getBoundingClientRect()
          return [part, box === undefined || box.width === 0 ? [] : [box.x, box.y, box.width, box.height]]
        }),
      ),
    parts,
  )
}

const CARD = ['#request h1', '.asker', '.request-network', '.facts', '#deny', '#confirm']

test.each([
  [390, 844],
  [375, 667],
  [320, 568],
])('at %i × %i Deny and Confirm are in reach, and stay where they are whatever happens', async (width, height) => {
  visitors.await(/ERR_FAILED .*\/login\//)
  const { url } = shared('matching')
  const phone = await visitors.phone({ viewport: { width, height } })
  const heard = await hear(phone)
  await openSignedIn(phone, url)
  const browser = createClient(url)
  const token = await startLogin(browser)
  await phone.goto('about:blank')
  await phone.goto(`${url}/scan#${token}`)
  await sees(phone, '#request', 'Confirm only if this browser is in front of you right now')
  const still = await placesOf(phone, CARD)
  const holdsStill = async () => expect(await placesOf(phone, CARD)).toEqual(still)
  for (const button of ['#deny', '#confirm']) {
    const [x = -1, y = -1, wide = 0, high = 0] = still[button] ?? []
    expect([x >= 0, y >= 0, x + wide <= width, y + high <= height]).toEqual([true, true, true, true])
    expect([wide >= 120, high >= 48]).toEqual([true, true])
  }
  // As easily refused as confirmed.
  const [[, denyY, denyWide, denyHigh] = [], [, confirmY, confirmWide, confirmHigh] = []] = [
    still['#deny'],
    still['#confirm'],
  ]
  expect([denyY, denyWide, denyHigh]).toEqual([confirmY, confirmWide, confirmHigh])
  expect(await phone.evaluate(() => document.documentElement.scrollWidth)).toBe(width)

  // The connection is gone, and comes back.
  const polls = '**/login/scan/**'
  await phone.route(polls, (route) => route.abort())
  await sees(phone, '#status', 'Reconnecting')
  await holdsStill()

  // A confirmation that did not get through.
  await phone.route('**/login/confirm', (route) => route.abort())
  await phone.locator('#confirm').tap()
  await sees(phone, '#request-message', 'may have arrived')
  await holdsStill()
  await phone.unroute('**/login/confirm')
  await phone.unroute(polls)
  await phone.locator('#status').filter({ visible: true }).waitFor({ state: 'detached' })
  await holdsStill()

  await phone.locator('#confirm').tap()
  await phone.locator('#match-code').waitFor()
  const [refuse] = Object.values(await placesOf(phone, ['.result-deny']))
  expect(refuse).toEqual(still['#deny'])
  // A second tap is for nobody.
  const [x = 0, y = 0, wide = 0, high = 0] = still['#confirm'] ?? []
  const under = await phone.evaluate(
    ([left, top]) =>
      document.elementFromPoint(left ?? 0, top ?? 0)?.closest('button, a, input, select, label')?.outerHTML,
    [x + wide / 2, y + high / 2],
  )
  expect(under).toBeUndefined()

  const code = (await phone.locator('#match-code').textContent()) ?? ''
  const wrong = wrongNumber(code)
  for (let tries = 0; tries < 5; tries++) await browser.post('/login/match', { token, match_code: wrong })
  await sees(phone, '#result h1', 'Wrong number, five times')
  expect(await heard.focused()).not.toContain('nowhere')
})

/** What a click in the middle of the part goes to, at the very moment when the page hears the event. */
const underAt = (phone: Page, part: string, target: 'window' | 'document', event: string) =>
  phone.evaluate(
    ([selector, whose, name]) => {
      const { x, y, width, height } = document.querySelector(selector)?.getBoundingClientRect() ?? new DOMRect()
      const under = () => document.elementFromPoint(x + width / 2, y + height / 2)?.closest('button')?.id
      const before = under()
      ;(whose === 'window' ? window : document).dispatchEvent(new Event(name))
      return { before, after: under() }
    },
    [part, target, event] as const,
  )

test.each([
  ['window', 'focus'],
  ['document', 'visibilitychange'],
] as const)(
  'T8 at the %s’s %s the second click of a double click that began in front of it confirms nothing',
  async (target, event) => {
    const { url } = shared('matching')
    const phone = await visitors.phone()
    await openSignedIn(phone, url)
    await phone.locator('main:not([data-settling])').waitFor()
    // What lets nobody in is there at once: the click that brings a window to the front may be meant for it.
    const camera = { before: 'camera-start', after: 'camera-start' }
    expect(await underAt(phone, '#camera-start', target, event)).toEqual(camera)
    const token = await startLogin(createClient(url))
    await openCode(phone, token)
    const settled = phone.locator('main[data-shown="request"]:not([data-settling])')
    await settled.waitFor()
    expect(await underAt(phone, '#confirm', target, event)).toEqual({ before: 'confirm', after: undefined })
    await settled.waitFor()
    await phone.locator('#confirm').tap()
    await phone.locator('#match-code').waitFor()
  },
)

const LONG_NAME = `Ada ${'Wolfeschlegelsteinhausenbergerdorff'.repeat(4)}`

/** As much as there can be to say of a browser, an application and what is asked. */
const FULLEST = {
  ...{ same_network: false, match: 'code', confirm: 'passkey', new_browser: true },
  ip: '2001:0db8:85a3:1f2e:9c4d:8a2e:0370:7334',
  place: 'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch, United Kingdom',
  browser: { name: 'Samsung Internet for Android', os: 'Chrome OS' },
  application: {
    name: 'Donaudampfschifffahrtsgesellschaftskapitänsverwaltung',
    origin: 'https://a-host-of-some-length.department.headquarters.example.com',
    scopes: ['profile', 'email', 'groups'],
    logo: 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>',
  },
}

test.each([
  [375, 667, 'en-GB'],
  [320, 568, 'de-DE'],
])(
  'at %i × %i the fullest question (%s) has both buttons in reach, and nothing in it that cannot be read',
  async (width, height, locale) => {
    const { url } = shared('matching')
    const phone = await visitors.phone({ viewport: { width, height }, locale })
    await phone.route('**/login/scan', async (route) => {
      const response = await route.fetch()
      await route.fulfill({ response, json: { ...(await response.json()), ...FULLEST } })
    })
    await phone.route('**/session', async (route) => {
      const response = await route.fetch()
      const session = await response.json()
      if (response.ok()) Object.assign(session.user, { name: LONG_NAME })
      await route.fulfill({ response, json: session })
    })
    await openSignedIn(phone, url)
    const token = await startLogin(createClient(url))
    await openCode(phone, token)
    for (const part of [
      '.request-asks',
      '.request-new',
      '.request-where',
      '.request-match',
      '.request-passkey',
      '.app-sign img',
    ])
      await phone.locator(`#request ${part}`).waitFor()
    const places = await placesOf(phone, ['#deny', '#confirm'])
    for (const [x = -1, y = -1, wide = 0, high = 0] of Object.values(places)) {
      expect([x >= 0, y >= 0, x + wide <= width, y + high <= height]).toEqual([true, true, true, true])
    }
    expect(places['#deny']?.slice(1)).toEqual(places['#confirm']?.slice(1))
    expect(await phone.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
    // Nothing lies for good under the bar with the buttons, and nothing is cut.
    const unread = await phone.evaluate(() => {
      const parts = [...document.querySelectorAll<HTMLElement>('#request :is(h1, p, dd, bdi, span)')]
      const shown = parts.filter((part) => part.checkVisibility() && part.textContent?.trim() && !part.closest('.bar'))
      return shown.flatMap((part) => {
        part.scrollIntoView({ block: 'center', behavior: 'instant' })
        const { left, top, width: wide, height: high } = part.getBoundingClientRect()
        const found = document.elementFromPoint(left + wide / 2, top + high / 2)
        const isSeen = part.contains(found) || found?.contains(part)
        const isCut = part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).display !== 'inline'
        return isSeen && !isCut ? [] : [part.className || part.localName]
      })
    })
    expect(unread).toEqual([])
  },
)
