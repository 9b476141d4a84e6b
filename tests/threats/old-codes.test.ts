import { expect, test } from '@jest/globals'
import type { Client } from '../support/http-client.ts'
import { approve, scan, startLogin } from '../support/login-flow.ts'
import { onEveryStoreInTime } from '../support/timed-stage.ts'
import { expectExpired, expectProblem, loginIdOf } from './seen.ts'

/** T6: a code is good for as long as it says, and nobody can make it last. */

async function rotate(browser: Client, token: string): Promise<string> {
  const reply = await browser.post('/login', { token })
  expect(reply.status).toBe(201)
  return reply.json.token
}

const SECOND = 1000

onEveryStoreInTime(
  { POLL_HOLD_SECONDS: '0', QR_OVERLAP_SECONDS: '10', COLLECT_SECONDS: '20', CONFIRM_SECONDS: '30' },
  (stage) => {
    test('T6 a rotated-out code still scans within the overlap', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const old = await startLogin(browser)
      const next = await rotate(browser, old)
      expect(loginIdOf(next)).toBe(loginIdOf(old))
      expect(next).not.toBe(old)
      stage.pass(9 * SECOND)
      await scan(phone, old)
      expect((await browser.get(`/login/status/${next}`)).json.status).toBe('scanned')
    })

    test('T6 a rotated-out code past the overlap neither scans nor polls, and the new one does', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const old = await startLogin(browser)
      const next = await rotate(browser, old)
      stage.pass(10 * SECOND)
      for (const path of ['/login/scan', '/login/confirm', '/login/deny']) {
        expectProblem(await phone.post(path, { token: old }), 404, 'expired_token')
      }
      expectExpired(await browser.get(`/login/status/${old}`))
      expect((await browser.get(`/login/status/${next}`)).json.status).toBe('pending')
      await scan(phone, next)
    })

    test('T6 a rotated-out code past the overlap is renewed for its own browser alone, and scans no more', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const old = await startLogin(browser)
      const lost = await rotate(browser, old)
      stage.pass(10 * SECOND)
      expect(loginIdOf(await rotate(stage.browser(), old))).not.toBe(loginIdOf(old))
      const next = await rotate(browser, old)
      expect(loginIdOf(next)).toBe(loginIdOf(old))
      stage.pass(10 * SECOND)
      for (const token of [old, lost]) expectProblem(await phone.post('/login/scan', { token }), 404, 'expired_token')
      expectExpired(await browser.get(`/login/status/${old}`))
      await scan(phone, next)
    })

    test('T6 a rotated-out code past the overlap is no phone’s, also once another code is scanned', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const old = await startLogin(browser)
      const next = await rotate(browser, old)
      stage.pass(10 * SECOND)
      await scan(phone, next)
      for (const path of ['/login/scan', '/login/confirm', '/login/deny']) {
        expectProblem(await phone.post(path, { token: old }), 404, 'expired_token')
      }
      expect((await phone.get(`/login/scan/${old}`)).status).toBe(404)
      expectExpired(await stage.browser().get(`/login/status/${old}`))
    })

    test('T6 a login that was approved and not collected in COLLECT_SECONDS is gone, with no session behind it', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const token = await startLogin(browser)
      const before = (await phone.get('/sessions')).json.sessions.length
      await approve(phone, token)
      stage.pass(19 * SECOND)
      // The phone asks: a poll by the browser would collect the session.
      expect((await phone.get(`/login/scan/${token}`)).json.status).toBe('authenticated')
      stage.pass(SECOND)
      expect((await phone.get(`/login/scan/${token}`)).status).toBe(404)
      expectExpired(await browser.get(`/login/status/${token}`))
      expect((await phone.get('/sessions')).json.sessions).toHaveLength(before)
      expect((await browser.get('/session')).status).toBe(401)
    })

    test('T6 a login that was scanned and not confirmed in CONFIRM_SECONDS can be confirmed no more', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const token = await startLogin(browser)
      await scan(phone, token)
      stage.pass(29 * SECOND)
      // Scanning again must not start that time anew.
      await scan(phone, token)
      stage.pass(SECOND)
      expect((await phone.post('/login/scan', { token })).status).toBe(404)
      expectProblem(await phone.post('/login/confirm', { token }), 404, 'expired_token')
      expectExpired(await browser.get(`/login/status/${token}`))
    })
  },
)

onEveryStoreInTime({ POLL_HOLD_SECONDS: '0', QR_OVERLAP_SECONDS: '0' }, (stage) => {
  test('T6 with no overlap, a code is dead the moment it is rotated out', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const old = await startLogin(browser)
    const next = await rotate(browser, old)
    expectProblem(await phone.post('/login/scan', { token: old }), 404, 'expired_token')
    await scan(phone, next)
  })
})

onEveryStoreInTime({ POLL_HOLD_SECONDS: '0', QR_OVERLAP_SECONDS: '60' }, (stage) => {
  test('T6 a code rotated out twice over still scans for its whole overlap', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const first = await startLogin(browser)
    const third = await rotate(browser, await rotate(browser, first))
    await scan(phone, first)
    expect((await browser.get(`/login/status/${third}`)).json.status).toBe('scanned')
  })
})
