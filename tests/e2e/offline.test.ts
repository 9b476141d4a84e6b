import { expect, test } from '@jest/globals'
import { faultsIn } from '../support/axe.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { sees, signInOnPhone } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'
import { COMPLAINTS_OF_AN_OUTAGE } from '../support/stopping-service.ts'

const { visitors, serve } = setUpPageTests({})

// The service is stopped, for a browser that is told to be offline may let its workers through.
test('a phone without a connection is told so by a page of ours, which goes on by itself where it was going', async () => {
  visitors.await(COMPLAINTS_OF_AN_OUTAGE)
  const env = { PORT: String(await freePort()), BRAND_NAME: 'Müller & Söhne' }
  const service = await serve(env)
  const phone = await visitors.phone()
  await phone.goto(`${service.url}/scan`)
  // Who has not signed in here has nothing to go back to, and pays nothing.
  await sees(phone, '#sign-in', 'Sign in on this phone')
  const isKept = () =>
    navigator.serviceWorker.getRegistration('/scan').then((found) => found?.active?.state === 'activated')
  expect(await phone.evaluate(isKept)).toBe(false)
  await signInOnPhone(phone)
  await eventually('the worker has kept the page', () => phone.evaluate(isKept))

  // It is kept in the language that they read by now.
  const keptIn = async () => /<html lang="([^"]+)"/.exec((await (await caches.match('/offline'))?.text()) ?? '')?.[1]
  for (const language of ['de', 'en']) {
    await phone.locator('#language').selectOption(language)
    await phone.locator(`html[lang="${language}"] #chooser`).waitFor()
    await eventually('the page is kept in that', async () => (await phone.evaluate(keptIn)) === language)
  }

  await service.stop()
  await phone.goto(`${service.url}/scan?again#a-token`)
  await sees(phone, 'h1', 'No connection')
  await sees(phone, '.lead', 'cannot reach Müller & Söhne')
  // What came of what was decided just before nobody knows here.
  await sees(phone, '.lead', 'confirmed a sign-in, that may have arrived')
  await sees(phone, '#start-trouble', 'Trying again')
  // With its colours and its signs, which it has to have kept too.
  expect((await phone.locator('.trouble-sign').boundingBox())?.width).toBe(72)
  expect(await faultsIn(phone)).toEqual([])
  // What it keeps is that page with what it loads: no page that says anything of anybody, and no reply.
  const kept = await phone.evaluate(async () => {
    const caches = await window.caches.keys()
    const keys = await Promise.all(caches.map(async (name) => (await window.caches.open(name)).keys()))
    return keys.flat().map(({ url }) => new URL(url).pathname)
  })
  expect(kept.filter((path) => !/^\/(offline|page-guard\.js|assets\/.*\.(css|svg))$/.test(path))).toEqual([])

  await serve(env)
  await sees(phone, 'h1', 'Sign in on this phone')
  expect(new URL(phone.url()).pathname).toBe('/scan')

  // The worker lets the page through as the service sends it, and has no part in what that asks the service.
  const [session, page] = await Promise.all([
    phone.waitForResponse((response) => response.url().endsWith('/session')),
    phone.reload(),
  ])
  expect([page?.fromServiceWorker(), page?.headers()['cache-control']]).toEqual([true, 'no-store'])
  expect(session.fromServiceWorker()).toBe(false)
})
