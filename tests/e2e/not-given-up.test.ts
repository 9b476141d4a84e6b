import { beforeAll, describe, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { loginIdOf } from '../../web/src/wire/scan-link.ts'
import { blockStorage } from '../support/blocked-storage.ts'
import { eventually } from '../support/eventually.ts'
import { type Client, createPhone } from '../support/http-client.ts'
import { approve, scan } from '../support/login-flow.ts'
import {
  animateTo,
  confirm,
  isSignedIn,
  openLoginPage,
  openSignedIn,
  readQr,
  readToken,
  runUntil,
  sees,
  showsCode,
  signInOnPhone,
  stopClock,
} from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'

/** Pages in browsers that block, lose, translate and reload: none of it gives people up. */

const { visitors, shared } = setUpPageTests({ ordinary: {} })

/** As a browser that keeps no cookie, until the tab has `cookiesAllowed` in its storage, on all pages that it opens. */
async function dropCookies(page: Page) {
  await page.addInitScript(() => {
    const ordinary = window.fetch
    window.fetch = (input, init) =>
      ordinary(input, sessionStorage.getItem('cookiesAllowed') ? init : { ...init, credentials: 'omit' })
  })
}

describe.each(['SecurityError', 'QuotaExceededError'] as const)('where storage throws a %s', (how) => {
  test('the desktop is signed in and the phone signs it in', async () => {
    const desktop = await visitors.desktop()
    await blockStorage(desktop, how)
    await openLoginPage(desktop, shared('ordinary').url)
    const phone = await visitors.phone()
    await blockStorage(phone, how)
    await phone.goto(await readQr(desktop))
    await signInOnPhone(phone)
    await confirm(phone)
    await isSignedIn(desktop)
    await sees(phone, '#result', 'Signed in on')
  })
})

describe('where cookies are blocked', () => {
  test('the desktop says so, starts no login after login, and goes on once they are allowed', async () => {
    const desktop = await visitors.desktop()
    await dropCookies(desktop)
    const started: string[] = []
    desktop.on('request', (request) => {
      if (request.method() === 'POST') started.push(request.url())
    })
    await desktop.goto(shared('ordinary').url)
    await sees(desktop, '#status', 'needs cookies')
    const again = desktop.waitForResponse((response) => response.url().includes('/login/status/'))
    await desktop.locator('#refresh').click()
    await again
    await sees(desktop, '#status', 'needs cookies')
    expect(started).toHaveLength(2)
    await desktop.evaluate(() => sessionStorage.setItem('cookiesAllowed', 'yes'))
    await desktop.locator('#refresh').click()
    await approve(await createPhone(shared('ordinary').url), await readToken(desktop))
    await isSignedIn(desktop)
  })

  test('for scripts alone, a page of who is signed in does not go round in circles', async () => {
    const { url } = shared('ordinary')
    const desktop = await visitors.desktop()
    await openSignedIn(desktop, url)
    await dropCookies(desktop)
    await desktop.goto(url)
    await sees(desktop, '#status', 'You are not signed in here')
    await desktop.locator('#sign-in').waitFor()
  })

  test('the phone says so after the password, which was right', async () => {
    const phone = await visitors.phone()
    await dropCookies(phone)
    await phone.goto(`${shared('ordinary').url}/scan`)
    await signInOnPhone(phone)
    await sees(phone, '#sign-in-why', 'Allow cookies')
  })
})

describe('a login page that is reloaded', () => {
  let phone: Client
  beforeAll(async () => {
    phone = await createPhone(shared('ordinary').url)
  })

  test('while it waits shows a code of the same login', async () => {
    const desktop = await visitors.desktop()
    await openLoginPage(desktop, shared('ordinary').url)
    const before = await readToken(desktop)
    await desktop.reload()
    const after = await readToken(desktop)
    expect(loginIdOf(after)).toBe(loginIdOf(before))
    await approve(phone, after)
    await isSignedIn(desktop)
  })

  test('while nothing is reached goes on with it by the button too, though the phone confirmed meanwhile', async () => {
    visitors.await(/ERR_FAILED .*\/login/)
    const desktop = await visitors.desktop()
    await openLoginPage(desktop, shared('ordinary').url)
    const token = await readToken(desktop)
    await scan(phone, token)
    await sees(desktop, '#status', 'confirm on your phone')
    let started = 0
    desktop.on('request', (request) => {
      if (request.method() === 'POST') started += 1
    })
    await desktop.route('**/login/**', (route) => route.abort())
    await desktop.clock.install()
    await desktop.reload()
    await sees(desktop, '#refresh', 'Try again')
    // Whose next try by itself is far off.
    await stopClock(desktop)
    await phone.post('/login/confirm', { token })
    await desktop.unroute('**/login/**')
    const asked = desktop.waitForResponse('**/login/status/**')
    await desktop.locator('#refresh').click()
    await asked
    await sees(desktop, '#status', 'Signed in')
    expect(started).toBe(0)
  })

  test('after it was refused says so once more, starts nothing by itself, and shows a new code when asked', async () => {
    const desktop = await visitors.desktop()
    let started = 0
    desktop.on('request', (request) => {
      if (request.method() === 'POST') started += 1
    })
    await openLoginPage(desktop, shared('ordinary').url)
    const token = await readToken(desktop)
    await scan(phone, token)
    await phone.post('/login/deny', { token })
    await sees(desktop, '#status', 'refused on the phone')
    await desktop.reload()
    await sees(desktop, '#status', 'refused on the phone')
    expect(started).toBe(1)
    await desktop.locator('#refresh').click()
    await approve(phone, await readToken(desktop))
    await isSignedIn(desktop)
    expect(started).toBe(2)
  })

  test('and duplicated has a login of its own in each tab', async () => {
    const desktop = await visitors.desktop()
    await openLoginPage(desktop, shared('ordinary').url)
    const token = await readToken(desktop)
    // What an opener's new window gets is a copy of its storage, as a duplicate does.
    const [twin] = await Promise.all([
      desktop.context().waitForEvent('page'),
      desktop.evaluate(() => {
        window.open('/')
      }),
    ])
    await showsCode(twin)
    expect(loginIdOf(await readToken(twin))).not.toBe(loginIdOf(token))
    await approve(phone, token)
    await isSignedIn(desktop)
  })
})

describe('a login page that the browser brings back, after the next page of its tab took its login,', () => {
  const tell = (page: Page, name: string) =>
    page.evaluate((event) => {
      dispatchEvent(new PageTransitionEvent(event, { persisted: true }))
    }, name)
  const untilRenewed = async (page: Page): Promise<string> =>
    (await (await page.waitForResponse((response) => response.url().endsWith('/login'))).json()).token

  /**
   * Two pages of one tab, of which the first stands still, as it does behind the other. No Chromium of ours keeps pages: the
   * second is in a window of its own, which has a copy of the first one's storage.
   */
  async function goOn() {
    const first = await visitors.desktop()
    await first.clock.install()
    await openLoginPage(first, shared('ordinary').url)
    const token = await readToken(first)
    await stopClock(first)
    await tell(first, 'pagehide')
    const [next] = await Promise.all([
      first.context().waitForEvent('page'),
      first.evaluate(() => {
        window.open('/')
      }),
    ])
    const taken = await readToken(next)
    expect(loginIdOf(taken)).toBe(loginIdOf(token))
    await next.close()
    return { first, taken }
  }

  const comeBack = async (page: Page) => {
    const renewed = untilRenewed(page)
    await page.clock.resume()
    await tell(page, 'pageshow')
    return renewed
  }

  test('goes on with it', async () => {
    const { first, taken } = await goOn()
    const token = await comeBack(first)
    expect(loginIdOf(token)).toBe(loginIdOf(taken))
    await approve(await createPhone(shared('ordinary').url), token)
    await isSignedIn(first)
  })

  test('begins anew where it is over, and blames no other tab', async () => {
    const { first, taken } = await goOn()
    const { url } = shared('ordinary')
    expect((await first.request.delete(`${url}/login/${taken}`, { headers: { origin: url } })).status()).toBe(204)
    const token = await comeBack(first)
    expect(loginIdOf(token)).not.toBe(loginIdOf(taken))
    await approve(await createPhone(url), token)
    await isSignedIn(first)
  })
})

test('a browser that loses its cookies while it waits says that the code has ended, and the next one signs in', async () => {
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, shared('ordinary').url)
  const token = await readToken(desktop)
  await desktop.context().clearCookies()
  await sees(desktop, '#status', 'This code has ended early')
  await desktop.locator('#refresh').click()
  await showsCode(desktop)
  const next = await readToken(desktop)
  expect(loginIdOf(next)).not.toBe(loginIdOf(token))
  await approve(await createPhone(shared('ordinary').url), next)
  await isSignedIn(desktop)
})

