import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { eventually } from '../support/eventually.ts'
import { createClient, createPhone } from '../support/http-client.ts'
import { scan, signInBrowser, startLogin } from '../support/login-flow.ts'
import { isSignedIn, openCode, openLoginPage, openSignedIn, readToken, sees } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'
import { pictureOf } from '../support/picture-of.ts'

/** Answers that come when the person has gone on: each is about what was asked then, and nothing else. */

const { visitors, serve } = setUpPageTests({})

/** Keeps the answer to the next request of that path until it is let go. */
async function hold(page: Page, path: RegExp): Promise<{ isAsked: () => boolean; letGo: () => Promise<void> }> {
  let isAsked = false
  let letGo = () => {}
  let answered = () => {}
  const waiting = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const gone = new Promise<void>((resolve) => {
    answered = resolve
  })
  let isTaken = false
  // Not `times: 1`: with its last route the page lets go of all that is still held.
  await page.route(path, async (route) => {
    if (isTaken) return route.fallback()
    isTaken = true
    const response = await route.fetch()
    isAsked = true
    await waiting
    await route.fulfill({ response }).catch(() => undefined)
    answered()
  })
  return {
    isAsked: () => isAsked,
    async letGo() {
      letGo()
      await gone
    },
  }
}

/** A code of a browser elsewhere is opened by the phone's own camera. */
async function openNewCode(phone: Page, url: string): Promise<void> {
  const token = await startLogin(createClient(url))
  await openCode(phone, token)
}

/** What the page has heard by now it has also shown. */
const settled = (page: Page) =>
  page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))

async function openPhone(url: string): Promise<Page> {
  const phone = await visitors.phone()
  await openSignedIn(phone, url)
  return phone
}

test('a code that comes while another is being confirmed is asked about, and its buttons are its own', async () => {
  const { url } = await serve({ MATCH: 'never' })
  const phone = await openPhone(url)
  await openNewCode(phone, url)
  const first = await hold(phone, /\/login\/confirm$/)
  await phone.locator('#confirm').click()
  await eventually('the first is confirmed', async () => first.isAsked())

  await openNewCode(phone, url)
  await phone.locator('#request[hidden]').waitFor({ state: 'detached' })
  await phone.locator('main[data-shown="request"]:not([data-settling])').waitFor()
  const second = await hold(phone, /\/login\/deny$/)
  await phone.locator('#deny').click()
  await eventually('the second is refused', async () => second.isAsked())
  await first.letGo()
  await settled(phone)
  expect(await phone.locator('main').getAttribute('data-shown')).toBe('request')
  expect(await phone.locator('#deny').getAttribute('aria-disabled')).toBe('true')
  await second.letGo()
  await sees(phone, '#result', 'Refused')
})

test('a code that comes while something is asked over the page takes the place of the question, which is answered with no', async () => {
  const { url } = await serve({ MATCH: 'never' })
  const other = await createPhone(url)
  const phone = await openPhone(url)
  await phone.locator('#sign-out-others').click()
  await phone.locator('#question[open]').waitFor()
  await openNewCode(phone, url)
  await phone.locator('#request h1:focus').waitFor()
  expect(await phone.locator('dialog[open]').count()).toBe(0)
  expect((await other.get('/session')).status).toBe(200)
})

test('a name that is saved late neither closes nor speaks in the dialog of the next', async () => {
  visitors.await(/status of 400 .*\/sessions\//)
  const { url } = await serve({ MATCH: 'never' })
  const phone = await openPhone(url)
  await signInBrowser(createClient(url), await createPhone(url))
  await phone.goto(`${url}/home`)
  const rename = phone.locator('#sessions .device-rename')
  for (const name of ['Kitchen', 'Kitchen\u202e']) {
    const late = await hold(phone, /\/sessions\/[^/]+$/)
    await rename.first().click()
    await phone.locator('#renaming input').fill(name)
    await phone.keyboard.press('Enter')
    await eventually('the name is on its way', async () => late.isAsked())
    await phone.locator('#renaming .question-no').click()
    await rename.nth(1).click()
    await phone.locator('#renaming input').fill('Study')
    await late.letGo()
    await settled(phone)
    expect(await phone.locator('#renaming[open] input').inputValue()).toBe('Study')
    expect(await phone.locator('#renaming-message').textContent()).toBe('')
    await phone.locator('#renaming .question-no').click()
  }
})

test('digits that are corrected while the wrong ones are on their way are sent after them', async () => {
  visitors.await(/status of 422 .*\/login\/match$/)
  const { url } = await serve({ MATCH: 'always' })
  const phone = await createPhone(url)
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, url)
  const token = await readToken(desktop)
  await scan(phone, token)
  const { match_code: right } = (await phone.post('/login/confirm', { token })).json
  await sees(desktop, '#status', 'Type the number')
  await desktop.locator('#match-code:focus').waitFor()
  const late = await hold(desktop, /\/login\/match$/)
  const wrong = `${right.slice(0, 5)}${(Number(right[5]) + 1) % 10}`
  await desktop.keyboard.type(wrong)
  await eventually('the wrong digits are on their way', async () => late.isAsked())
  await desktop.keyboard.press('Backspace')
  await desktop.keyboard.type(right[5])
  await desktop.keyboard.press('Enter')
  await late.letGo()
  await isSignedIn(desktop)
})

