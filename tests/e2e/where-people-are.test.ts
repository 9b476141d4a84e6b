import { expect, test } from '@jest/globals'
import type { Page, Route } from 'playwright-core'
import { writeClients } from '../support/clients-file.ts'
import { eventually } from '../support/eventually.ts'
import { createClient, createPhone } from '../support/http-client.ts'
import { signInBrowser } from '../support/login-flow.ts'
import { authorizePath } from '../support/oauth-flow.ts'
import { letSettle, openLoginPage, openSignedIn, sees } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'

/** The focus stays where people have gone, whatever comes late; and nothing that is said lies on what they press. */

const { visitors, serve, shared } = setUpPageTests({ ordinary: { MATCH: 'never' } })

/** Keeps requests from being answered until they are let go. */
async function holdBack(page: Page, path: string, method: string): Promise<() => Promise<void>> {
  const held: Route[] = []
  await page.route(path, (route) => (route.request().method() === method ? void held.push(route) : route.fallback()))
  return async () => {
    await eventually(`${path} is asked for`, async () => held.length > 0)
    await Promise.all(held.map((route) => route.continue()))
    await Promise.all(held.map(async (route) => (await route.request().response())?.finished()))
    await letSettle(page)
  }
}

const isFocused = (page: Page, part: string) =>
  page.locator(part).evaluate((element) => element === document.activeElement)

test('a wrong password takes nobody from the user name that they have gone back to', async () => {
  visitors.await(/status of 401 .*\/sign-in$/)
  const phone = await visitors.phone()
  await phone.goto(`${shared('ordinary').url}/scan`)
  await phone.locator('#username').fill('dem')
  await phone.locator('#password').fill('wrong')
  const answer = await holdBack(phone, '**/sign-in', 'POST')
  await phone.locator('#sign-in-form [type=submit]').click()
  await phone.locator('#username').focus()
  await answer()
  await sees(phone, '#sign-in-message', /password/i)
  expect(await isFocused(phone, '#username')).toBe(true)
  // Who has stayed is led to what to correct.
  await phone.unroute('**/sign-in')
  await phone.locator('#sign-in-form [type=submit]').click()
  await phone.locator('#password:focus').waitFor()
})

test('a code to type takes nobody from where they went meanwhile, and the button for it stays while nothing changes', async () => {
  const { url } = shared('ordinary')
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, url)
  const answer = await holdBack(desktop, '**/login/user-code', 'POST')
  await desktop.locator('#user-code button').click()
  await desktop.locator('#language').focus()
  await answer()
  await sees(desktop, '#user-code', /^[A-Z]{4}-[A-Z]{4}$/)
  expect(await isFocused(desktop, '#language')).toBe(true)
})

test('all others are signed out once, however often it is pressed, and that is what is said; who goes on is left there', async () => {
  const { url } = await serve({ MATCH: 'never' })
  const other = await createPhone(url)
  for (let linked = 0; linked < 2; linked++) await signInBrowser(createClient(url), other)
  const phone = await visitors.phone()
  await openSignedIn(phone, url)
  await phone.locator('#sign-out-others').waitFor()
  let asked = 0
  phone.on('request', (request) => {
    if (request.method() === 'DELETE') asked += 1
  })
  const answer = await holdBack(phone, '**/sessions', 'DELETE')
  await phone.locator('#sign-out-others').click()
  await phone.locator('#question .question-yes').click()
  await eventually('it is asked for', async () => asked === 1)
  // Whoever drives the page waits for a button that is busy, and people do not.
  await phone.locator('#sign-out-others').dispatchEvent('click')
  await letSettle(phone)
  expect(await phone.locator('#question[open]').count()).toBe(0)
  await phone.locator('#user-code').focus()
  await answer()
  await sees(phone, '#sessions-said', '3 devices')
  expect(asked).toBe(1)
  expect(await isFocused(phone, '#user-code')).toBe(true)
})

test('where trouble is told, what is at the end of the page can be pressed', async () => {
  visitors.await(/ERR_FAILED .*\/session$/)
  const { url } = await serve({ MATCH: 'never', HELP_URL: 'https://help.example/' })
  const phone = await visitors.phone({ viewport: { width: 390, height: 700 } })
  await openSignedIn(phone, url)
  await sees(phone, '#sessions', 'This phone')
  await phone.goto(`${url}/home`)
  await sees(phone, '#sessions', 'This phone')
  await phone.route('**/session', (route) => route.abort())
  await phone.evaluate(() => window.dispatchEvent(new Event('focus')))
  await sees(phone, '#status', 'cannot be reached')
  await phone.evaluate(() => window.scrollTo(0, document.body.scrollHeight))
  await letSettle(phone)
  const found = await phone.evaluate(() => {
    const links = [...document.querySelectorAll('.foot a, #language')].filter((link) => link.checkVisibility())
    const trouble = document.querySelector('#status')?.getBoundingClientRect()
    return links.map((link) => {
      const { left, width, top, bottom, height } = link.getBoundingClientRect()
      const hit = document.elementFromPoint(left + width / 2, top + height / 2)
      const isUnder = trouble !== undefined && bottom > trouble.top && top < trouble.bottom
      return [hit === link || link.contains(hit), isUnder]
    })
  })
  expect(found.length).toBeGreaterThan(1)
  expect(new Set(found.map((one) => one.join()))).toEqual(new Set(['true,false']))
})

test('a code for an application that is on its way there is not sent a second time by an impatient press', async () => {
  const application = { client_id: 'slow', client_name: 'Slow', redirect_uris: ['http://127.0.0.1:9/callback'] }
  const clients = writeClients([application])
  const { url } = await serve({ MATCH: 'never', CLIENTS_FILE: clients.path })
  const phone = await visitors.phone()
  await openSignedIn(phone, url)
  const posts: Route[] = []
  let tellSent = () => {}
  const sent = new Promise<void>((resolve) => {
    tellSent = resolve
  })
  await phone.route('**/callback', (route) => {
    posts.push(route)
    tellSent()
  })
  await phone.route('**/healthz?sent', async (route) => {
    await sent
    await route.fulfill()
  })
  // Whoever drives the page waits for where it goes, and an impatient person does not.
  await phone.addInitScript(async () => {
    if (location.pathname === '/callback') return
    await fetch('/healthz?sent')
    const button = document.querySelector<HTMLButtonElement>('form [type=submit]')
    for (let presses = 0; presses < 3; presses++) button?.click()
    // Once a press has had its turn.
    await fetch('/healthz')
    if (button !== null) await fetch('/healthz?pressed')
  })
  const pressed = phone.waitForResponse('**/healthz?pressed')
  const gone = phone.goto(url + authorizePath(application, { response_mode: 'form_post' }), { waitUntil: 'commit' })
  await Promise.all([pressed, gone])
  expect(posts).toHaveLength(1)
  await posts[0]?.fulfill({ body: 'in', contentType: 'text/plain' })
  await sees(phone, 'body', 'in')
  clients.remove()
})
