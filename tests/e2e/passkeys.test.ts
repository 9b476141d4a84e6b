import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { createClient, createPhone } from '../support/http-client.ts'
import {
  comeBack,
  confirm,
  isSignedIn,
  letSettle,
  openLoginPage,
  readToken,
  sees,
  signInOnPhone,
  tabTo,
} from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'
import { problemReply } from '../support/problem-reply.ts'
import { DEMO_PASSWORD, type Service } from '../support/service.ts'
import { createSoftwareAuthenticator } from '../support/software-authenticator.ts'
import { addAuthenticator } from '../support/virtual-authenticator.ts'

const { visitors, shared, serve } = setUpPageTests({ plain: {} })

/** Browsers have passkeys at `localhost`, as by https. */
async function serveLocally(env: Record<string, string> = {}): Promise<Service> {
  const port = await freePort()
  const url = `http://localhost:${port}`
  return { ...(await serve({ PORT: String(port), PUBLIC_URL: url, MATCH: 'never', ...env })), url }
}

/** A browser that does not offer passkeys where it fills in names: a virtual authenticator would take it up at once. */
async function openWithoutFillIn(phone: Page, url: string): Promise<void> {
  await phone.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = async () => false
  })
  await phone.goto(url)
}

async function addPasskey(phone: Page, name = 'Chrome on Android'): Promise<void> {
  await sees(phone, '#passkeys', 'no passkey yet')
  await phone.locator('#add-passkey').click()
  await sees(phone, '#passkeys li', name)
}

/** A phone that can have passkeys, on `/scan` of a service of its own, signed in by its password. */
async function openSignedIn() {
  const { url } = await serveLocally()
  const phone = await visitors.phone()
  await addAuthenticator(phone)
  await openWithoutFillIn(phone, `${url}/scan`)
  await signInOnPhone(phone)
  return { url, phone }
}

test('a passkey is added on the phone, signs it in again by the button, and is removed', async () => {
  const { url } = await serveLocally()
  const phone = await visitors.phone()
  const authenticator = await addAuthenticator(phone)
  await openWithoutFillIn(phone, `${url}/scan`)
  await signInOnPhone(phone)
  await phone.locator('#passkey-name').fill('Work phone')
  await addPasskey(phone, 'Work phone')
  expect(await authenticator.count()).toBe(1)
  await sees(phone, '#passkeys li', 'Not used yet')
  // One device has one of them.
  visitors.await(/InvalidStateError/)
  await phone.locator('#add-passkey').click()
  await sees(phone, '#passkeys-message', 'has a passkey for your account already')

  await signOut(phone)
  await phone.locator('#sign-in-passkey').click()
  await sees(phone, '#devices', 'Demo Person')
  await sees(phone, '#passkeys li', 'Last used')

  await phone.locator('#passkeys li button').click()
  await sees(phone, '#passkeys', 'no passkey yet')
  await signOut(phone)
  visitors.await(/status of 401 .*\/sign-in\/passkey$/)
  await phone.locator('#sign-in-passkey').click()
  await sees(phone, '#sign-in-message', 'does not work here')
})

test('a passkey that somebody has added by a stolen cookie is told at the next visit, and what its owner does here is not', async () => {
  const { url, phone } = await openSignedIn()
  const noted = () => phone.waitForResponse(/\/events\/seen$/)
  const added = noted()
  await addPasskey(phone)
  await added
  const banner = phone.locator('#new-links')
  expect(await banner.isVisible()).toBe(false)

  const thief = createClient(url)
  for (const { name, value } of await phone.context().cookies()) thief.cookies.set(name, value)
  // Also of what its owner has added on this very page, and while they are on it.
  const [own] = (await thief.get('/passkeys')).json.passkeys
  expect((await thief.delete(`/passkeys/${own.id}`)).status).toBe(204)
  await comeBack(phone)
  await sees(phone, '#new-links li', 'A passkey was removed on')
  const known = noted()
  await phone.locator('#new-links-known').click()
  await known

  const options = (await thief.post('/passkeys/options')).json
  const attestation = createSoftwareAuthenticator({ origin: url }).make(options)
  expect((await thief.post('/passkeys', { name: 'Spare', attestation })).status).toBe(201)
  await phone.reload()
  await sees(phone, '#new-links li', 'A passkey was added on \u2068Unknown browser\u2069')
  expect(await phone.locator('#new-links-said').textContent()).toContain('A passkey was added on')
  expect(await phone.locator('#new-links li').count()).toBe(1)
  await phone.locator('#new-links li button', { hasText: 'Passkeys' }).click()
  await phone.locator('#passkeys-title:focus').waitFor()
  const answered = noted()
  await phone.getByRole('button', { name: 'Remove Spare' }).click()
  await answered
  expect(await banner.isVisible()).toBe(false)
  expect(await phone.locator('#new-links-said').textContent()).toBe('')
  await phone.reload()
  await sees(phone, '#passkeys', 'no passkey yet')
  await letSettle(phone)
  expect(await banner.isVisible()).toBe(false)
})

