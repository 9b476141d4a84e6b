import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Client, createClient, createPhone } from '../support/http-client.ts'
import { approve, scan, signInBrowser, startLogin } from '../support/login-flow.ts'
import { DEMO_PASSWORD } from '../support/service.ts'
import { startTwoInstances, type TwoInstances } from '../support/two-instances.ts'

/**
 * What a deployment has to do, seen from outside. Against SCANIN_URL where that is set, as docker-compose.yml's test
 * profile does; else against the same topology on loopback: nginx, two instances, one Redis.
 */
const deployed = process.env['SCANIN_URL']
const password = process.env['DEMO_PASSWORD'] ?? DEMO_PASSWORD

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