test('a device that was signed out does not come back by a list that was asked for before', async () => {
  const { url } = await serve({ MATCH: 'never' })
  const phone = await openPhone(url)
  const linked = createClient(url)
  await signInBrowser(linked, await createPhone(url))
  await phone.goto(`${url}/home`)
  const rows = phone.locator('#sessions li')
  await eventually('all three are shown', async () => (await rows.count()) === 3)
  const late = await hold(phone, /\/sessions$/)
  await phone.evaluate(() => window.dispatchEvent(new Event('online')))
  await eventually('the list is on its way', async () => late.isAsked())
  await phone.locator('#sessions [data-kind="browser"] .device-end').click()
  await sees(phone, '#sessions-said', 'Signed out')
  await late.letGo()
  await settled(phone)
  expect(await rows.count()).toBe(2)
})

test('a picture that is read late leaves the page to the code that was typed since', async () => {
  const { url } = await serve({ MATCH: 'never' })
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, url)
  const buffer = await pictureOf(desktop.locator('#qr'), { animations: 'disabled' })
  const other = createClient(url)
  const headers = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0' }
  const token = await startLogin({ ...other, post: (path, body) => other.call('POST', path, { body, headers }) })
  const { user_code: code } = (await other.post('/login/user-code', { token })).json

  const phone = await openPhone(url)
  let letGo = () => {}
  const isLetGo = new Promise<void>((resolve) => {
    letGo = resolve
  })
  await phone.route(/\/assets\/(reader-worker-|zxing_reader-|decode-)/, async (route) => {
    await isLetGo
    await route.continue()
  })
  await phone.locator('#qr-file').setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer })
  await sees(phone, '#chooser-message', /picture/i)
  await phone.locator('#user-code').fill(code)
  await phone.locator('#user-code').press('Enter')
  await sees(phone, '#request', 'Firefox on Linux')
  letGo()
  // The page is done with it then.
  await eventually('the picture is read', () =>
    phone.locator('#qr-file').evaluate((field) => field instanceof HTMLInputElement && field.files?.length === 0),
  )
  await settled(phone)
  await sees(phone, '#request', 'Firefox on Linux')
  await phone.locator('#deny').click()
  await sees(phone, '#result', 'Refused')
  expect((await other.get(`/login/status/${token}`)).json.status).toBe('denied')
})

test('who finds out twice in one moment that they are signed out is led to the login page, and is told nothing on the way', async () => {
  visitors.await(/status of 401 /)
  const { url } = await serve({ MATCH: 'never' })
  const phone = await openPhone(url)
  await signInBrowser(createClient(url), await createPhone(url))
  await phone.addInitScript(() => {
    // Of a page that is about to leave a test can ask nothing.
    new MutationObserver(() => {
      if (document.querySelector('#stranger:not([hidden])')) sessionStorage.setItem('told', 'a stranger')
    }).observe(document, { subtree: true, attributeFilter: ['hidden'] })
  })
  await phone.goto(`${url}/home`)
  await phone.locator('#sessions .device-end:visible').first().waitFor()
  await phone.context().clearCookies()
  const looked = await hold(phone, /\/session$/)
  const ended = await hold(phone, /\/sessions\/[^/]+$/)
  const wayOut = await hold(phone, new RegExp(`^${url}/$`))
  await phone.evaluate(() => window.dispatchEvent(new Event('focus')))
  await phone.locator('#sessions .device-end:visible').last().click()
  await eventually('both are asked', async () => looked.isAsked() && ended.isAsked())
  await looked.letGo()
  await eventually('the page is about to leave', async () => wayOut.isAsked())
  const refused = phone.waitForResponse(/\/sessions\/[^/]+$/)
  await ended.letGo()
  await (await refused).finished()
  await wayOut.letGo()
  await phone.locator('[data-state="pending"] #qr').waitFor()
  expect(await phone.evaluate(() => sessionStorage.getItem('told'))).toBeNull()
})