test('what its owner has done here is no news at the next visit, once they have said that all else was theirs', async () => {
  const { url, phone } = await openSignedIn()
  await sees(phone, '#sessions', 'This phone')
  await createPhone(url)
  await phone.reload()
  await sees(phone, '#new-links li', 'Signed in as a phone of yours')
  await letSettle(phone)
  const looked = phone.waitForResponse(/\/events$/)
  await addPasskey(phone)
  await (await looked).finished()
  await letSettle(phone)
  const noted = phone.waitForResponse(/\/events\/seen$/)
  await phone.locator('#new-links-known').click()
  await noted
  const again = phone.waitForResponse(/\/events$/)
  await phone.reload()
  await (await again).finished()
  await letSettle(phone)
  expect(await phone.locator('#new-links').isVisible()).toBe(false)
})

test('a passkey that its owner has removed is no news to them, also where no answer came', async () => {
  const { phone } = await openSignedIn()
  await addPasskey(phone)
  await letSettle(phone)
  await phone.route(/\/passkeys\/./, async (route) => {
    await route.fetch()
    await route.abort()
  })
  visitors.await(/ERR_FAILED/)
  await phone.locator('#passkeys li button').click()
  await phone.locator('#passkeys li').waitFor({ state: 'detached' })
  const looked = phone.waitForResponse(/\/events$/)
  await comeBack(phone)
  await (await looked).finished()
  await letSettle(phone)
  expect(await phone.locator('#new-links').isVisible()).toBe(false)
})

test('a passkey that its owner has added is no news to them, also where no answer came, and is in the list', async () => {
  const { phone } = await openSignedIn()
  await sees(phone, '#passkeys', 'no passkey yet')
  await phone.route(
    (address) => address.pathname === '/passkeys',
    async (route) => {
      if (route.request().method() !== 'POST') return route.continue()
      await route.fetch()
      await route.abort()
    },
  )
  visitors.await(/ERR_FAILED/)
  const noted = phone.waitForResponse(/\/events\/seen$/)
  await phone.locator('#add-passkey').click()
  await phone.locator('#passkeys li').waitFor()
  await noted
  expect(await phone.locator('#new-links').isVisible()).toBe(false)
  await eventually(
    'it is not said to have failed',
    async () => (await phone.locator('#passkeys-message').textContent()) === '',
  )
  const looked = phone.waitForResponse(/\/events$/)
  await phone.reload()
  await (await looked).finished()
  await letSettle(phone)
  expect(await phone.locator('#new-links').isVisible()).toBe(false)
})

test('a passkey that was removed is gone, also where the look after it fails', async () => {
  const { phone } = await openSignedIn()
  await addPasskey(phone)
  visitors.await(/status of 503 .*\/passkeys$/)
  await phone.route(/\/passkeys$/, (route) => route.fulfill(problemReply(503, 'overloaded')))
  await phone.locator('#passkeys li button').click()
  await phone.locator('#passkeys li').waitFor({ state: 'detached' })
})

test('who signs in by a passkey in a browser that keeps no cookie is told that, and nothing of a password', async () => {
  const { phone } = await openSignedIn()
  await addPasskey(phone)
  await signOut(phone)
  await phone.locator('#sign-in-passkey').waitFor()
  const stranger = problemReply(401, 'authentication_required')
  await phone.route('**/session', (route) => route.fulfill(stranger))
  await phone.locator('#sign-in-passkey').click()
  await sees(phone, '#sign-in-why', 'Allow cookies')
  expect(await phone.locator('#sign-in-why').textContent()).not.toMatch(/password/i)
})

test('who is to sign in once more for a passkey may leave the page for a moment, and finds the form when they are back', async () => {
  const { phone } = await openSignedIn()
  // As it is five minutes after.
  const stale = problemReply(403, 'recent_sign_in_required')
  await phone.route('**/passkeys/options', (route) => route.fulfill(stale), { times: 2 })
  visitors.await(/status of 403 .*\/passkeys\/options$/)
  const looksAgain = async () => {
    const asked = phone.waitForResponse((response) => response.url().endsWith('/session'))
    await comeBack(phone)
    await (await asked).finished()
  }
  await sees(phone, '#passkeys', 'no passkey yet')
  await phone.locator('#add-passkey').click()
  await sees(phone, '#sign-in-why', 'sign in once more')
  await phone.locator('#username').fill('demo')
  await looksAgain()
  await looksAgain()
  await sees(phone, '#sign-in-why', 'sign in once more')
  await signInOnPhone(phone)

  await sees(phone, '#passkeys', 'no passkey yet')
  await phone.locator('#add-passkey').click()
  await sees(phone, '#sign-in-why', 'sign in once more')
  // In another tab.
  await phone.evaluate(async (password) => {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ username: 'demo', password })
    await fetch('/sign-in', { method: 'POST', headers, body })
  }, DEMO_PASSWORD)
  await looksAgain()
  await phone.locator('#chooser').waitFor()
  await addPasskey(phone)
})

