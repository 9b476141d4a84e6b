import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { faultsIn } from '../support/axe.ts'
import { eventually } from '../support/eventually.ts'
import { hear } from '../support/heard.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { startLogin, wrongNumber } from '../support/login-flow.ts'
import { openCode, openSignedIn, sees, signInOnPhone, tabTo } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'

/** The phone's page for who does not see it, or has no finger: what it says, where the keyboard is, what things are called. */

const { visitors, serve } = setUpPageTests({})

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0'

/** A browser elsewhere, whose code the phone has opened. */
async function ask(phone: Page, url: string): Promise<{ browser: Client; token: string }> {
  const browser = createClient(url)
  const headers = { 'user-agent': FIREFOX, 'x-forwarded-for': '203.0.113.7' }
  const token = await startLogin({ ...browser, post: (path, body) => browser.call('POST', path, { body, headers }) })
  await openCode(phone, token)
  await phone.locator('#request').waitFor()
  return { browser, token }
}

/** Roles and names, for who is told of them. Axe finds nothing, and no two buttons that are there together have one name. */
async function treeOf(phone: Page): Promise<string> {
  expect(await faultsIn(phone)).toEqual([])
  const tree = await phone.locator('main').ariaSnapshot()
  const names = [...tree.matchAll(/- (?:button|link) "(.*)"/g)].map(([, name]) => name)
  expect(names).toEqual([...new Set(names)])
  return tree
}

test('each state is told of and takes the focus along, from the sign-in to a browser that is kept signed in', async () => {
  visitors.await(/status of 401 .*\/sign-in$/)
  const { url } = await serve({ MATCH: 'never', TRUST_PROXY: '127.0.0.1/32', CONFIRM_SECONDS: '90' })
  const phone = await visitors.phone()
  const { said, focused } = await hear(phone)
  await phone.goto(`${url}/scan`)
  await phone.locator('#username').fill('demo')
  await phone.locator('#password').fill('wrong')
  await phone.keyboard.press('Enter')
  await sees(phone, '#sign-in-message', 'do not belong together')
  await phone.locator('#password:focus').waitFor()
  await eventually('the refusal is told', async () =>
    (await said()).some((words) => words.includes('do not belong together')),
  )
  await signInOnPhone(phone)
  await phone.getByRole('heading', { name: 'Scan a code' }).and(phone.locator(':focus')).waitFor()
  await phone.locator('#sessions li').waitFor()
  await treeOf(phone)

  const { browser, token } = await ask(phone, url)
  const heading = phone.getByRole('heading', { name: 'Let this browser sign in?' }).and(phone.locator(':focus'))
  await heading.waitFor()
  // Who is asking is read with the heading.
  const described = await heading.evaluate((title) => {
    const id = title.getAttribute('aria-describedby') ?? ''
    return document.getElementById(id)?.textContent ?? ''
  })
  expect(described).toContain('Firefox on Linux')
  expect(described).toContain('On another network than this phone. Go on only if you expect that.')
  await sees(phone, '.request-new', 'you have never signed in from this browser and network before')
  const asking = await treeOf(phone)
  expect(asking).toMatch(/button "Deny"[\s\S]*button "Confirm"/)
  // Its age goes on, in silence; a minute before the end it is said, once.
  const age = await phone.locator('.request-age').textContent()
  await phone.waitForFunction((old) => document.querySelector('.request-age')?.textContent !== old, age)
  // Where the page was held up at that second, it says how much is left then.
  const ofTheEnd = async () => (await said()).filter((words) => words.startsWith('This ends in'))
  await eventually('the end is told of', async () => (await ofTheEnd()).length > 0)
  expect(await ofTheEnd()).toEqual([expect.stringMatching(/^This ends in (60|5\d) seconds\.$/)])
  expect((await said()).filter((words) => words.includes('ago'))).toEqual([])

  // As they are seen, so they are reached: the buttons last, and the one that is safe first.
  await tabTo(phone, '#deny')
  await phone.keyboard.press('Tab')
  expect(await focused().then((log) => log.slice(-2))).toEqual(['#deny', '#confirm'])
  await phone.keyboard.press('Enter')
  await sees(phone, '#result', 'Confirmed')
  await browser.get(`/login/status/${token}`)
  await sees(phone, '#result h1', 'Signed in on Firefox on Linux')
  await sees(phone, '#result', 'Demo Person')
  await eventually('the last that is told', async () => (await said()).at(-1)?.includes('Signed in on'))
  const words = await said()
  expect(words.indexOf('Confirmed Waiting for the browser…')).toBeGreaterThan(0)

  await tabTo(phone, '.keep button')
  expect(await phone.locator('.keep button').textContent()).toBe('Keep it signed in for 30 days')
  await phone.keyboard.press('Enter')
  await sees(phone, '.keep', 'It stays signed in for 30 days.')
  expect((await browser.get('/session')).json.session.expires_in).toBeGreaterThan(29 * 24 * 3600)
  await phone.locator('#sessions li').nth(1).waitFor()
  await treeOf(phone)
  expect(await focused()).not.toContain('nowhere')
})

test('digits are spelt, can be refused while they are shown, and each end is told with what to do next', async () => {
  const { url } = await serve({ MATCH: 'always', TRUST_PROXY: '127.0.0.1/32' })
  const phone = await visitors.phone({ forcedColors: 'active' })
  const { said, focused } = await hear(phone)
  await openSignedIn(phone, url)

  const first = await ask(phone, url)
  // Signs are seen where the system has the colours.
  const strokes = await phone
    .locator('.asker-icon svg:visible, .request-network svg:visible')
    .evaluateAll((all) => all.map((sign) => getComputedStyle(sign).stroke))
  expect(strokes.length).toBe(3)
  expect(strokes).not.toContain(await phone.evaluate(() => getComputedStyle(document.body).backgroundColor))
  await phone.locator('#confirm').click()
  await phone.locator('#match-code').waitFor()
  const code = (await phone.locator('#match-code').textContent()) ?? ''
  await eventually('the digits are spelt', async () => (await said()).at(-1)?.includes([...code].join(' ')))
  await treeOf(phone)
  const wrong = wrongNumber(code)
  for (let tries = 0; tries < 5; tries++) {
    await first.browser.post('/login/match', { token: first.token, match_code: wrong })
  }
  await sees(phone, '#result', 'Wrong number, five times')
  await eventually('the last that is told', async () =>
    (await said()).at(-1)?.includes('Wrong number, five times To be safe, this sign-in has ended.'),
  )
  await treeOf(phone)

  const second = await ask(phone, url)
  await phone.locator('#confirm').click()
  await phone.locator('.result-deny').click()
  await sees(phone, '#result', 'Was this not you?')
  await eventually('the last that is told', async () => (await said()).at(-1) === 'Refused Nobody was signed in.')
  expect((await second.browser.get(`/login/status/${second.token}`)).json.status).toBe('denied')
  await phone.getByRole('heading', { name: 'Refused' }).and(phone.locator(':focus')).waitFor()

  await ask(phone, url)
  await phone.locator('#deny').click()
  await sees(phone, '#result', 'Was this not you?')
  await phone.locator('#again').click()
  await phone.getByRole('heading', { name: 'Scan a code' }).and(phone.locator(':focus')).waitFor()
  expect(await focused()).not.toContain('nowhere')
})
