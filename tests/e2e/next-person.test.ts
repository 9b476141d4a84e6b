import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Page, Route } from 'playwright-core'
import { type AccountsFile, type TestAccount, writeAccounts, YUSUF, ZOFIA } from '../support/accounts-file.ts'
import { eventually } from '../support/eventually.ts'
import { createClient } from '../support/http-client.ts'
import { startLogin } from '../support/login-flow.ts'
import { confirm, letSettle, openCode, sees } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'

/** Where Zofia has another phone, of which nobody else is to learn. */
const ADDRESS = '192.0.2.7'

const { visitors, serve } = setUpPageTests({})
let accounts: AccountsFile

beforeAll(async () => {
  accounts = await writeAccounts([ZOFIA, YUSUF])
})
afterAll(() => accounts.remove())

async function serveBoth(env: Record<string, string> = {}): Promise<string> {
  const { url } = await serve({ ACCOUNTS_FILE: accounts.path, TRUST_PROXY: '127.0.0.1/32', ...env })
  const { username, password } = ZOFIA
  const headers = { 'x-forwarded-for': ADDRESS }
  const reply = await createClient(url).call('POST', '/sign-in', { body: { username, password }, headers })
  expect(reply.status).toBe(200)
  return url
}

/** As in another tab of this browser, of which this page hears nothing. */
async function signInElsewhere(page: Page, { username, password }: TestAccount): Promise<void> {
  const status = await page.evaluate(async (body) => {
    const headers = { 'content-type': 'application/json' }
    return (await fetch('/sign-in', { method: 'POST', headers, body })).status
  }, JSON.stringify({ username, password }))
  expect(status).toBe(200)
}

async function signIn(page: Page, { username, password }: TestAccount): Promise<void> {
  await page.locator('#username').fill(username)
  await page.locator('#password').fill(password)
  await page.locator('#sign-in-form [type=submit]').click()
}

const comeBack = (page: Page) =>
  page.evaluate(() => {
    document.dispatchEvent(new Event('visibilitychange'))
    window.dispatchEvent(new Event('online'))
  })

/** @returns what the page asks of its person's account from now on, and is not answered */
async function hold(page: Page): Promise<Route[]> {
  const held: Route[] = []
  await page.route(/\/(sessions|passkeys|events)$/, (route) => void held.push(route))
  return held
}

const isAsked = (held: readonly Route[], path: string) =>
  eventually(`${path} is asked for`, async () => held.some((route) => route.request().url().endsWith(path)))

async function openActivity(page: Page): Promise<void> {
  await page.locator('#activity summary').click()
  await sees(page, '#events li', ADDRESS)
}

/** What the page has of Zofia, also where it shows none of it. */
const ofZofia = (page: Page) =>
  page.evaluate(
    (address) => ({
      isTold: document.body.textContent.includes(address),
      isActivityOpen: document.querySelector('#activity')?.hasAttribute('open'),
      openQuestions: document.querySelectorAll('#question[open]').length,
    }),
    ADDRESS,
  )
const NOTHING = { isTold: false, isActivityOpen: false, openQuestions: 0 }

test('whoever signs in on a phone where somebody has signed out sees nothing of theirs while the list is on its way', async () => {
  const url = await serveBoth()
  const phone = await visitors.phone()
  await phone.goto(`${url}/scan`)
  await signIn(phone, ZOFIA)
  await sees(phone, '#sessions li', ADDRESS)
  await openActivity(phone)
  await phone.locator('#sign-out').click()
  await phone.locator('#sign-in').waitFor()
  expect(await ofZofia(phone)).toEqual(NOTHING)

  const held = await hold(phone)
  await signIn(phone, YUSUF)
  await sees(phone, '#devices', YUSUF.name)
  await isAsked(held, '/sessions')
  expect(await ofZofia(phone)).toEqual(NOTHING)
})

test.each([
  ['/scan', '#devices'],
  ['/home', '#user-name'],
])(
  '%s has nothing of one person once another was signed in in another tab, and no late answer brings it back',
  async (path, name) => {
    const url = await serveBoth()
    const page = await visitors.phone()
    await page.goto(`${url}/scan`)
    await signInElsewhere(page, ZOFIA)
    await page.goto(`${url}${path}`)
    await sees(page, '#sessions li', ADDRESS)
    await openActivity(page)
    const answer = await page.evaluate(async () => (await fetch('/events')).text())
    const held = await hold(page)
    await page.locator('#activity summary').click()
    await page.locator('#activity summary').click()
    await isAsked(held, '/events')
    const late = held.find((route) => route.request().url().endsWith('/events'))
    await page.locator('#sign-out-others').click()
    await page.locator('#question').waitFor()

    await signInElsewhere(page, YUSUF)
    held.length = 0
    await comeBack(page)
    await sees(page, name, YUSUF.name)
    await isAsked(held, '/sessions')
    expect(await ofZofia(page)).toEqual(NOTHING)

    await late?.fulfill({ body: answer, contentType: 'application/json' })
    // Where it took so long that the page has given it up, there is none.
    await (await late?.request().response())?.finished()
    expect(await ofZofia(page)).toEqual(NOTHING)
  },
)

