import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { faultsIn } from '../support/axe.ts'
import { hear } from '../support/heard.ts'
import { createPhone } from '../support/http-client.ts'
import { scan } from '../support/login-flow.ts'
import { keepHere, openLoginPage, readToken, sees, showsCode, tabTo } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'

const { visitors, shared, serve } = setUpPageTests({
  matching: { MATCH: 'always', POLL_INTERVAL_SECONDS: '1', LOGIN_SECONDS: '900', CONFIRM_SECONDS: '900' },
})

/** What there is in a state, by role and name. */
const HAS: Readonly<Record<string, readonly string[]>> = {
  pending: [
    'heading "Sign in with your phone"',
    'strong: Waiting for your phone',
    'button "Can’t scan? Use a code"',
    'img "QR code',
  ],
  'typed code': ['button "Copy"', 'img "QR code'],
  'service away': ['strong: Reconnecting…', 'img "QR code'],
  scanned: ['strong: Phone connected', 'button "Not you? Start over"'],
  digits: ['textbox "The six-digit number that your phone shows"', 'button "Continue"', 'button "Not you? Start over"'],
  'wrong digits': ['alert: That is not the number on your phone. 4 tries left.'],
  'five times wrong': ['strong: Wrong number, five times', 'button "Show a new code"'],
  denied: ['strong: Refused on the phone', 'button "Show a new code"'],
  'signed in': ['strong: Signed in as'],
}

/** What is said by itself, in this order; between them that a code is being fetched, and the like. */
const SAID: readonly (string | RegExp)[] = [
  ...['Waiting for your phone', /^\w{4}-\w{4}$/, 'Reconnecting…', 'Waiting for your phone', 'Phone connected'],
  ...['Type the number shown on your phone', '4 tries left', '3 tries left', '2 tries left', 'One try left'],
  ...['Wrong number, five times', 'Waiting for your phone', 'Phone connected', 'Refused on the phone'],
  ...['Waiting for your phone', 'Phone connected', 'Type the number shown on your phone', 'Signed in as'],
]

/** The login page's element as whoever does not see it has it: roles, names and words. */
const treeOf = (desktop: Page) => desktop.locator('scanin-login').ariaSnapshot()

