import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createPhone } from '../support/http-client.ts'
import { approve } from '../support/login-flow.ts'
import {
  confirm,
  isSignedIn,
  openLoginPage,
  readQr,
  readToken,
  sees,
  showsCode,
  signInOnPhone,
} from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import type { Service } from '../support/service.ts'
import { COMPLAINTS_OF_AN_OUTAGE } from '../support/stopping-service.ts'

const { visitors, serve } = setUpPageTests({})
let redis: RedisServer

beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis?.stop())

/** The code that is seen before is seen after, however long it takes to be back. */
const env = () => ({ REDIS_URL: redis.url, POLL_INTERVAL_SECONDS: '1', QR_REFRESH_SECONDS: '300' })

const start = () => serve(env())
const startAgain = ({ port }: Service) => serve({ ...env(), PORT: String(port) })

test('the login page says that it is reconnecting, and goes on with the same code when the service is back', async () => {
  visitors.await(COMPLAINTS_OF_AN_OUTAGE)
  const service = await start()
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, service.url)
  const token = await readToken(desktop)

  await service.stop()
  await sees(desktop, '#status', /reconnecting/i)
  expect(await desktop.locator('#refresh').isVisible()).toBe(false)

  await startAgain(service)
  await sees(desktop, '#status', 'Waiting for your phone')
  expect(await readToken(desktop)).toBe(token)
  await approve(await createPhone(service.url), token)
  await isSignedIn(desktop)
})

test('a sign-in that is half done survives a restart on both screens', async () => {
  visitors.await(COMPLAINTS_OF_AN_OUTAGE)
  const service = await start()
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, service.url)
  const phone = await visitors.phone()
  await phone.goto(await readQr(desktop))
  await signInOnPhone(phone)
  await sees(desktop, '#status', 'confirm on your phone')

  await service.stop()
  await Promise.all([sees(desktop, '#status', /reconnecting/i), sees(phone, '#status', /reconnecting/i)])
  await startAgain(service)
  // What a browser fires when its network is back: the pages ask at once instead of when their patience ends.
  for (const page of [desktop, phone]) await page.evaluate(() => window.dispatchEvent(new Event('online')))
  await sees(desktop, '#status', 'confirm on your phone')
  await confirm(phone)
  await isSignedIn(desktop)
})

test('who has a network again while the service is still away is not told that they are offline', async () => {
  visitors.await(/ERR_(INTERNET_DISCONNECTED|FAILED) .*\/login/)
  // A new code would have the page say anew how things are.
  const { url } = await serve({ POLL_INTERVAL_SECONDS: '1', QR_REFRESH_SECONDS: '200' })
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, url)
  // All that the page loads later is there, and says no more by itself.
  await desktop.locator('#user-code button').click()
  await sees(desktop, '#user-code', /\w{4}-\w{4}/)
  const polls = '**/login/status/**'
  await desktop.route(polls, (route) => route.abort())
  await desktop.context().setOffline(true)
  await sees(desktop, '#status', 'You are offline')
  await desktop.context().setOffline(false)
  await sees(desktop, '#status', 'The service cannot be reached just now')
  await desktop.unroute(polls)
  await sees(desktop, '#status', 'Waiting for your phone')
})

test('a page that is opened before the service answers gets its code by itself', async () => {
  visitors.await(/status of 503 .*\/login$/)
  const { url } = await serve()
  const desktop = await visitors.desktop()
  let isAway = true
  await desktop.route('**/login', (route) => (isAway ? route.fulfill({ status: 503 }) : route.continue()))
  await desktop.goto(url)
  await sees(desktop, '#status', 'Trying again')
  isAway = false
  await showsCode(desktop)
  await sees(desktop, '#status', 'Waiting for your phone')
})
