import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { faultsIn } from '../support/axe.ts'
import { WEB, writeClients } from '../support/clients-file.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { hear } from '../support/heard.ts'
import { createPhone } from '../support/http-client.ts'
import { animateTo, hide, openSignedIn, sees, showsCode, stopClock } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'

const { visitors, shared, serve } = setUpPageTests({ ordinary: {} })

/** Pages that say what stands in the way, as the server fills them. */
const PAGES = ['not-found', 'trouble', 'try-again', 'no-entry', 'sign-in-trouble', 'oauth-message', 'offline']
const WORDS: Readonly<Record<string, string>> = {
  title: 'This is not where the application is',
  more: 'The address to go back to is not one that was set up for it, so nobody was signed in.',
  back: '/scan',
}

/** A page of the build, at an address of the service. */
async function open(page: Page, url: string, language: string, name: string): Promise<void> {
  const html = readFileSync(`dist/web/${language}/${name}.html`, 'utf8')
  const body = html.replace(/\{\{(\w+)\}\}/g, (_slot, key: string) => WORDS[key] ?? '')
  await page.route('**/in-the-way', (route) => route.fulfill({ body, contentType: 'text/html; charset=utf-8' }))
  await page.goto(`${url}/in-the-way`)
  await page.unroute('**/in-the-way')
}

test('each page of trouble has a sign, a title, a cause and one thing to do, on any screen and in any colours', async () => {
  const { url } = shared('ordinary')
  const page = await visitors.desktop()
  // Nothing is tried again meanwhile.
  await page.route(/page-guard\.js|trouble-page-/, (route) =>
    route.fulfill({ body: '', contentType: 'text/javascript' }),
  )
  for (const name of PAGES) {
    await page.setViewportSize({ width: 1280, height: 800 })
    await open(page, url, 'en', name)
    const card = page.locator('main .trouble')
    expect(await card.locator('.trouble-sign').filter({ visible: true }).count()).toBe(1)
    expect((await card.locator('.trouble-sign').filter({ visible: true }).boundingBox())?.width).toBe(72)
    expect(await page.getByRole('heading').count()).toBe(1)
    expect((await card.locator('.lead').textContent())?.length).toBeGreaterThan(30)
    const actions = await card.locator('a, button').filter({ visible: true }).count()
    expect([name, actions]).toEqual([name, name === 'oauth-message' ? 0 : 1])
    expect([name, await faultsIn(page)]).toEqual([name, []])
    await page.setViewportSize({ width: 320, height: 640 })
    for (const language of ['en', 'de', 'ar']) {
      await open(page, url, language, name)
      await page.evaluate(() => Object.assign(document.documentElement.style, { fontSize: '200%' }))
      expect([name, language, await page.evaluate(() => document.documentElement.scrollWidth)]).toEqual([
        ...[name, language, 320],
      ])
    }
  }
})

test('no page of trouble is forgotten here', () => {
  const pages = readdirSync('dist/web/en').filter((name) => name.endsWith('.html'))
  const others = ['index', 'scan', 'home', 'embed', 'oauth-sign-out', 'oauth-form-post']
  expect(pages.sort()).toEqual([...PAGES, ...others].map((name) => `${name}.html`).sort())
})

test.each(['/', '/scan', '/home'])(
  '%s says what it lacks where there is no JavaScript, and nothing else',
  async (path) => {
    const page = await visitors.phone({ javaScriptEnabled: false })
    await page.goto(shared('ordinary').url + path)
    await page.getByRole('heading', { name: 'JavaScript is off' }).waitFor()
    expect(await page.getByRole('heading').count()).toBe(1)
    await page.locator('.no-script .lead').waitFor()
    await animateTo(page, 15)
    expect(await page.locator('a, button, input, select, #qr').filter({ visible: true }).count()).toBe(2)
    await page.getByRole('link', { name: 'Try again' }).click()
    expect(new URL(page.url()).pathname).toBe(path)
  },
)

