import { describe, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { loginIdOf } from '../../web/src/wire/scan-link.ts'
import { eventually } from '../support/eventually.ts'
import { createPhone } from '../support/http-client.ts'
import { approve, scan, wrongNumber } from '../support/login-flow.ts'
import {
  confirm,
  isSignedIn,
  openLoginPage,
  readQr,
  readToken,
  sees,
  signInOnPhone,
  tabTo,
} from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'

const { visitors, shared, serve } = setUpPageTests({ ordinary: {}, matching: { MATCH: 'always' } })

/** Waits for another code than this in the picture. */
async function nextToken(desktop: Page, token: string): Promise<string> {
  const image = await desktop.locator('#qr').getAttribute('src')
  await desktop.waitForFunction((old) => document.querySelector('#qr')?.getAttribute('src') !== old, image)
  const next = await readToken(desktop)
  expect(next).not.toBe(token)
  return next
}

/** In words, and by the ring: how much of it is gone, in a hundred. */
const timeLeft = (desktop: Page) =>
  desktop.locator('.countdown').evaluate((part) => {
    const [seconds = 0, minutes = 0] = (part.textContent?.match(/\d+/g) ?? []).map(Number).reverse()
    const gone = Number(part.querySelector('.arc')?.getAttribute('stroke-dashoffset'))
    return { seconds: minutes * 60 + seconds, gone }
  })

describe('when the phone says no', () => {
  test('the page says so, and offers a new code that works', async () => {
    const { url } = shared('ordinary')
    const desktop = await visitors.desktop()
    await openLoginPage(desktop, url)
    const denied = await readToken(desktop)
    const phone = await visitors.phone()
    await phone.goto(await readQr(desktop))
    await signInOnPhone(phone)

    await phone.locator('#deny').click()
    await sees(phone, '#result', 'Nobody was signed in')
    await sees(desktop, '#status', 'refused')
    await desktop.locator('#refresh').click()

    await sees(desktop, '#status', 'Waiting for your phone')
    const token = await readToken(desktop)
    expect(loginIdOf(token)).not.toBe(loginIdOf(denied))
    await approve(await createPhone(url), token)
    await isSignedIn(desktop)
  })
})

test('a login of a month does not end in a minute: no timer of a browser is as long', async () => {
  const { url } = await serve({ LOGIN_SECONDS: String(30 * 86_400) })
  const desktop = await visitors.desktop()
  const polled = desktop.waitForResponse(/\/login\/status\//)
  await openLoginPage(desktop, url)
  await polled
  expect(await desktop.locator('#more-time').isVisible()).toBe(false)
  expect(await desktop.locator('.countdown').isVisible()).toBe(true)
})

describe('when time is up', () => {
  test('the code is blurred behind a button, and the button brings one that works', async () => {
    const { url } = await serve({ LOGIN_SECONDS: '20' })
    const phone = await createPhone(url)
    const desktop = await visitors.desktop()
    await openLoginPage(desktop, url)
    const old = await readToken(desktop)

    await sees(desktop, '#refresh', 'Show a new code')
    await sees(desktop, '#status', 'expired')
    const filter = await desktop.locator('#qr').evaluate((image) => getComputedStyle(image).filter)
    expect(filter).toMatch(/blur/)
    expect((await phone.post('/login/scan', { token: old })).json.code).toBe('expired_token')

    await desktop.locator('#refresh').click()
    const token = await readToken(desktop)
    await approve(phone, token)
    await isSignedIn(desktop)
  })

  test('a forgotten tab stops asking', async () => {
    const { url } = await serve({ LOGIN_SECONDS: '1' })
    const desktop = await visitors.desktop()
    await desktop.clock.install()
    // What it loads ahead, once it is used or has been there for two seconds.
    const ahead = [/login-forms-\w+\.js$/, /login-forms-\w+\.css$/].map((file) => desktop.waitForResponse(file))
    await desktop.goto(url)
    await desktop.locator('#refresh').waitFor()
    await desktop.keyboard.press('Shift')
    await Promise.all(ahead)
    const requests: string[] = []
    desktop.on('request', (request) => requests.push(request.url()))
    await desktop.clock.runFor('01:00:00')
    // The page answers this after whatever it had begun before.
    expect(await desktop.evaluate(() => fetch('/healthz').then(({ status }) => status))).toBe(200)
    expect(requests).toEqual([`${url}/healthz`])
  })
})

describe('while nobody scans', () => {
  /** And the code before is good for as long as it takes to use it. */
  const RENEWS_FAST = { QR_REFRESH_SECONDS: '1', QR_OVERLAP_SECONDS: '120' }

  test('the code renews itself, the login stays, and the renewed code signs in', async () => {
    const { url } = await serve(RENEWS_FAST)
    const phone = await createPhone(url)
    const desktop = await visitors.desktop()
    await openLoginPage(desktop, url)
    const first = await readToken(desktop)
    const cookies = await desktop.context().cookies()

    const second = await nextToken(desktop, first)
    const third = await nextToken(desktop, second)
    expect([loginIdOf(second), loginIdOf(third)]).toEqual([loginIdOf(first), loginIdOf(first)])
    expect(await desktop.context().cookies()).toEqual(cookies)

    await scan(phone, await readToken(desktop))
    await sees(desktop, '#status', 'confirm on your phone')
    await phone.post('/login/confirm', { token: third })
    await isSignedIn(desktop)
  })

  test('the code just renewed away is still good for a phone that was about to scan it', async () => {
    const { url } = await serve(RENEWS_FAST)
    const phone = await createPhone(url)
    const desktop = await visitors.desktop()
    await openLoginPage(desktop, url)
    const old = await readToken(desktop)
    await nextToken(desktop, old)
    await approve(phone, old)
    await isSignedIn(desktop)
  })

  test('a code to type goes with its login, and the focus stays at the button for one of the login that takes its place', async () => {
    visitors.await(/ERR_FAILED .*\/login$/)
    const { url } = await serve({ QR_REFRESH_SECONDS: '1' })
    const desktop = await visitors.desktop()
    await openLoginPage(desktop, url)
    /** The service loses the login while a renewal cannot get through. */
    const loseLogin = async () => {
      const token = await readToken(desktop)
      let isAway = false
      await desktop.route('**/login', (route) => {
        isAway = true
        return route.abort()
      })
      await eventually('a renewal was lost', async () => isAway)
      await desktop.evaluate((old) => fetch(`/login/${old}`, { method: 'DELETE' }), token)
      await desktop.unroute('**/login')
      await eventually('another login is there', async () => loginIdOf(await readToken(desktop)) !== loginIdOf(token))
      await sees(desktop, '#status', 'Waiting for your phone')
      await desktop.locator('#user-code button:focus').waitFor()
    }
    await tabTo(desktop, '#user-code button')
    await loseLogin()
    await desktop.keyboard.press('Enter')
    await sees(desktop, '#user-code', /^\w{4}-\w{4}$/)
    const typed = await desktop.locator('#user-code').textContent()
    await desktop.locator('#copy-code:focus').waitFor()
    await loseLogin()
    expect(await desktop.locator('#copy-code').isVisible()).toBe(false)
    await desktop.keyboard.press('Enter')
    await sees(desktop, '#user-code', /^\w{4}-\w{4}$/)
    expect(await desktop.locator('#user-code').textContent()).not.toBe(typed)
  })
})

describe('when a match code is asked for', () => {
  test('the phone shows it, a wrong one is refused in words, the right one signs in', async () => {
    visitors.await(/status of 422 .*\/login\/match$/)
    const { url } = shared('matching')
    const desktop = await visitors.desktop()
    await openLoginPage(desktop, url)
    const phone = await visitors.phone()
    await phone.goto(await readQr(desktop))
    await signInOnPhone(phone)
    await confirm(phone)
    await sees(phone, '#match-code', /^\d{3}\s?\d{3}$/)
    const shown = ((await phone.locator('#match-code').textContent()) ?? '').replace(/\D/g, '')

    await sees(desktop, '#status', 'Type the number')
    // The ring goes with the words: each second the same share of it.
    const first = await timeLeft(desktop)
    const next = await eventually('a second is gone', async () => {
      const left = await timeLeft(desktop)
      return left.seconds < first.seconds && left
    })
    const whole = (100 * (first.seconds - next.seconds)) / (next.gone - first.gone)
    expect(first.gone).toBeCloseTo(100 - (100 * first.seconds) / whole, 3)
    await desktop.locator('#match-form #match-code').fill(wrongNumber(shown))
    await desktop.locator('#match-form [type=submit]').click()
    await sees(desktop, '#match-form', 'not the number on your phone')
    await sees(desktop, '#match-form', '4 tries left')

    // As an input method may write them: they are seen meanwhile, and taken once they are written.
    const wide = shown.replace(/\d/g, (digit) => String.fromCodePoint(digit.charCodeAt(0) + 0xfee0))
    const keyboard = await desktop.context().newCDPSession(desktop)
    const compose = (text: string) =>
      keyboard.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length })
    await desktop.locator('#match-form #match-code').focus()
    for (const length of [3, 6]) {
      await compose(wide.slice(0, length))
      expect(await desktop.locator('#match-form .boxes').textContent()).toBe(shown.slice(0, length))
      expect(await desktop.locator('#match-form #match-code').inputValue()).toBe(wide.slice(0, length))
    }
    await keyboard.send('Input.insertText', { text: wide })
    await isSignedIn(desktop)
    await sees(phone, '#result', 'Signed in on Chrome on Windows')
  })
})