describe('the sixth tab of a browser', () => {
  test('ends the code of the first, which says so and shows a new one when asked, and never by itself', async () => {
    const { url } = shared('ordinary')
    const first = await visitors.desktop()
    let started = 0
    first.context().on('request', (request) => {
      if (request.method() === 'POST' && request.url() === `${url}/login`) started += 1
    })
    await openLoginPage(first, url)
    const others: Page[] = []
    for (let tab = 2; tab <= 6; tab++) {
      const other = await first.context().newPage()
      await openLoginPage(other, url)
      others.push(other)
    }
    await sees(first, '#status', 'newer codes in other tabs')
    await sees(first, '#refresh', 'Show a new code')
    expect(started).toBe(6)

    await first.locator('#refresh').click()
    await showsCode(first)
    const [second, ...rest] = others
    if (second === undefined) throw new Error('there is no second tab')
    await sees(second, '#status', 'newer codes in other tabs')
    // Every other tab has asked again since, and still has its code.
    for (const tab of [first, ...rest]) {
      await tab.waitForResponse(async (response) => (await response.text()).includes('"pending"'))
      await showsCode(tab)
    }
    expect(started).toBe(7)

    const last = rest.at(-1)
    if (last === undefined) throw new Error('there is no sixth tab')
    await approve(await createPhone(url), await readToken(last))
    await isSignedIn(last)
  })
})

