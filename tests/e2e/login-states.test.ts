import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { loginIdOf } from '../../web/src/wire/scan-link.ts'
import { faultsIn } from '../support/axe.ts'
import { hear } from '../support/heard.ts'
import { createPhone } from '../support/http-client.ts'
import { scan, wrongNumber } from '../support/login-flow.ts'
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

/** What the page comes to say of the login, each once, and nothing between them. */
const SAID = [
  ...['Waiting for your phone', 'Phone connected', 'Type the number shown on your phone', 'Wrong number, five times'],
  ...['Waiting for your phone', 'Phone connected', 'Refused on the phone'],
  ...['Waiting for your phone', 'Phone connected', 'Type the number shown on your phone'],
  'Signed in as \u2068Demo Person\u2069',
]
/** And beside that, of the code to type and the number. */
const SAID_BESIDE = [
  ...[/^\w{4}-\w{4}$/, /4 tries left/, /3 tries left/, /2 tries left/, /One try left/],
  /^Can’t scan\? Use a code$/,
]

/** But that a code is being fetched or a poll was slow: what is said again after that was said before it. */
const withoutWaiting = (said: readonly string[]) =>
  said
    .filter((words) => !/^(Getting a code|Reconnecting)/.test(words))
    .filter((words, at, all) => words !== all[at - 1])

const digits = (code: string, zero: number) =>
  code.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)))

/** The login page's element as whoever does not see it has it: roles, names and words. */
const treeOf = (desktop: Page) => desktop.locator('scanin-login').ariaSnapshot()

test('every state of a login is said, can be gone through by keyboard, and has no fault that axe finds', async () => {
  visitors.await(/status of 422 .*\/login\/match$/, /ERR_FAILED .*\/login\/status\//)
  const { url } = shared('matching')
  const phone = await createPhone(url)
  const desktop = await visitors.desktop()
  const heard = await hear(desktop)
  const sent: string[] = []
  desktop.on('request', (request) => {
    if (request.url().endsWith('/login/match')) sent.push(request.postDataJSON().match_code)
  })
  const hasFocus = (part: string) => desktop.locator(`${part}:focus`).waitFor()
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
  await hasFocus('#match-code')
  const wrong = wrongNumber(right)
  await desktop.keyboard.type(wrong)
  await look('wrong digits', '#match-message', '4 tries left')
  // However they come, and without a button.
  const ways = [
    [` ${wrong.slice(0, 3)} – ${wrong.slice(3)} `, '3 tries left'],
    [digits(wrong, 0xff10), '2 tries left'],
    [digits(wrong, 0x0660), 'One try left'],
  ] as const
  for (const [typed, left] of ways) {
    await desktop.keyboard.insertText(typed)
    await sees(desktop, '#match-message', left)
    await sees(desktop, '.boxes', /^$/)
    await hasFocus('#match-code')
  }
  await desktop.keyboard.insertText(digits(wrong, 0x0966))
  await look('five times wrong', '#status', 'Wrong number, five times')
  expect(sent).toEqual(Array(5).fill(wrong))
  await hasFocus('#refresh')
  await desktop.keyboard.press('Enter')
  await showsCode(desktop)
  await hasFocus('.code')

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
  await desktop.keyboard.insertText(digits(code, 0x06f0))
  await look('signed in', '#status', 'Signed in as')

  expect(faults).toEqual([])
  for (const [state, parts] of Object.entries(HAS)) {
    const tree = trees[state] ?? ''
    expect([state, parts.filter((part) => !tree.includes(part))]).toEqual([state, []])
    // A code that is not there is nothing to scan.
    expect([state, tree.includes('img "QR code')]).toEqual([state, parts.some((part) => part.startsWith('img'))])
  }
  const said = await heard.said()
  expect(said).toContainEqual(expect.stringContaining('Reconnecting…'))
  const isBeside = (words: string) => SAID_BESIDE.some((beside) => beside.test(words))
  const starting = (words: string) => expect.stringMatching(new RegExp(`^${words}`))
  expect(withoutWaiting(said.filter((words) => !isBeside(words)))).toEqual(SAID.map(starting))
  expect(said.filter(isBeside)).toEqual(SAID_BESIDE.map((beside) => expect.stringMatching(beside)))
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
  expect(loginIdOf(await readToken(waiting))).not.toBe(loginIdOf(token))
  expect(await waiting.locator('#more-time').isVisible()).toBe(false)
  await waiting.locator('.code:focus').waitFor()
  expect(await heard.focused()).not.toContain('nowhere')
  expect((await heard.said()).some((words) => words.includes('ends in a minute'))).toBe(true)

  // Their last minute began later, and nothing has to be done in it.
  await sees(scanned, '#status', 'One minute left to confirm')
  await sees(matching, '#match-message', 'One minute left')
  for (const desktop of [scanned, matching]) expect(await desktop.locator('#more-time').isVisible()).toBe(false)
})
