import { expect, test } from '@jest/globals'
import type { Page, Route } from 'playwright-core'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { hear } from '../support/heard.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { startLogin } from '../support/login-flow.ts'
import { comeBack, confirm, openCode, openSignedIn, sees, showsCode, signInOnPhone } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'
import { problemReply } from '../support/problem-reply.ts'

/** What the phone's page says when it is told to wait, when it is at the wrong address, and of its other tabs. */

const { visitors, serve, shared } = setUpPageTests({ ordinary: { MATCH: 'never' } })

/** As the service's own, without a minute to wait: the first of its seconds is said, the others are counted for the eye. */
const tooMany = problemReply(429, 'slow_down', { 'retry-after': '3' })

/** Resolves once the part has said so to the eye, for however short a time: the page itself looks, at each picture. */
function saysForAMoment(phone: Page, part: string, words: RegExp): Promise<unknown> {
  return phone.waitForFunction(
    ([place, form]) => {
      const shown = document.querySelector(`${place} [aria-hidden]`)
      return shown?.checkVisibility() === true && new RegExp(form).test(shown.textContent ?? '')
    },
    [part, words.source] as const,
  )
}

/** Somebody confirms this browser's login on their phone, which shows what is to be typed there. */
async function confirmWithDigits(phone: Page, browser: Client, url: string) {
  await openSignedIn(phone, url)
  const token = await startLogin(browser)
  await openCode(phone, token)
  await confirm(phone)
  await sees(phone, '#result #match-code', /^\d{6}$/)
  const digits = (await phone.locator('#result #match-code').textContent()) ?? ''
  return { token, digits }
}

test('each step waits for as long as it is told, which is counted for the eye and said once, and the next try is taken', async () => {
  visitors.await(/status of 429 /)
  const { url } = shared('ordinary')
  const phone = await visitors.phone()
  const { said } = await hear(phone)
  const refuseOnce = (path: RegExp) => phone.route(path, (route) => route.fulfill(tooMany), { times: 1 })
  const counted = /Too many tries just now\. Try again in [12] seconds?\./

  await phone.goto(`${url}/scan`)
  await refuseOnce(/\/sign-in$/)
  const signInWaits = saysForAMoment(phone, '#sign-in-message', counted)
  await signInOnPhone(phone)
  await signInWaits
  // It is over, which is said to eye and ear; and the form is as it was.
  await sees(phone, '#sign-in-message', /^You can try again now\.$/)
  const waits = (await said()).filter((words) => /Too many tries|You can try/.test(words))
  expect(waits).toEqual([
    expect.stringMatching(/Too many tries just now\. Try again in [123] seconds?\./),
    'You can try again now.',
  ])
  await phone.locator('#sign-in-form [type=submit]').click()
  await phone.locator('#chooser').waitFor()

  await refuseOnce(/\/scan$/)
  await phone.locator('#user-code').fill('BCDF-GHJK')
  const codeWaits = saysForAMoment(phone, '#chooser-message', counted)
  await phone.keyboard.press('Enter')
  await codeWaits
  expect(await phone.locator('#user-code').inputValue()).toBe('BCDF-GHJK')
  await sees(phone, '#chooser-message', /^You can try again now\.$/)

  // A code is looked up again by itself.
  const browser = createClient(url)
  const token = await startLogin(browser)
  await refuseOnce(/\/scan$/)
  const scanWaits = saysForAMoment(phone, '#status', /Too many tries just now\. Trying again in [12] seconds?…/)
  await openCode(phone, token)
  await scanWaits
  await phone.locator('#request').waitFor()
  expect(await phone.locator('#status').textContent()).toBe('')

  await refuseOnce(/\/confirm$/)
  const confirmWaits = saysForAMoment(phone, '#request-message', counted)
  await phone.locator('#confirm').click()
  await confirmWaits
  await sees(phone, '#request-message', /^You can try again now\.$/)
  expect((await said()).at(-1)).toBe('You can try again now.')
  await phone.locator('#confirm').click()
  await sees(phone, '#result', 'Confirmed')
})