test('who is signed in goes from the login page to /home, and a phone finds the way to scan from there', async () => {
  const phone = await visitors.phone()
  await openSignedIn(phone, shared('ordinary').url)
  await phone.goto(shared('ordinary').url)
  await isSignedIn(phone)
  await phone.locator('#approve a').click()
  await phone.locator('#chooser').waitFor()
})

describe('a page that a translator has been over', () => {
  test('has buttons that work', async () => {
    const desktop = await visitors.desktop()
    await openLoginPage(desktop, shared('ordinary').url)
    await desktop.evaluate(wrapWords)
    await desktop.locator('#user-code font').first().click()
    await sees(desktop, '#user-code', /^[A-Z]{4}-[A-Z]{4}$/)
    const phone = await visitors.phone()
    await phone.goto(await readQr(desktop))
    await signInOnPhone(phone)
    await phone.locator('#request').waitFor()
    await phone.evaluate(wrapWords)
    await phone.locator('#confirm font').first().click()
    await isSignedIn(desktop)
  })
})

/** What Chrome's translator does to every text. */
function wrapWords() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const texts: Node[] = []
  while (walker.nextNode()) if (walker.currentNode.textContent?.trim()) texts.push(walker.currentNode)
  for (const text of texts) {
    const [outer, inner] = [document.createElement('font'), document.createElement('font')]
    text.parentNode?.replaceChild(outer, text)
    outer.append(inner)
    inner.append(text)
  }
}

