import { expect, test } from '@jest/globals'
import { approve, startLogin } from '../support/login-flow.ts'
import { onEveryStoreInTime } from '../support/timed-stage.ts'
import { browserKeyOf, expectExpired, keyCookieOf, sessionSetBy } from './seen.ts'

/** T4, the part that is a matter of time. */

onEveryStoreInTime({ POLL_HOLD_SECONDS: '0' }, (stage) => {
  test('T4 T23 a hand-over repeats for 10 s and no longer, and collecting again does not extend that', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    const cookie = `${keyCookieOf(token)}=${browserKeyOf(browser, token)}`
    const collect = () => browser.get(`/login/status/${token}`, { cookie })
    await approve(phone, token)
    const secret = sessionSetBy(await collect())
    expect(secret).toBeDefined()
    for (const ms of [1000, 4000, 4999]) {
      stage.pass(ms)
      expect(sessionSetBy(await collect())).toBe(secret)
    }
    stage.pass(1)
    expectExpired(await collect())
    // The session that was handed out stays good, and belongs to the browser alone.
    expect((await browser.get('/session', { cookie: `scanin_session=${secret}` })).status).toBe(200)
  })
})