test('a sign-out that asks first says that it lacks JavaScript, and has no button that does nothing', async () => {
  const clients = writeClients([WEB])
  const { url } = await serve({ CLIENTS_FILE: clients.path })
  const phone = await createPhone(url)
  const page = await visitors.phone({ javaScriptEnabled: false })
  await page.context().addCookies([...phone.cookies].map(([name, value]) => ({ name, value, url })))
  await page.goto(`${url}/oauth/logout?client_id=${WEB.client_id}`)
  await page.getByRole('heading', { name: 'JavaScript is off' }).waitFor()
  expect(await page.locator('#sign-out').isVisible()).toBe(false)
  clients.remove()
})

test.each(['/scan', '/home', `/oauth/logout?client_id=${WEB.client_id}`])(
  '%s has a place for what it may have to say before it does, since some screen readers miss one that comes with the words',
  async (path) => {
    const clients = writeClients([WEB])
    const { url } = await serve({ CLIENTS_FILE: clients.path })
    const phone = await createPhone(url)
    const page = await visitors.phone()
    await page.context().addCookies([...phone.cookies].map(([name, value]) => ({ name, value, url })))
    await page.goto(url + path)
    await page.locator('#sign-out').waitFor()
    const place = await page.locator('#status:empty').evaluate((part) => ({
      boxes: part.getClientRects().length,
      height: part.getBoundingClientRect().height,
      shadow: getComputedStyle(part).boxShadow,
    }))
    expect(place).toEqual({ boxes: 1, height: 0, shadow: 'none' })
    clients.remove()
  },
)

test('a page that was opened at another address than the service has says which is right, and leads there', async () => {
  visitors.await(/status of 403 /)
  const port = await freePort()
  const right = `http://sign-in.example.com:${port}`
  await serve({ PORT: String(port), PUBLIC_URL: right })
  const elsewhere = `http://other.example.com:${port}`
  const desktop = await visitors.desktop()
  const heard = await hear(desktop)
  await desktop.goto(`${elsewhere}/?return_to=%2Fhome`)
  await sees(desktop, '#status', 'This is not the right address')
  await sees(desktop, '#status', `sign-in.example.com:${port}`)
  await desktop.locator('link[href*="login-forms"]').waitFor({ state: 'attached' })
  expect(await heard.said()).toEqual([expect.stringContaining('This is not the right address')])
  await desktop.locator('#refresh').filter({ hasText: 'Open it there' }).click()
  await showsCode(desktop)
  expect(desktop.url()).toBe(`${right}/?return_to=%2Fhome`)
})

