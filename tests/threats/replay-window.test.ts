import { expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { onBothStoresAtOnce } from '../support/every-store.ts'
import { createClient, createPhone } from '../support/http-client.ts'
import { approve, startLogin } from '../support/login-flow.ts'
import { browserKeyOf, keyCookieOf, sessionSetBy } from './seen.ts'

/** T4, the part that takes its time: on both stores at once, so that it takes it once. */

const services = onBothStoresAtOnce()

test('T4 a hand-over repeats for 10 s and no longer, and collecting again does not extend that (embedded store and Redis)', async () => {
  await Promise.all(services().map(({ url }) => collectAgainAndAgain(url)))
})

async function collectAgainAndAgain(url: string): Promise<void> {
  const [browser, phone] = [createClient(url), await createPhone(url)]
  const token = await startLogin(browser)
  const cookie = `${keyCookieOf(token)}=${browserKeyOf(browser, token)}`
  await approve(phone, token)
  const started = performance.now()
  const first = await browser.get(`/login/status/${token}`, { cookie })
  await eventually(
    'the login is gone',
    async () => {
      const reply = await browser.get(`/login/status/${token}`, { cookie })
      if (reply.text === '{"status":"expired"}') return reply.setCookies.length === 0
      expect(sessionSetBy(reply)).toBe(sessionSetBy(first))
      return false
    },
    15_000,
  )
  const elapsed = performance.now() - started
  expect(elapsed).toBeGreaterThan(9000)
  expect(elapsed).toBeLessThan(12_500)
  // The session that was handed out is nobody's but the browser's, and still good.
  expect((await browser.get('/session', { cookie: `scanin_session=${sessionSetBy(first)}` })).status).toBe(200)
}