test('who signs in once more for a passkey finds what is new told as before', async () => {
  const { url, phone } = await openSignedIn()
  await sees(phone, '#sessions', 'This phone')
  await createPhone(url)
  await phone.reload()
  await sees(phone, '#new-links li', 'Signed in as a phone of yours')
  await phone.route('**/passkeys/options', (route) => route.fulfill(problemReply(403, 'recent_sign_in_required')))
  visitors.await(/status of 403 .*\/passkeys\/options$/)
  await phone.locator('#add-passkey').click()
  await sees(phone, '#sign-in-why', 'sign in once more')
  expect(await phone.locator('#new-links').isVisible()).toBe(false)
  await signInOnPhone(phone)
  await sees(phone, '#new-links li', 'Signed in as a phone of yours')
})

test('what is new and comes while they are asked to sign in once more is not taken for seen', async () => {
  const { url, phone } = await openSignedIn()
  await sees(phone, '#passkeys', 'no passkey yet')
  await letSettle(phone)
  await (await createPhone(url)).post('/sign-out')

  let goOn = () => {}
  const held = new Promise<void>((resolve) => {
    goOn = resolve
  })
  await phone.route(/\/sessions$/, async (route) => {
    await held
    await route.continue()
  })
  await phone.route('**/passkeys/options', (route) => route.fulfill(problemReply(403, 'recent_sign_in_required')))
  visitors.await(/status of 403 .*\/passkeys\/options$/)
  const asked = phone.waitForRequest(/\/sessions$/)
  await comeBack(phone)
  await asked
  await phone.locator('#add-passkey').click()
  await sees(phone, '#sign-in-why', 'sign in once more')
  const happened = phone.waitForResponse(/\/events$/)
  goOn()
  await (await happened).finished()
  await letSettle(phone)
  expect(await phone.locator('#new-links-said').textContent()).toBe('')
  // As who signs in at the team's provider comes back to it.
  await phone.reload()
  await sees(phone, '#new-links li', 'It has since been signed out.')
})

test('who is signed in by another tab while the browser asks for a passkey is asked no more, and stays signed in', async () => {
  const { url } = await serveLocally()
  const phone = await visitors.phone()
  // The person does not answer it.
  await phone.addInitScript(() => {
    navigator.credentials.get = (asked) =>
      new Promise((_resolve, reject) => {
        Object.assign(window, { asked: asked?.signal })
        asked?.signal?.addEventListener('abort', () => reject(new DOMException('', 'AbortError')))
      })
  })
  await openWithoutFillIn(phone, `${url}/scan`)
  await phone.locator('#sign-in-passkey').click()
  await phone.waitForFunction(() => Reflect.get(window, 'asked') !== undefined)
  expect(await phone.evaluate(() => Reflect.get(window, 'asked').aborted)).toBe(false)
  const tab = await phone.context().newPage()
  await tab.goto(`${url}/scan`)
  await signInOnPhone(tab)
  await phone.locator('#chooser').waitFor()
  await phone.waitForFunction(() => Reflect.get(window, 'asked').aborted)
  expect(await phone.locator('#sign-in-passkey').isVisible()).toBe(false)
  await phone.reload()
  await phone.locator('#chooser').waitFor()
})

test('a name that no passkey may have is refused before one is made', async () => {
  const { url } = await serveLocally()
  const phone = await visitors.phone()
  const authenticator = await addAuthenticator(phone)
  await openWithoutFillIn(phone, `${url}/scan`)
  await signInOnPhone(phone)
  await sees(phone, '#passkeys', 'no passkey yet')
  visitors.await(/status of 400 .*\/passkeys\/options$/)
  await phone.locator('#passkey-name').fill('Work\u200bphone')
  await phone.locator('#add-passkey').click()
  await sees(phone, '#passkeys-message', 'A name cannot')
  expect(await phone.locator('#passkey-name').evaluate((field) => field === document.activeElement)).toBe(true)
  expect(await authenticator.count()).toBe(0)

  // A passkey that the service cannot read is no bad name.
  visitors.await(/status of 400 .*\/passkeys$/)
  const answer = problemReply(400, 'invalid_request')
  const adding = /\/passkeys$/
  await phone.route(adding, (route) => {
    return route.request().method() === 'POST' ? route.fulfill(answer) : route.continue()
  })
  await phone.locator('#passkey-name').fill('Work phone')
  await phone.locator('#add-passkey').click()
  await sees(phone, '#passkeys-message', 'That could not be understood')
  await phone.unroute(adding)
  await phone.locator('#passkey-name').fill('Work phone')
  await addPasskey(phone, 'Work phone')
  expect(await phone.locator('#passkeys-message').textContent()).toBe('')
})