test('who is signed in is whoever signed in last, whatever an answer of before says late', async () => {
  const url = await serveBoth()
  const page = await visitors.phone()
  await page.goto(`${url}/scan`)
  await signIn(page, ZOFIA)
  await sees(page, '#devices', ZOFIA.name)
  const answer = await page.evaluate(async () => (await fetch('/session')).text())
  const held: Route[] = []
  await page.route('**/session', (route) => (held.length === 0 ? void held.push(route) : route.continue()))
  const token = await startLogin(createClient(url))
  await openCode(page, token)
  await isAsked(held, '/session')

  await signInElsewhere(page, YUSUF)
  await comeBack(page)
  await sees(page, '#request .account', YUSUF.name)
  await held[0]?.fulfill({ body: answer, contentType: 'application/json' })
  await (await held[0]?.request().response())?.finished()
  await letSettle(page)
  expect(new Set(await page.locator('.account').allTextContents())).toEqual(new Set([YUSUF.name]))
  expect(await page.evaluate(() => sessionStorage.getItem('scanin.pending-token'))).toBe(token)
})

test('what somebody typed to sign in is not in the form for whoever is next, and a stranger goes on typing', async () => {
  const url = await serveBoth()
  const phone = await visitors.phone()
  await phone.goto(`${url}/scan`)
  await phone.locator('#username').fill('zof')
  const token = await startLogin(createClient(url))
  await openCode(phone, token)
  await phone.waitForFunction(() => document.querySelector('[data-shown="sign-in"]'))
  await letSettle(phone)
  expect(await phone.locator('#username').inputValue()).toBe('zof')
  await signIn(phone, ZOFIA)
  await sees(phone, '#request .account', ZOFIA.name)
  await phone.locator('#deny').click()
  await phone.locator('#sign-out').click()
  await phone.locator('#sign-in').waitFor()
  expect(await phone.locator('#username').inputValue()).toBe('')
})

const deny = (page: Page) => page.locator('#deny').click()

test.each([
  ['has the page ask how it goes on', '1', async () => undefined, false],
  ['confirms', '60', confirm, false],
  ['refuses', '60', deny, true],
])(
  'who goes on with another phone of theirs, and then %s on the first, is told there that it goes on, and of no end',
  async (_what, interval, act, isWarned) => {
    visitors.await(/status of 404 .*\/login\/scan\//, /status of 409 .*\/login\/(confirm|deny|confirm\/options)$/)
    const url = await serveBoth({ MATCH: 'never', POLL_INTERVAL_SECONDS: interval, POLL_HOLD_SECONDS: '0' })
    const browser = createClient(url)
    const token = await startLogin(browser)
    const phone = await visitors.phone()
    await phone.goto(`${url}/scan#${token}`)
    const looked = phone.waitForResponse(/\/login\/scan\//)
    await signIn(phone, ZOFIA)
    await sees(phone, '#request .account', ZOFIA.name)
    await (await looked).finished()
    const other = createClient(url)
    expect((await other.post('/sign-in', { username: ZOFIA.username, password: ZOFIA.password })).status).toBe(200)
    expect((await other.post('/login/scan', { token })).status).toBe(200)
    await act(phone)
    await sees(phone, '#result h1', 'Another phone signed in to your account has taken over this sign-in')
    await sees(phone, '.result-more', 'The list below shows which devices are signed in.')
    expect(await phone.locator('.not-you').isVisible()).toBe(isWarned)
    expect((await other.post('/login/confirm', { token })).json.status).toBe('authenticated')
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('authenticated')
  },
)

test.each([
  ['comes back to the page', '60', comeBack],
  ['has the page ask how it goes on', '1', async () => undefined],
  ['confirms', '60', confirm],
])(
  'who signs in once more in another tab, and then %s, goes on with the code that they have scanned',
  async (_what, interval, act) => {
    visitors.await(/status of 404 .*\/login\/scan\//, /status of 409 .*\/login\/confirm$/)
    const url = await serveBoth({ MATCH: 'never', POLL_INTERVAL_SECONDS: interval, POLL_HOLD_SECONDS: '0' })
    const browser = createClient(url)
    const token = await startLogin(browser)
    const phone = await visitors.phone()
    await phone.goto(`${url}/scan#${token}`)
    const looked = phone.waitForResponse(/\/login\/scan\//)
    await signIn(phone, ZOFIA)
    await sees(phone, '#request .account', ZOFIA.name)
    await (await looked).finished()
    // The page that asks by itself may have done so before we hear of the sign-in.
    const again = phone.waitForResponse(/\/login\/scan$/)
    await signInElsewhere(phone, ZOFIA)
    await act(phone)
    expect((await again).status()).toBe(200)
    await phone.locator('main[data-shown="request"]').waitFor()
    await confirm(phone)
    await sees(phone, '#result', 'Confirmed')
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('authenticated')
  },
)