test('a confirmation without an answer is said to have arrived, maybe, until the service is there again and asks once more', async () => {
  visitors.await(/ERR_FAILED/)
  const { url } = shared('ordinary')
  const phone = await visitors.phone()
  await openSignedIn(phone, url)
  const token = await startLogin(createClient(url))
  await openCode(phone, token)
  await phone.locator('#request').waitFor()

  const message = phone.locator('#request-message')
  const edge = () => message.evaluate((line) => getComputedStyle(line).borderInlineStartColor)
  let answer = () => {}
  await phone.route('**/login/**', (route) => {
    answer = () => void route.abort()
    if (!route.request().url().endsWith('/confirm')) answer()
  })
  await confirm(phone)
  await sees(phone, '#request-message', 'Confirming')
  const calm = await edge()
  await phone.route('**/login/**', (route) => route.abort())
  answer()
  await sees(phone, '#request-message', 'Your confirmation may have arrived all the same.')
  expect(await edge()).not.toBe(calm)
  await sees(phone, '#status', 'Reconnecting')
  await phone.locator('#deny').click()
  await sees(phone, '#request-message', /^The service cannot be reached/)

  await phone.unroute('**/login/**')
  await eventually('it is told no more', async () => (await message.textContent()) === '')
  await confirm(phone)
  await sees(phone, '#result', 'Confirmed')
})

test('at another address than the service has it says which is right, and leads there with the code', async () => {
  visitors.await(/status of 403 /)
  const port = await freePort()
  const right = `http://sign-in.example.com:${port}`
  await serve({ PORT: String(port), PUBLIC_URL: right })
  const token = 'AAAAAAAAAAAAAAAA.0000000000000000000000'
  const phone = await visitors.phone()
  await phone.goto(`http://other.example.com:${port}/scan#${token}`)
  await signInOnPhone(phone)
  await sees(phone, '#sign-in-message', `This service is at sign-in.example.com:${port}.`)
  await phone.getByRole('link', { name: 'Open it there' }).click()
  await phone.waitForURL(`${right}/scan#${token}`)
  await phone.locator('#sign-in-form').waitFor()
})

test('a second tab of the phone notices who signs in and out in the first, and tells those of the login page', async () => {
  const { url } = shared('ordinary')
  const first = await visitors.phone()
  const second = await first.context().newPage()
  const login = await first.context().newPage()
  await login.goto(url)
  await showsCode(login)
  await second.goto(`${url}/scan`)
  await second.locator('#sign-in').waitFor()
  await openSignedIn(first, url)
  await second.locator('#chooser').waitFor()
  await sees(second, '#sessions', 'This phone')
  await login.waitForURL((address) => address.pathname === '/home')
  // A page that is closed complains of what it was fetching: the list is the last of that.
  await sees(login, '#devices', 'This phone')
  await login.close()

  await first.locator('#sign-out').click()
  await first.locator('#sign-in').waitFor()
  await sees(second, '#sign-in-why', 'You are signed out')
  // Who does not see it hears why with the heading.
  const described = await second.locator('#sign-in h1:focus').evaluate((title) => {
    const id = title.getAttribute('aria-describedby') ?? ''
    return document.getElementById(id)?.textContent
  })
  expect(described).toBe('You are signed out. Sign in to go on.')
  await signInOnPhone(second)
  await second.locator('#chooser').waitFor()
  await first.locator('#chooser').waitFor()
})

test('a number is the same in each tab of the phone, and whenever it confirms, and a refusal in another is no wrong number', async () => {
  const { url } = await serve({ MATCH: 'always' })
  const first = await visitors.phone()
  const { token, digits } = await confirmWithDigits(first, createClient(url), url)
  const second = await first.context().newPage()
  await second.goto(`${url}/scan#${token}`)
  await confirm(second)
  await sees(second, '#result #match-code', digits)
  await first.reload()
  await confirm(first)
  await sees(first, '#result #match-code', digits)
  await second.locator('.result-deny').click()
  await sees(second, '#result h1', 'Refused')
  await sees(first, '#result h1', 'The sign-in was refused')
})

