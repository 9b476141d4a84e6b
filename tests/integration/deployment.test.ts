import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Client, createClient, createPhone } from '../support/http-client.ts'
import { approve, scan, signInBrowser, startLogin } from '../support/login-flow.ts'
import { DEMO_PASSWORD } from '../support/service.ts'
import { startTwoInstances, type TwoInstances } from '../support/two-instances.ts'

/**
 * What a deployment has to do, seen from outside. Against SCANIN_URL where that is set, with the demo account's
 * password in DEMO_PASSWORD_FILE, as docker-compose.yml's test profile does; else against the same topology on loopback:
 * nginx, two instances, one Redis.
 */
const deployed = process.env['SCANIN_URL']
const passwordFile = process.env['DEMO_PASSWORD_FILE']
const password = passwordFile === undefined ? DEMO_PASSWORD : readFileSync(passwordFile, 'utf8').trim()

let own: TwoInstances | undefined
let url = deployed ?? ''
let publicUrl = process.env['SCANIN_PUBLIC_URL'] ?? url

beforeAll(async () => {
  if (deployed !== undefined) return
  own = await startTwoInstances()
  url = own.url
  publicUrl = own.url
})
afterAll(() => own?.stop())

const newBrowser = () => createClient(url, publicUrl)
const newPhone = () => createPhone(url, publicUrl, password)
const isSignedIn = async (client: Client) => (await client.get('/session')).status === 200

test('is alive, ready, and shows its pages', async () => {
  for (const path of ['/healthz', '/readyz', '/', '/scan', '/home', '/openapi.json']) {
    expect([path, (await newBrowser().get(path)).status]).toEqual([path, 200])
  }
})

test('signs a browser in by a phone, whichever instance answers', async () => {
  const [browser, phone] = [newBrowser(), await newPhone()]
  const token = await startLogin(browser)
  expect((await browser.post('/login', {})).json.verification_uri).toBe(`${publicUrl}/scan`)
  await scan(phone, token)
  expect((await browser.get(`/login/status/${token}`)).json).toMatchObject({ status: 'scanned' })
  expect((await phone.post('/login/confirm', { token })).json).toEqual({ status: 'authenticated' })
  expect((await browser.get(`/login/status/${token}`)).json).toMatchObject({ status: 'authenticated' })
  expect(await isSignedIn(browser)).toBe(true)
})

test('wakes a held poll from the other instance', async () => {
  const [browser, phone] = [newBrowser(), await newPhone()]
  const token = await startLogin(browser)
  const held = browser.get(`/login/status/${token}?seen=pending&wait=2`)
  await scan(phone, token)
  expect((await held).json).toMatchObject({ status: 'scanned' })
})

test('signs a revoked browser out at its very next request', async () => {
  const [browser, phone] = [newBrowser(), await newPhone()]
  await signInBrowser(browser, phone)
  const { id } = (await browser.get('/session')).json.session
  expect((await phone.delete(`/sessions/${id}`)).status).toBe(204)
  for (let request = 0; request < 4; request++) expect(await isSignedIn(browser)).toBe(false)
})

test('hands the session to the right browser alone', async () => {
  const [browser, phone] = [newBrowser(), await newPhone()]
  const token = await startLogin(browser)
  await approve(phone, token)
  const stranger = newBrowser()
  const stolen = await stranger.get(`/login/status/${token}`)
  expect([stolen.json, stolen.setCookies]).toEqual([{ status: 'expired' }, []])
  expect((await browser.get(`/login/status/${token}`)).json).toMatchObject({ status: 'authenticated' })
})

test('tells the phone the address that the proxy saw, whatever the browser says of itself', async () => {
  const [browser, phone] = [newBrowser(), await newPhone()]
  const headers = { 'x-forwarded-for': '203.0.113.7', forwarded: 'for=203.0.113.7' }
  const { token } = (await browser.post('/login', {}, { headers })).json
  const { ip, same_network, match } = (await phone.post('/login/scan', { token })).json
  expect(ip).not.toBe('203.0.113.7')
  // Both came from here, so one that took the proxy's address for theirs would say so too.
  expect([same_network, match]).toEqual([true, 'none'])
})