test('the browser offers a passkey where it fills in the name', async () => {
  const { url } = await serveLocally()
  const phone = await visitors.phone()
  await addAuthenticator(phone)
  await phone.goto(`${url}/scan`)
  await signInOnPhone(phone)
  await addPasskey(phone)
  await signOut(phone)
  // The virtual authenticator's person picks the first that is offered.
  await sees(phone, '#passkeys li', 'Last used')
})

test('with CONFIRM=passkey the phone confirms by one that is verified, and by nothing else', async () => {
  const { url } = await serveLocally({ CONFIRM: 'passkey' })
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, url)
  const phone = await visitors.phone()
  const first = await addAuthenticator(phone)
  await openWithoutFillIn(phone, `${url}/scan#${await readToken(desktop)}`)
  await signInOnPhone(phone)
  await sees(phone, '#request', 'you have none yet')
  visitors.await(/status of 403 .*\/login\/confirm\/options$/)
  await confirm(phone)
  await sees(phone, '#request-message', 'you need one of your passkeys')
  await isSeenByKeys(phone)
  await phone.locator('.request-add-passkey').click()
  await sees(phone, '#request', 'This phone has a passkey of yours now')

  await first.knowsPerson(false)
  await confirm(phone)
  await sees(phone, '#request-message', 'No passkey was used')
  await first.knowsPerson(true)

  // Another phone's: it has the person's passkey, copied, and has counted further.
  const copy = await first.copy()
  await first.remove()
  const other = await addAuthenticator(phone)
  await confirm(phone)
  await sees(phone, '#request-message', 'No passkey was used')
  await other.put({ ...copy, signCount: 40 })
  await confirm(phone)
  await isSignedIn(desktop)
  await sees(phone, '#result', 'Signed in on')

  await openLoginPage(await fresh(desktop), url)
  await phone.goto(`${url}/scan#${await readToken(desktop)}`)
  await phone.reload()
  await other.remove()
  await (await addAuthenticator(phone)).put({ ...copy, signCount: 3 })
  visitors.await(/status of 403 .*\/login\/confirm$/)
  await confirm(phone)
  await sees(phone, '#request-message', 'you need one of your passkeys')
  await sees(desktop, '#status', 'confirm on your phone')
})

test('where browsers have no passkeys the page says why, and offers none', async () => {
  const { url } = shared('plain')
  const phone = await visitors.phone()
  await phone.goto(`${url}/scan`)
  await sees(phone, '#sign-in', 'only where the site has a name')
  expect(await phone.locator('#sign-in-passkey').isVisible()).toBe(false)
  await phone.addInitScript(() => {
    Object.defineProperty(window, 'isSecureContext', { value: false })
  })
  await phone.reload()
  await sees(phone, '#sign-in', 'only over https')
  await signInOnPhone(phone)
  await sees(phone, '#passkeys', 'only over https')
  expect(await phone.locator('#add-passkey').isVisible()).toBe(false)
})

/** While the page notes that a passkey which was just added or removed was shown: whoever is out by then is refused that. */
async function signOut(phone: Page): Promise<void> {
  visitors.await(/status of 401 .*\/events\/seen$/)
  await phone.locator('#sign-out').click()
}

/** The same browser, signed out. */
async function fresh(desktop: Page): Promise<Page> {
  await desktop.locator('#sign-out').click()
  await desktop.waitForURL((url) => url.pathname === '/')
  return desktop
}

/** Whoever comes by Tab to the button, where the screen ends beneath it, sees it whole, and not the bar over it (WCAG 2.2, 2.4.11). */
async function isSeenByKeys(phone: Page) {
  const button = phone.locator('.request-add-passkey')
  const edgesOf = async (part: string) => (await phone.locator(part).boundingBox()) ?? { y: Number.NaN, height: 0 }
  await phone.evaluate(() => scrollTo(0, 0))
  const { y, height } = await edgesOf('.request-add-passkey')
  await phone.setViewportSize({ width: 390, height: Math.ceil(y + height + 20) })
  await phone.locator('#request h1').focus()
  await tabTo(phone, '.request-add-passkey')
  await eventually('it is above the bar', async () => {
    const [at, bar] = await Promise.all([edgesOf('.request-add-passkey'), edgesOf('#request .bar')])
    return at.y >= 0 && at.y + at.height <= bar.y
  })
  expect(await button.evaluate((it) => it === document.activeElement)).toBe(true)
  await phone.setViewportSize({ width: 390, height: 844 })
}
