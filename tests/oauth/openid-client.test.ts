import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import * as oidc from 'openid-client'
import type { Browser, Page } from 'playwright-core'
import { blockStorage } from '../support/blocked-storage.ts'
import { connectToChromium, createVisitors, type Visitors } from '../support/browsers.ts'
import { type ClientsFile, writeClients } from '../support/clients-file.ts'
import { eventually } from '../support/eventually.ts'
import { confirm, openSignedIn, readQr, sees, signInOnPhone } from '../support/page-steps.ts'
import { type RelyingParty, startRelyingParty } from '../support/relying-party.ts'
import { type Service, startService } from '../support/service.ts'

/** Two applications of npm's openid-client, unmodified, and the real pages in a real browser. */

let chromium: Browser
let visitors: Visitors
let wiki: RelyingParty
let board: RelyingParty
let clients: ClientsFile
let service: Service

beforeAll(async () => {
  ;[chromium, wiki, board] = await Promise.all([
    connectToChromium(),
    startRelyingParty('Wiki'),
    startRelyingParty('Board', { id_token_signed_response_alg: 'EdDSA' }),
  ])
  clients = writeClients([wiki.registration, board.registration])
  service = await startService({ CLIENTS_FILE: clients.path })
  await Promise.all([wiki.discover(service.url), board.discover(service.url)])
})
afterAll(async () => {
  await Promise.all([chromium?.close(), wiki?.stop(), board?.stop(), service?.stop()])
  clients?.remove()
})
beforeEach(() => {
  visitors = createVisitors(chromium)
})
afterEach(async () => {
  await visitors.leave()
  expect(visitors.complaints()).toEqual([])
})

/** What the person does on the phone: opens what the code says, and confirms. */
async function confirmOn(phone: Page, link: string, application: string): Promise<void> {
  await phone.goto(link)
  if (await phone.locator('#sign-in-form').isVisible()) await signInOnPhone(phone)
  await sees(phone, '#request', application)
  await sees(phone, '#request', 'your name, your e-mail address, and the groups you are in')
  await confirm(phone)
}

async function signedInPhone(): Promise<Page> {
  const phone = await visitors.phone()
  await openSignedIn(phone, service.url)
  await sees(phone, '#sessions', 'This phone')
  return phone
}

test('a scan signs in to one application, the next needs none, and revoking the browser signs out of both', async () => {
  const [desktop, phone] = [await visitors.desktop(), await signedInPhone()]
  await desktop.goto(`${wiki.url}/login`)
  await sees(desktop, 'main', 'Wiki')
  await confirmOn(phone, await readQr(desktop), 'Wiki')
  await sees(desktop, '#who', 'Demo Person')
  expect(new URL(desktop.url()).origin).toBe(wiki.url)
  await desktop.goto(`${board.url}/login`)
  await sees(desktop, '#who', 'Demo Person')
  expect(new URL(desktop.url()).origin).toBe(board.url)

  const claims = wiki.tokens().claims()
  expect(claims).toMatchObject({
    iss: service.url,
    sub: 'demo',
    name: 'Demo Person',
    preferred_username: 'demo',
    amr: ['pwd', 'user', 'mca'],
    acr: 'urn:scanin:acr:phone',
    auth_time: expect.any(Number),
    sid: board.tokens().claims()?.['sid'],
  })
  const told = await oidc.fetchUserInfo(wiki.configuration(), wiki.tokens().access_token, 'demo')
  expect(told).toMatchObject({ sub: 'demo', name: 'Demo Person' })
  const refreshed = await oidc.refreshTokenGrant(wiki.configuration(), wiki.tokens().refresh_token ?? '')
  expect(refreshed.refresh_token).not.toBe(wiki.tokens().refresh_token)
  expect(refreshed.claims()).toMatchObject({ sub: 'demo', sid: claims?.['sid'] })

  await phone.goto(`${service.url}/scan`)
  const devices = phone.locator('#sessions li')
  await devices.filter({ hasText: 'Chrome on Windows' }).getByRole('button', { name: 'Sign out' }).click()
  await devices.filter({ hasText: 'Chrome on Windows' }).waitFor({ state: 'detached' })
  for (const application of [wiki, board]) {
    const logout = await eventually('the application is told', () => application.logouts[0])
    expect(logout).toMatchObject({ sub: 'demo', sid: claims?.['sid'], events: expect.anything() })
    expect(logout).not.toHaveProperty('nonce')
  }
  const refusal = await oidc
    .refreshTokenGrant(wiki.configuration(), refreshed.refresh_token ?? '')
    .catch((error) => error)
  expect(refusal).toMatchObject({ error: 'invalid_grant' })
  await expect(oidc.fetchUserInfo(wiki.configuration(), refreshed.access_token, 'demo')).rejects.toThrow()
})