test('the page for trouble on our side tries again by itself, less and less often, never while nobody looks, and comes back to the code that was scanned', async () => {
  visitors.await(/status of 503/)
  const { url } = shared('ordinary')
  const token = 'V1StGXR8_Z5jdHi6.k3PqWz0vB7nRtYxLc9MdFs'
  const phone = await visitors.phone()
  const heard = await hear(phone)
  await phone.clock.install()
  let isAway = true
  let isFailing = true
  let asked = 0
  let loaded = 0
  await phone.route('**/readyz', (route) => {
    asked++
    return isAway ? route.fulfill({ status: 503 }) : route.continue()
  })
  await phone.route('**/scan', (route) => {
    loaded++
    const body = readFileSync('dist/web/en/trouble.html', 'utf8')
    return isFailing ? route.fulfill({ status: 503, body, contentType: 'text/html; charset=utf-8' }) : route.continue()
  })
  const timePasses = (what: string, isSo: () => boolean | Promise<boolean>) =>
    eventually(what, async () => {
      await phone.clock.runFor(500)
      return isSo()
    })
  const seconds = async () => {
    await sees(phone, '#trying', /Trying again in \d+ seconds?…/)
    return Number(/\d+/.exec(String(await phone.locator('#trying [aria-hidden]').textContent())))
  }

  await phone.goto(`${url}/scan#${token}`)
  const [first] = [await seconds()]
  const { y: buttonAt } = (await phone.locator('#again').boundingBox()) ?? {}
  await timePasses('it asks', () => asked === 4)
  expect(await seconds()).toBeGreaterThan(first)
  expect((await phone.locator('#again').boundingBox())?.y).toBe(buttonAt)
  expect(await heard.said()).toEqual(['Trying again…'])
  expect(await faultsIn(phone)).toEqual([])

  // On a slow machine it has asked again while this looked. From here on time passes when this says so.
  await stopClock(phone)
  const before = asked
  await hide(phone, true)
  await phone.clock.runFor(120_000)
  await sees(phone, '#trying', /^Trying again…Trying again…$/)
  expect(asked).toBe(before)
  await hide(phone, false)
  await timePasses('it asks at once', () => asked === before + 1)
  expect(loaded).toBe(1)

  // The service answers, and this page does not.
  isAway = false
  const waits: number[] = []
  for (const load of [2, 3, 4]) {
    await timePasses('it is loaded anew', () => loaded === load)
    waits.push(await seconds())
  }
  expect(waits).toEqual([...waits].sort((one, other) => one - other))
  expect(waits.at(-1)).toBeGreaterThan(2 * (waits[0] ?? 0) - 1)
  isFailing = false
  await phone.clock.resume()
  await phone.locator('#again').click()
  await sees(phone, '#sign-in', 'Sign in on this phone')
  expect(phone.url()).toBe(`${url}/scan#${token}`)
})

test('without a script that page says to load it again, and has a link that does', async () => {
  const page = await visitors.phone({ javaScriptEnabled: false })
  const body = readFileSync('dist/web/en/trouble.html', 'utf8')
  await page.route('**/home', (route) => route.fulfill({ body, contentType: 'text/html; charset=utf-8' }))
  await page.goto(`${shared('ordinary').url}/home`)
  await page.locator('noscript .lead').filter({ visible: true }).waitFor()
  await page.unroute('**/home')
  await page.getByRole('link', { name: 'Try again' }).click()
  await page.getByRole('heading', { name: 'JavaScript is off' }).waitFor()
})

test('a session that is about to end says so a minute before, once to the ear, and how to go on', async () => {
  const { url } = await serve({ REMEMBER_SECONDS: '80' })
  const phone = await visitors.phone()
  const heard = await hear(phone)
  await openSignedIn(phone, url)
  await phone.goto(`${url}/home`)
  await sees(phone, '#ending', /You will be signed out here in \d+ seconds/)
  const asked = phone.waitForResponse((response) => response.url().endsWith('/session'))
  await phone.evaluate(() => window.dispatchEvent(new Event('online')))
  await asked
  expect((await heard.said()).filter((words) => words.includes('signed out here'))).toHaveLength(1)
  expect(await faultsIn(phone)).toEqual([])
  await phone.getByRole('link', { name: 'Sign in again' }).click()
  await showsCode(phone)
})

test('who is signed in sees no code; one tab signs out, and the other notices; and a stranger is told what is the matter', async () => {
  const { url } = shared('ordinary')
  const first = await visitors.desktop()
  await openSignedIn(first, url)
  const second = await first.context().newPage()
  await second.goto(url)
  await second.locator('#user-name').filter({ visible: true }).waitFor()
  expect(new URL(second.url()).pathname).toBe('/home')
  await first.goto(`${url}/home`)
  await first.locator('#sign-out').click()
  await showsCode(first)
  await showsCode(second)

  // It has come from there just now: it would go round in circles.
  await second.goto(`${url}/home`)
  await second.getByRole('heading', { name: 'You are not signed in here' }).waitFor()
  expect(await second.title()).toMatch(/^You are not signed in here · /)
  expect(await faultsIn(second)).toEqual([])
  await second.getByRole('link', { name: 'Sign in' }).click()
  await showsCode(second)
})
