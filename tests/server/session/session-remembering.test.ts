import { beforeEach, expect, test } from '@jest/globals'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type InjectClient,
  type TestApp,
} from '../../support/app.ts'

const HOUR = 3_600_000
const MONTH_SECONDS = 2_592_000

let testApp: TestApp
let phone: InjectClient
let browser: InjectClient

beforeEach(async () => {
  testApp = await createTestApp()
  phone = await createInjectPhone(testApp.app)
  browser = createInjectClient(testApp.app)
  const { token } = (await browser.post('/login')).json()
  await phone.post('/login/scan', { token })
  await phone.post('/login/confirm', { token })
  await browser.get(`/login/status/${token}`)
})

async function idOf(client: InjectClient): Promise<string> {
  return (await client.get('/session')).json().session.id
}
const keep = async (by: InjectClient, id: string) => (await by.post(`/sessions/${id}/remember`)).statusCode

test('a browser that was just let in is kept for as long as a phone, unused too, and gets its cookie anew', async () => {
  const id = await idOf(browser)
  const secret = browser.cookies.get('scanin_session')
  expect((await browser.get('/session')).cookies).toEqual([])
  const reply = await phone.post(`/sessions/${id}/remember`)
  expect([reply.statusCode, reply.json()]).toEqual([200, { expires_in: MONTH_SECONDS }])
  // Said again, as after an answer that was lost.
  expect(await keep(phone, id)).toBe(200)

  testApp.time.now += 24 * HOUR
  const { cookies, json } = await browser.get('/session')
  expect(json()).toMatchObject({ session: { id, expires_in: MONTH_SECONDS - 24 * 3600 } })
  expect(cookies).toMatchObject([{ name: 'scanin_session', value: secret, maxAge: MONTH_SECONDS - 24 * 3600 }])
  const { sessions } = (await phone.get('/sessions')).json()
  expect(sessions).toContainEqual(expect.objectContaining({ id }))
  expect((await phone.delete(`/sessions/${id}`)).statusCode).toBe(204)
  expect((await browser.get('/session')).statusCode).toBe(401)
})

test("no browser keeps itself, nobody else's is kept, and none long after it was let in", async () => {
  const id = await idOf(browser)
  const before = (await browser.get('/session')).json().session.expires_in
  expect(await keep(browser, id)).toBe(404)
  expect(await keep(createInjectClient(testApp.app), id)).toBe(401)
  expect(await keep(phone, await idOf(phone))).toBe(404)
  expect(await keep(phone, 'A'.repeat(22))).toBe(404)
  testApp.time.now += 600_000
  expect(await keep(phone, id)).toBe(404)
  expect((await browser.get('/session')).json().session.expires_in).toBe(before)
})
