import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { createPhone } from '../support/http-client.ts'
import { scan } from '../support/login-flow.ts'
import { confirm, isSignedIn, openLoginPage, readQr, readToken, sees, signInOnPhone } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'

/** What pages load when it is needed, over a line that fails once: it is had at the next try, though browsers remember. */

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
  const cut = await cutFirst(phone, 'account-parts')
  await phone.goto(`${url}/scan`)
  await signInOnPhone(phone)
  await cut()
  await sees(phone, '#status', 'could not be shown')
  // A code that is none of ours leads back to the same place.
  visitors.await(/status of 404 .*\/login\/scan$/)
  await phone.locator('#user-code').fill('BCDF-GHJK')
  await phone.locator('#user-code-form [type=submit]').click()
  await sees(phone, '#sessions', 'This phone')
})