describe('a page whose files are gone, as in the middle of an upgrade', () => {
  const gone = /status of 404 .*\/assets\//

  // /home would lead on to the login page at once, for want of a session.
  test.each(['/', '/scan', '/embed'])('%s is loaded anew until they are there', async (path) => {
    visitors.await(gone)
    const desktop = await visitors.desktop()
    const loads = countLoads(desktop)
    await desktop.route('**/assets/*-page-*.js', (route) =>
      loads() <= 2 ? route.fulfill({ status: 404 }) : route.continue(),
    )
    await desktop.goto(shared('ordinary').url + path)
    await desktop.locator('[data-started]').waitFor({ state: 'attached' })
    expect(loads()).toBe(3)
    expect(await desktop.locator('#start-trouble').isVisible()).toBe(false)
  })

  test('that is of who is signed in is loaded anew until they are there, and has the person on it', async () => {
    visitors.await(gone)
    const phone = await visitors.phone()
    await openSignedIn(phone, shared('ordinary').url)
    await phone.locator('#sign-in-form').waitFor({ state: 'hidden' })
    const loads = countLoads(phone)
    await phone.route('**/assets/home-page-*.js', (route) =>
      loads() <= 2 ? route.fulfill({ status: 404 }) : route.continue(),
    )
    await phone.goto(`${shared('ordinary').url}/home`)
    await sees(phone, '#user-name', 'Demo Person')
    expect(loads()).toBe(3)
    expect(await phone.locator('#start-trouble').isVisible()).toBe(false)
  })

  test('is loaded anew a few times, says so, and works by the button once they are there', async () => {
    visitors.await(gone)
    const desktop = await visitors.desktop()
    await desktop.clock.install()
    const loads = countLoads(desktop)
    let isGone = true
    await desktop.route('**/assets/login-page-*.js', (route) =>
      isGone ? route.fulfill({ status: 404 }) : route.continue(),
    )
    await desktop.goto(shared('ordinary').url)
    await eventually('it is loaded anew three times', async () => {
      await desktop.clock.runFor(1000)
      return loads() > 3
    })
    await sees(desktop, '#start-trouble', 'could not start')
    expect(loads()).toBe(4)
    isGone = false
    await desktop.locator('#start-again').click()
    await showsCode(desktop)
  })
  test('is not loaded anew while the service is away, says so, and goes on by itself once it answers', async () => {
    visitors.await(/status of 50[24] /, /ERR_CONNECTION_REFUSED/)
    const desktop = await visitors.desktop()
    await desktop.clock.install()
    const loads = countLoads(desktop)
    let away: 'refused' | 'by a proxy' | 'no' = 'by a proxy'
    await desktop.goto('about:blank')
    await desktop.route('**/*', (route) => {
      const { pathname } = new URL(route.request().url())
      // The page itself and its guard had come through.
      if (away === 'no' || route.request().isNavigationRequest() || pathname === '/page-guard.js')
        return route.continue()
      return away === 'refused' ? route.abort('connectionrefused') : route.fulfill({ status: 502 })
    })
    await desktop.goto(shared('ordinary').url)
    await runUntil(desktop, '#start-away')
    away = 'refused'
    for (let minute = 0; minute < 10; minute++) {
      await Promise.all([desktop.waitForEvent('requestfailed'), desktop.clock.fastForward(60_000)])
    }
    expect(await desktop.locator('#start-away').isVisible()).toBe(true)
    expect(await desktop.locator('#start-failed').isVisible()).toBe(false)
    expect(loads()).toBe(1)
    away = 'no'
    await Promise.all([desktop.waitForEvent('load'), desktop.clock.fastForward(60_000)])
    await showsCode(desktop)
    expect(loads()).toBe(2)
  })

  test('is not loaded anew for what others have put into it', async () => {
    visitors.await(/(of-an-extension\.js|assets-of-others\.css)/, /violates .*Content Security Policy/)
    const desktop = await visitors.desktop()
    await desktop.clock.install()
    const loads = countLoads(desktop)
    await desktop.addInitScript(() => {
      document.addEventListener('DOMContentLoaded', () => {
        const script = document.createElement('script')
        script.src = '/of-an-extension.js'
        const style = document.createElement('link')
        style.rel = 'stylesheet'
        style.href = '/assets-of-others.css'
        const far = document.createElement('script')
        far.src = 'https://elsewhere.example/assets/x.js'
        const failed = [script, style, far].map((each) => new Promise((tell) => each.addEventListener('error', tell)))
        document.head.append(script, style, far)
        Promise.all(failed).then(() => document.documentElement.setAttribute('data-all-failed', ''))
      })
    })
    await openLoginPage(desktop, shared('ordinary').url)
    await desktop.locator('[data-all-failed]').waitFor({ state: 'attached' })
    const polled = desktop.waitForResponse((response) => response.url().includes('/login/status/'))
    await Promise.all([polled, desktop.clock.fastForward(30_000)])
    expect(loads()).toBe(1)
    await showsCode(desktop)
  })

  test('but works, is loaded anew only while nobody has touched it', async () => {
    visitors.await(gone)
    const desktop = await visitors.desktop()
    await desktop.clock.install({ time: 0 })
    await stopClock(desktop)
    const loads = countLoads(desktop)
    await desktop.route('**/assets/login-*.css', (route) => route.fulfill({ status: 404 }))
    await desktop.goto(shared('ordinary').url)
    await desktop.locator('[data-started]').waitFor({ state: 'attached' })
    await desktop.locator('#user-code button').click()
    await sees(desktop, '#user-code', /^[A-Z]{4}-[A-Z]{4}$/)
    const { url } = shared('ordinary')
    const asked = desktop.waitForResponse((response) => response.url() === `${url}/`)
    await Promise.all([asked, desktop.clock.fastForward(30_000)])
    await desktop.evaluate(() => fetch('/healthz'))
    await sees(desktop, '#user-code', /^[A-Z]{4}-[A-Z]{4}$/)
    expect(loads()).toBe(1)
  })
})