test('every state of a login is said, can be gone through by keyboard, and has no fault that axe finds', async () => {
  visitors.await(/status of 422 .*\/login\/match$/, /ERR_FAILED .*\/login\/status\//)
  const { url } = shared('matching')
  const phone = await createPhone(url)
  const desktop = await visitors.desktop()
  const heard = await hear(desktop)
  const faults: string[] = []
  const trees: Record<string, string> = {}
  /** Once it says so. */
  const look = async (state: string, part: string, words: string | RegExp) => {
    await sees(desktop, part, words)
    trees[state] = await treeOf(desktop)
    faults.push(...(await faultsIn(desktop)).map((fault) => `${state}, ${fault}`))
  }
  await openLoginPage(desktop, url)
  await look('pending', '#status', 'Waiting for your phone')
  await tabTo(desktop, '#user-code button')
  await desktop.keyboard.press('Enter')
  await look('typed code', '#user-code', /^\w{4}-\w{4}$/)

  const polls = '**/login/status/**'
  await desktop.route(polls, (route) => route.abort())
  await look('service away', '#status', 'Reconnecting')
  await desktop.unroute(polls)
  await sees(desktop, '#status', 'Waiting for your phone')

  const token = await readToken(desktop)
  await scan(phone, token)
  await look('scanned', '#status', 'Phone connected')
  const { match_code: right } = (await phone.post('/login/confirm', { token })).json
  await look('digits', '#status', 'Type the number')
  const wrong = String((Number(right) + 1) % 1_000_000).padStart(6, '0')
  await desktop.keyboard.type(wrong)
  await look('wrong digits', '#match-message', '4 tries left')
  for (const left of ['3 tries left', '2 tries left', 'One try left']) {
    await desktop.keyboard.type(wrong)
    await sees(desktop, '#match-message', left)
  }
  await desktop.keyboard.type(wrong)
  await look('five times wrong', '#status', 'Wrong number, five times')
  await desktop.keyboard.press('Enter')
  await showsCode(desktop)

  const next = await readToken(desktop)
  await scan(phone, next)
  await sees(desktop, '#status', 'Phone connected')
  await phone.post('/login/deny', { token: next })
  await look('denied', '#status', 'Refused on the phone')
  await tabTo(desktop, '#refresh')
  await desktop.keyboard.press('Enter')
  await showsCode(desktop)

  await keepHere(desktop)
  const last = await readToken(desktop)
  await scan(phone, last)
  await sees(desktop, '#status', 'Phone connected')
  const { match_code: code } = (await phone.post('/login/confirm', { token: last })).json
  await sees(desktop, '#status', 'Type the number')
  await desktop.keyboard.type(code)
  await look('signed in', '#status', 'Signed in as')

  expect(faults).toEqual([])
  for (const [state, parts] of Object.entries(HAS)) {
    const tree = trees[state] ?? ''
    expect([state, parts.filter((part) => !tree.includes(part))]).toEqual([state, []])
    // A code that is not there is nothing to scan.
    expect([state, tree.includes('img "QR code')]).toEqual([state, parts.some((part) => part.startsWith('img'))])
  }
  const said = await heard.said()
  let from = 0
  for (const words of SAID) {
    const at = said.findIndex(
      (each, nth) => nth >= from && (typeof words === 'string' ? each.includes(words) : words.test(each)),
    )
    expect([words, at >= from ? 'said' : said.slice(from)]).toEqual([words, 'said'])
    from = at + 1
  }
  expect(await heard.focused()).not.toContain('nowhere')
})

test('a minute before its end a login says so, and there is more time where that is safe', async () => {
  const { url } = await serve({ MATCH: 'always', LOGIN_SECONDS: '90', CONFIRM_SECONDS: '90' })
  const phone = await createPhone(url)
  const [waiting, scanned, matching] = await Promise.all([visitors.desktop(), visitors.desktop(), visitors.desktop()])
  const heard = await hear(waiting)
  for (const desktop of [waiting, scanned, matching]) await openLoginPage(desktop, url)
  const token = await readToken(waiting)
  const [seen, asked] = [await readToken(scanned), await readToken(matching)]
  await scan(phone, seen)
  await scan(phone, asked)
  await phone.post('/login/confirm', { token: asked })

  await sees(waiting, '#status', 'ends in a minute')
  expect(await waiting.locator('.countdown').isVisible()).toBe(false)

  // Where it stands are other words while the service is away, and it would bring nothing.
  visitors.await(/net::ERR_INTERNET_DISCONNECTED/)
  await waiting.context().setOffline(true)
  await waiting.locator('#more-time').waitFor({ state: 'hidden' })
  await waiting.context().setOffline(false)
  await tabTo(waiting, '#more-time')
  expect(await faultsIn(waiting)).toEqual([])
  await waiting.keyboard.press('Enter')
  await showsCode(waiting)
  await sees(waiting, '#status', 'Waiting for your phone')
  expect((await readToken(waiting)).split('.')[0]).not.toBe(token.split('.')[0])
  expect(await waiting.locator('#more-time').isVisible()).toBe(false)
  await waiting.locator('.code:focus').waitFor()
  expect(await heard.focused()).not.toContain('nowhere')
  expect((await heard.said()).some((words) => words.includes('ends in a minute'))).toBe(true)

  // Their last minute began later, and nothing has to be done in it.
  await sees(scanned, '#status', 'One minute left to confirm')
  await sees(matching, '#match-message', 'One minute left')
  for (const desktop of [scanned, matching]) expect(await desktop.locator('#more-time').isVisible()).toBe(false)
})