test('an application signs its person out by its ID token, and gets the browser back', async () => {
  const [desktop, phone] = [await visitors.desktop(), await signedInPhone()]
  await desktop.goto(`${wiki.url}/login`)
  await confirmOn(phone, await readQr(desktop), 'Wiki')
  await sees(desktop, '#who', 'Demo Person')
  await desktop.goto(`${wiki.url}/logout`)
  await sees(desktop, '#who', 'nobody ?state=left')
  await desktop.goto(service.url)
  await readQr(desktop)
  const sid = wiki.tokens().claims()?.['sid']
  await eventually('the application is told too', () => wiki.logouts.some((logout) => logout['sid'] === sid))
})

test('asked to sign out by somebody who shows nothing, the person is asked', async () => {
  const [desktop, phone] = [await visitors.desktop(), await signedInPhone()]
  await desktop.goto(`${wiki.url}/login`)
  await confirmOn(phone, await readQr(desktop), 'Wiki')
  await sees(desktop, '#who', 'Demo Person')
  const query = new URLSearchParams({ client_id: 'wiki', post_logout_redirect_uri: `${wiki.url}/out` })
  await desktop.goto(`${service.url}/oauth/logout?${query}`)
  await sees(desktop, 'main', 'Wiki has asked for it')
  await desktop.goto(`${service.url}/home`)
  await sees(desktop, '#user-name', 'Demo Person')
  await desktop.goto(`${service.url}/oauth/logout?${query}`)
  await desktop.locator('#sign-out').click()
  await sees(desktop, '#who', 'nobody')
})

test('who signs out because an application asks is signed out in the other tabs too, which notice', async () => {
  const phone = await signedInPhone()
  const tab = await phone.context().newPage()
  await tab.goto(`${service.url}/oauth/logout?client_id=wiki`)
  await tab.locator('#sign-out').click()
  await sees(phone, '#sign-in-why', 'You are signed out')
})

test('who keeps storage and channels from pages is signed out because an application asks, too', async () => {
  const phone = await signedInPhone()
  await blockStorage(phone, 'SecurityError')
  await phone.goto(`${service.url}/oauth/logout?client_id=wiki`)
  await phone.locator('#sign-out').click()
  await phone.waitForURL((url) => url.pathname !== '/oauth/logout')
  await phone.goto(`${service.url}/scan`)
  await phone.locator('#sign-in-form').waitFor()
})

test('an application that asks for a new login gets one, in the browser that is signed in already', async () => {
  const [desktop, phone] = [await visitors.desktop(), await signedInPhone()]
  await desktop.goto(`${wiki.url}/login`)
  await confirmOn(phone, await readQr(desktop), 'Wiki')
  await sees(desktop, '#who', 'Demo Person')
  const before = wiki.tokens().claims()
  await desktop.goto(`${wiki.url}/login?prompt=login&response_mode=form_post`)
  await confirmOn(phone, await readQr(desktop), 'Wiki')
  await sees(desktop, '#who', 'Demo Person')
  expect(wiki.tokens().claims()?.['sid']).not.toBe(before?.['sid'])
})
