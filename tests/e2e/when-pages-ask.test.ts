import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { eventually } from '../support/eventually.ts'
import { createClient } from '../support/http-client.ts'
import { startLogin } from '../support/login-flow.ts'
import { confirm, hide, openLoginPage, sees, showsCode, signInOnPhone, stopClock } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'

/** When pages ask the service: at once when somebody comes back to them, else by a clock that nobody can set. */

const { visitors, shared } = setUpPageTests({
  // The next poll is a minute away.
  patient: { POLL_INTERVAL_SECONDS: '60', POLL_HOLD_SECONDS: '0' },
  ordinary: { POLL_INTERVAL_SECONDS: '5', POLL_HOLD_SECONDS: '0', QR_REFRESH_SECONDS: '30' },
  apart: { POLL_INTERVAL_SECONDS: '15', MATCH: 'never' },
})

const POLL = /\/login\/status\//

const fire = (name: string) => (page: Page) => page.evaluate((event) => window.dispatchEvent(new Event(event)), name)

/** A page between two polls, whose clock stands still: what it asks for by itself now no timer has brought. */
async function openBetweenPolls() {
  const { url } = shared('patient')
  const desktop = await visitors.desktop()
  await desktop.clock.install()
  let polls = 0
  desktop.on('request', (request) => {
    if (POLL.test(request.url())) polls += 1
  })
  const answered = desktop.waitForResponse(POLL)
  await openLoginPage(desktop, url)
  await (await answered).finished()
  await stopClock(desktop)
  expect(polls).toBe(1)
  /** What the page has begun to ask by now is under way before this is. */
  const settled = () => desktop.evaluate(async () => (await fetch('/healthz')).text())
  return { desktop, polls: () => polls, settled }
}

test.each([
  { comesBack: 'is focused', how: fire('focus') },
  { comesBack: 'is shown again out of the back/forward cache', how: fire('pageshow') },
  {
    comesBack: 'is online again',
    how: async (page: Page) => {
      await page.context().setOffline(true)
      await page.context().setOffline(false)
    },
  },
])('a page that $comesBack between two polls asks at once, and once', async ({ how }) => {
  const { desktop, polls, settled } = await openBetweenPolls()
  await how(desktop)
  await eventually('it has asked', async () => polls() > 1)
  await settled()
  await how(desktop)
  await settled()
  expect(polls()).toBe(2)
})

test('a page that goes out of sight asks nothing, and asks once it is back', async () => {
  const { desktop, polls, settled } = await openBetweenPolls()
  await hide(desktop, true)
  await settled()
  expect(polls()).toBe(1)
  await hide(desktop, false)
  await eventually('it has asked', async () => polls() > 1)
  await settled()
  await hide(desktop, false)
  await settled()
  expect(polls()).toBe(2)
})

test('a phone that has confirmed hears that the browser is in, however far apart polls are', async () => {
  const { url } = shared('apart')
  const [phone, browser] = [await visitors.phone(), createClient(url)]
  const token = await startLogin(browser)
  await phone.goto(`${url}/scan#${token}`)
  await signInOnPhone(phone)
  // It is told so for ten seconds: just after the page has heard that it is not yet, and again before they are over.
  const notYet = phone.waitForResponse(/\/login\/scan\/.*seen=authenticated/)
  await confirm(phone)
  await (await notYet).finished()
  await browser.get(`/login/status/${token}`)
  await sees(phone, '#result h1', 'Signed in on')
})

const HOUR_MS = 3_600_000
/** By then the code was renewed twice. */
const SECONDS = 66

test.each([
  { shiftMs: HOUR_MS, way: 'forwards' },
  { shiftMs: -HOUR_MS, way: 'backwards' },
])('a device whose time is set $way by an hour counts, renews and asks as before', async ({ shiftMs }) => {
  const desktop = await visitors.desktop()
  await desktop.clock.install()
  await desktop.addInitScript(noteRequests)
  const answered = desktop.waitForResponse(POLL)
  await openLoginPage(desktop, shared('ordinary').url)
  const json = await (await answered).json()
  await stopClock(desktop)
  // The service's own clock goes on as ever: by that they would come too fast.
  await desktop.route(POLL, (route) => route.fulfill({ json }))
  await settle(desktop)
  const before = await secondsLeft(desktop)
  const real = await noted(desktop)
  await desktop.evaluate((ms) => {
    const { now } = Date
    Date.now = () => now.call(Date) + ms
  }, shiftMs)
  const counted: number[] = []
  for (let second = 0; second < SECONDS; second += 1) {
    await desktop.clock.runFor(1000)
    await settle(desktop)
    counted.push(await secondsLeft(desktop))
  }
  expect(counted.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, at) => before - 1 - at))
  await showsCode(desktop)
  // What came while the clock still ran came as late as the machine is slow.
  const { polls, renewals } = await noted(desktop)
  expect(renewals - real.renewals).toBe(2)
  const own = polls.slice(real.polls.length)
  const pauses = own.slice(1).map((at, nth) => Math.round((at - (own[nth] ?? 0)) / 1000))
  expect(pauses).toEqual(pauses.map(() => 5))
  expect(own.length).toBeGreaterThanOrEqual(Math.floor(SECONDS / 5))
})

interface Noted {
  /** When each poll began, by the clock that the page goes by. */
  polls: number[]
  renewals: number
  underWay: Set<Promise<unknown>>
}

/** In the page, from before it begins. */
function noteRequests(): void {
  const noted: Noted = { polls: [], renewals: -1, underWay: new Set() }
  Reflect.set(window, 'noted', noted)
  const ordinary = window.fetch
  window.fetch = (input, init) => {
    const path = String(input)
    if (path.startsWith('/login/status/')) noted.polls.push(performance.now())
    if (path === '/login' && init?.method === 'POST') noted.renewals += 1
    const reply = ordinary(input, init)
    const whole = reply.then(
      (response) => response.clone().text(),
      () => undefined,
    )
    noted.underWay.add(whole)
    void whole.then(() => noted.underWay.delete(whole))
    return reply
  }
}

/** Until what the page has asked for is answered, and what it makes of that is done. */
const settle = (page: Page) =>
  page.evaluate(async () => {
    const { underWay }: Noted = Reflect.get(window, 'noted')
    const turn = () =>
      new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel()
        port1.onmessage = resolve
        port2.postMessage('')
      })
    do {
      await Promise.all(underWay)
      for (let turns = 0; turns < 5; turns += 1) await turn()
    } while (underWay.size > 0)
  })

const noted = (page: Page) =>
  page.evaluate(() => {
    const { polls, renewals }: Noted = Reflect.get(window, 'noted')
    return { polls, renewals }
  })

async function secondsLeft(page: Page): Promise<number> {
  const words = await page.locator('.countdown .left').textContent()
  return Number(/\d+/.exec(words ?? '')?.[0])
}
