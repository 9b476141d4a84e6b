import { describe, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { eventually } from '../support/eventually.ts'
import { createPhone } from '../support/http-client.ts'
import { scan } from '../support/login-flow.ts'
import {
  confirm,
  isSignedIn,
  openLoginPage,
  openSignedIn,
  readQr,
  readToken,
  runUntil,
  sees,
  signInOnPhone,
} from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'

/**
 * What pages load when it is needed: over a line that fails once it is had at the next try, though browsers remember; of a build
 * that the service has no more, by a page of the next build.
 */

const { visitors, serve } = setUpPageTests({})

/**
 * Cuts the first request for a file of the build. An address that could not be imported most browsers ask for no more, as long as
 * the page lives; the newest do (Chromium since 156), so a script is cut at its own address for good.
 * @returns what waits until it was cut
 */
async function cutFirst(page: Page, name: string, ending: 'js' | 'css' = 'js'): Promise<() => Promise<unknown>> {
  visitors.await(new RegExp(`ERR_FAILED .*/assets/${name}-`))
  const isIt = new RegExp(`/assets/${name}-\\w+\\.${ending}$`)
  const cut = page.waitForEvent('requestfailed', (request) => isIt.test(request.url()))
  await page.route(isIt, (route) => route.abort(), ending === 'js' ? {} : { times: 1 })
  return () => cut
}

/** As on a line that is dead without a word: the first request for a file of the build is not answered. */
const hangFirst = (page: Page, name: string, ending: 'js' | 'css') =>
  page.route(new RegExp(`/assets/${name}-\\w+\\.${ending}$`), () => undefined, { times: 1 })

/** How often the page has this sheet. */
const sheets = (page: Page, name: string) => page.locator(`link[rel="stylesheet"][href*="/${name}-"]`).count()

test('digits are asked for and taken where the form for them, and how it looks, could not be had at first', async () => {
  const { url } = await serve({ MATCH: 'always' })
  const phone = await createPhone(url)
  const desktop = await visitors.desktop()
  const script = await cutFirst(desktop, 'login-forms')
  const sheet = await cutFirst(desktop, 'login-forms', 'css')
  await openLoginPage(desktop, url)
  await Promise.all([script(), sheet()])
  const token = await readToken(desktop)
  await scan(phone, token)
  const { match_code: digits } = (await phone.post('/login/confirm', { token })).json
  await desktop.locator('#match-form #match-code').fill(digits)
  expect(await sheets(desktop, 'login-forms')).toBe(1)
  await isSignedIn(desktop)
})

test('a code to type is there at a press where what shows it could not be had ahead of that', async () => {
  const { url } = await serve()
  const desktop = await visitors.desktop()
  const cut = await cutFirst(desktop, 'login-forms')
  await openLoginPage(desktop, url)
  await cut()
  await desktop.locator('#user-code button').click()
  await sees(desktop, '#user-code', /^[A-Z]{4}-[A-Z]{4}$/)
})

test.each(['css', 'js'] as const)(
  'digits are asked for and taken where the %s of their form does not come, nor fails',
  async (ending) => {
    const { url } = await serve({ MATCH: 'always' })
    const phone = await createPhone(url)
    const desktop = await visitors.desktop()
    await hangFirst(desktop, 'login-forms', ending)
    await desktop.clock.install()
    await openLoginPage(desktop, url)
    const token = await readToken(desktop)
    await scan(phone, token)
    const { match_code: digits } = (await phone.post('/login/confirm', { token })).json
    await runUntil(desktop, '#match-form')
    await desktop.locator('#match-form #match-code').fill(digits)
    await isSignedIn(desktop)
  },
)

test('a module that a slow line brings after its time is taken as it comes', async () => {
  const { url } = await serve()
  const desktop = await visitors.desktop()
  let letGo = () => {}
  let asked = 0
  await desktop.route(/\/assets\/login-forms-\w+\.js/, async (route) => {
    asked += 1
    if (asked > 1) return
    await new Promise<void>((resolve) => {
      letGo = resolve
    })
    await route.continue()
  })
  await desktop.clock.install()
  await openLoginPage(desktop, url)
  await desktop.locator('#user-code button').click()
  await eventually('it is asked for', async () => asked === 1)
  await desktop.clock.fastForward(10_000)
  await sees(desktop, '.other-way .message', 'cannot be reached')
  await desktop.locator('#user-code button').click()
  await eventually('it is asked for anew', async () => asked === 2)
  letGo()
  await sees(desktop, '#user-code', /^[A-Z]{4}-[A-Z]{4}$/)
})

test('whoever presses for the camera is told to wait while what films comes, and when it does not', async () => {
  const { url } = await serve()
  const phone = await visitors.phone()
  await hangFirst(phone, 'scanner', 'js')
  await phone.clock.install()
  await openSignedIn(phone, url)
  await phone.locator('#camera-start').click()
  await sees(phone, '#chooser-message:not(.wrong)', 'One moment')
  await phone.clock.fastForward(10_000)
  await sees(phone, '#chooser-message.wrong', 'could not be loaded')
  await phone.locator('#camera-start').click()
  await sees(phone, '#chooser-message', 'No camera was found')
})

test('a phone asks about a code where what asks could not be had at first', async () => {
  const { url } = await serve({ MATCH: 'never' })
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, url)
  const phone = await visitors.phone()
  const cut = await cutFirst(phone, 'approving')
  await phone.goto(await readQr(desktop))
  await signInOnPhone(phone)
  await cut()
  await sees(phone, '#request', 'Chrome on Windows')
  expect(await sheets(phone, 'request')).toBe(1)
  await confirm(phone)
  await isSignedIn(desktop)
})