test.each(['is looked at again', 'has its page loaded anew'])(
  'a phone that was put down at its number, and %s once the browser is in, says that it has ended, and warns of nobody',
  async (what) => {
    visitors.await(/net::ERR_INTERNET_DISCONNECTED /, /status of (404|429) .*\/login\/(scan|confirm\/options)/)
    const { url } = await serve({ MATCH: 'always' })
    const browser = createClient(url)
    const phone = await visitors.phone()
    await phone.clock.install()
    const { token, digits } = await confirmWithDigits(phone, browser, url)
    if (what === 'is looked at again') await phone.context().setOffline(true)
    else await phone.goto('about:blank')

    expect((await browser.post('/login/match', { token, match_code: digits })).status).toBe(200)
    expect((await browser.get('/session')).status).toBe(200)
    await eventually('the login is gone', async () => {
      const { request } = phone.context()
      return (await request.get(`${url}/login/scan/${token}`)).status() === 404
    })
    // Sent once nothing of the list is left to warn of.
    const seen = phone.waitForRequest(/\/events\/seen$/)
    if (what === 'is looked at again') {
      await phone.clock.fastForward(130_000)
      await phone.context().setOffline(false)
    } else await phone.goto(`${url}/scan`)
    await sees(phone, '#result', 'This sign-in has ended')
    await phone.locator('#sessions [data-kind="browser"]').waitFor()
    await seen
    expect(await phone.locator('#new-links').isVisible()).toBe(false)
  },
)

test('what stood in the way of a sign-out is told no more once it worked, or somebody comes back', async () => {
  visitors.await(/status of 503 .*\/sign-out$/)
  const { url } = shared('ordinary')
  const phone = await visitors.phone()
  await openSignedIn(phone, url)
  await phone.locator('#sessions li').first().waitFor()
  const signOut = /\/sign-out$/
  await phone.route(signOut, (route) => route.fulfill(problemReply(503, 'store_unavailable')))
  await phone.locator('#sign-out').click()
  await sees(phone, '#status', 'The service is having trouble.')
  await comeBack(phone)
  await eventually('it is told no more', async () => (await phone.locator('#status').textContent()) === '')

  await phone.locator('#sign-out').click()
  await sees(phone, '#status', 'The service is having trouble.')
  const asked: Route[] = []
  await phone.unroute(signOut)
  await phone.route(signOut, (route) => void asked.push(route))
  await phone.locator('#sign-out').click()
  await eventually('it is asked for again', async () => asked.length > 0)
  expect(await phone.locator('#status').textContent()).toBe('')
  await asked[0]?.continue()
  await phone.locator('#sign-in').waitFor()
})

test.each(['the number was typed', 'the page was loaded anew'])(
  'a refusal that comes after the browser got in says of nobody that they were kept out, and which browser to sign out; also once %s',
  async (what) => {
    visitors.await(/status of 404 .*\/login\/(deny|scan)/)
    const { url } = await serve({ MATCH: 'always' })
    const browser = createClient(url)
    const phone = await visitors.phone()
    const { token, digits } = await confirmWithDigits(phone, browser, url)

    // What the phone asks meanwhile is on its way for long.
    const asked: Route[] = []
    const status = /\/login\/scan\/[^/]*$/
    await phone.route(status, (route) => void asked.push(route))
    const isLost = what === 'the page was loaded anew'
    if (isLost) await phone.route(/\/login\/deny$/, () => undefined)
    await eventually('the phone asks', async () => asked.length > 0)
    expect((await browser.post('/login/match', { token, match_code: digits })).status).toBe(200)
    // Told for ten seconds.
    const response = await phone.context().request.get(`${url}/login/scan/${token}`)
    expect(await response.json()).toMatchObject({ collected: true })
    expect((await browser.get('/session')).status).toBe(200)
    if (isLost) {
      const denied = phone.waitForRequest(/\/login\/deny$/)
      await phone.locator('.result-deny').click()
      await denied
      await phone.goto('about:blank')
      await phone.unrouteAll()
      await phone.goto(`${url}/scan`)
      await sees(phone, '#result', 'This sign-in has ended')
      await sees(phone, '.not-you', 'Then somebody else wanted to get in as you, and may be signed in now.')
    } else {
      await phone.route(status, (route) => route.fulfill({ response }))
      await phone.locator('.result-deny').click()
      await sees(phone, '#result h1', 'That was too late')
      await sees(phone, '.result-more', /is signed in already\. Sign it out in the list below\.$/)
      await sees(phone, '.not-you', 'Then somebody else wanted to get in as you, and is signed in now.')
    }
    expect(await phone.locator('#result').textContent()).not.toMatch(/nobody/i)
    await phone.locator('#sessions [data-kind="browser"] .device-end').click()
    await phone.locator('#sessions [data-kind="browser"]').waitFor({ state: 'detached' })
    expect((await browser.get('/session')).status).toBe(401)
  },
)