describe('a page of which no script comes, not even the one that would say so', () => {
  const lost = /ERR_FAILED/

  test.each([
    ['/', 'reduce'],
    ['/', 'no-preference'],
    ['/scan', 'reduce'],
    ['/home', 'reduce'],
    ['/embed', 'reduce'],
  ] as const)('%s says so after a while, whatever is to move (%s), and nothing else', async (path, reducedMotion) => {
    visitors.await(lost)
    const page = await visitors.phone({ reducedMotion })
    let areLost = true
    await page.route('**/*.js', (route) => (areLost ? route.abort() : route.continue()))
    await page.goto(shared('ordinary').url + path)
    await animateTo(page, 14)
    expect(await page.locator('#start-trouble').isVisible()).toBe(false)
    await animateTo(page, 15)
    await sees(page, '#start-trouble', 'could not start')
    expect(await page.locator('body > :not(.top, #start-trouble)').filter({ visible: true }).count()).toBe(0)
    areLost = false
    await page.locator('#start-again').click()
    await page.locator('[data-started]').waitFor({ state: 'attached' })
    expect(await page.locator('#start-trouble').isVisible()).toBe(false)
  })

  test('and no style sheet either, says so at once', async () => {
    visitors.await(lost)
    const page = await visitors.phone()
    let areLost = true
    await page.route(/\/(assets\/|page-guard)/, (route) => (areLost ? route.abort() : route.continue()))
    await page.goto(`${shared('ordinary').url}/scan`)
    await sees(page, '#start-trouble', 'could not start')
    areLost = false
    await page.locator('#start-again').click()
    await page.locator('#sign-in-form').waitFor()
  })
})

describe('a page whose guard, page-guard.js,', () => {
  const lost = /ERR_FAILED/

  test.each(['hangs', 'is lost'])('%s works where all else comes', async (how) => {
    visitors.await(lost)
    const desktop = await visitors.desktop()
    await desktop.route('**/page-guard.js', (route) => (how === 'hangs' ? undefined : route.abort()))
    await desktop.goto(shared('ordinary').url, { waitUntil: 'commit' })
    await showsCode(desktop)
    await animateTo(desktop, 15)
    expect(await desktop.locator('#start-trouble').isVisible()).toBe(false)
    await showsCode(desktop)
  })

  test('comes after its style sheet has failed is loaded anew', async () => {
    visitors.await(lost)
    const desktop = await visitors.desktop()
    const loads = countLoads(desktop)
    const sheetFailed = desktop.waitForEvent('requestfailed', (request) => request.url().endsWith('.css'))
    await desktop.route('**/assets/login-*.css', (route) => (loads() === 1 ? route.abort() : route.continue()))
    await desktop.route('**/page-guard.js', async (route) => {
      await sheetFailed
      await route.continue()
    })
    const anew = eventually('it is loaded anew', () => Promise.resolve(loads() === 2))
    await desktop.goto(shared('ordinary').url)
    await anew
    await showsCode(desktop)
  })
})

/** @returns how often the tab has gone to a page of the service */
function countLoads(page: Page): () => number {
  let loads = 0
  page.on('request', (request) => {
    if (request.isNavigationRequest() && request.frame() === page.mainFrame()) loads += 1
  })
  return () => loads
}