test('devices that could not be shown are there as soon as the person comes back to them', async () => {
  const { url } = await serve()
  const phone = await visitors.phone()
  const cut = await cutFirst(phone, 'account-lists')
  await openSignedIn(phone, url)
  await cut()
  await sees(phone, '#status', 'could not be shown')
  // A code that is none of ours leads back to the same place.
  visitors.await(/status of 404 .*\/login\/scan$/)
  await phone.locator('#user-code').fill('BCDF-GHJK')
  await phone.locator('#user-code-form [type=submit]').click()
  await sees(phone, '#sessions', 'This phone')
})

describe('after an upgrade, when the file that an open page asks for is gone', () => {
  /**
   * An upgrade, as it is for a page that is open: the file is gone under the name that the page knows it by, until the page
   * itself is loaded anew, as then it knows another.
   * @returns how often the page was loaded anew
   */
  async function upgrade(page: Page, name: string, { isMissed = false } = {}): Promise<() => number> {
    visitors.await(new RegExp(`status of 404 .*/assets/${name}-`))
    let loads = 0
    page.on('request', (request) => {
      if (request.isNavigationRequest()) loads += 1
    })
    await page.route(new RegExp(`/assets/${name}-\\w+\\.js`), (route) =>
      loads === 0 || isMissed ? route.fulfill({ status: 404 }) : route.continue(),
    )
    return () => loads
  }

  test('a phone that signs in on the page loads it anew, and asks about the code', async () => {
    const { url } = await serve({ MATCH: 'never' })
    const desktop = await visitors.desktop()
    await openLoginPage(desktop, url)
    const phone = await visitors.phone()
    await phone.goto(await readQr(desktop))
    await phone.locator('#sign-in-form').waitFor()
    const loads = await upgrade(phone, 'approving')
    await signInOnPhone(phone)
    await sees(phone, '#request', 'Chrome on Windows')
    expect(loads()).toBe(1)
    await confirm(phone)
    await isSignedIn(desktop)
  })

  test('a phone on which a code is typed loads the page anew, and asks about it', async () => {
    const { url } = await serve({ MATCH: 'never' })
    const desktop = await visitors.desktop()
    await openLoginPage(desktop, url)
    await desktop.locator('#user-code button').click()
    await sees(desktop, '#user-code', /^[A-Z]{4}-[A-Z]{4}$/)
    const phone = await visitors.phone()
    await cutFirst(phone, 'approving')
    // The page has looked whether the file is gone.
    const lookedFor = phone.waitForEvent('requestfailed', (request) => request.method() === 'HEAD')
    await openSignedIn(phone, url)
    await lookedFor
    const loads = await upgrade(phone, 'approving')
    await phone.locator('#user-code').fill(String(await desktop.locator('#user-code').textContent()))
    await phone.locator('#user-code-form [type=submit]').click()
    await sees(phone, '#request', 'Chrome on Windows')
    expect(loads()).toBe(1)
    await confirm(phone)
    await isSignedIn(desktop)
  })

  test('devices are shown', async () => {
    const { url } = await serve()
    const phone = await visitors.phone()
    await phone.goto(`${url}/scan`)
    await phone.locator('#sign-in-form').waitFor()
    const loads = await upgrade(phone, 'account-lists')
    await signInOnPhone(phone)
    await sees(phone, '#sessions', 'This phone')
    expect(loads()).toBe(1)
  })

  test('a login page goes on with its login, whose digits are asked for', async () => {
    const { url } = await serve({ MATCH: 'always' })
    const phone = await createPhone(url)
    const desktop = await visitors.desktop()
    await cutFirst(desktop, 'login-forms')
    const lookedFor = desktop.waitForEvent('requestfailed', (request) => request.method() === 'HEAD')
    await openLoginPage(desktop, url)
    await lookedFor
    const token = await readToken(desktop)
    const loads = await upgrade(desktop, 'login-forms')
    await scan(phone, token)
    const { match_code: digits } = (await phone.post('/login/confirm', { token })).json
    await desktop.locator('#match-form #match-code').fill(digits)
    await isSignedIn(desktop)
    expect(loads()).toBe(2)
  })

  test('a page whose next one has not the file either is loaded anew three times, then says that it tries on', async () => {
    const { url } = await serve({ MATCH: 'never' })
    const desktop = await visitors.desktop()
    await openLoginPage(desktop, url)
    const phone = await visitors.phone()
    await phone.clock.install()
    await phone.goto(await readQr(desktop))
    const loads = await upgrade(phone, 'approving', { isMissed: true })
    await signInOnPhone(phone)
    await eventually('it is loaded anew three times', async () => {
      // Else time goes faster than the page starts, and page-guard.js loads it anew too.
      await phone.locator('html[data-started]').waitFor({ state: 'attached' })
      await phone.clock.runFor(1000)
      return loads() === 3
    })
    await sees(phone, '#status', 'Trying again')
    for (let tries = 0; tries < 3; tries++) {
      await Promise.all([phone.waitForResponse(/approving-\w+\.js\?again=/), phone.clock.fastForward(60_000)])
    }
    expect(loads()).toBe(3)
  })

  test('a page is not loaded anew while what stands before the service says of all that it is not there', async () => {
    const { url } = await serve({ MATCH: 'never' })
    const desktop = await visitors.desktop()
    await openLoginPage(desktop, url)
    const phone = await visitors.phone()
    await phone.goto(await readQr(desktop))
    const loads = await upgrade(phone, 'approving')
    await phone.route('**/scan', (route) =>
      route.request().method() === 'HEAD' ? route.fulfill({ status: 404 }) : route.fallback(),
    )
    visitors.await(/status of 404 .*\/scan(#|$)/)
    await Promise.all([phone.waitForResponse(/approving-\w+\.js\?again=2/), signInOnPhone(phone)])
    expect(loads()).toBe(0)
  })
})
