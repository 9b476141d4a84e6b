import { expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { onEveryStore } from '../support/every-store.ts'
import { startLogin } from '../support/login-flow.ts'
import { expectExpired, expectProblem, loginIdOf } from './seen.ts'

/** T6, the second half: a login's life is what it was at its beginning. */

onEveryStore(
  { POLL_HOLD_SECONDS: '0', LOGIN_SECONDS: '3', QR_REFRESH_SECONDS: '1', POLL_INTERVAL_SECONDS: '1' },
  (stage) => {
    test('T6 neither polling nor rotating extends LOGIN_SECONDS', async () => {
      const browser = stage.browser()
      const started = performance.now()
      const first = await startLogin(browser)
      let token = first
      const lives: number[] = []
      await eventually('the login is over', async () => {
        const rotated = await browser.post('/login', { token })
        if (rotated.status === 201 && loginIdOf(rotated.json.token) !== loginIdOf(first)) return true
        if (rotated.status === 201) {
          token = rotated.json.token
          lives.push(rotated.json.expires_in)
        }
        const polled = await browser.get(`/login/status/${token}`)
        return polled.json.status === 'expired'
      })
      const elapsed = performance.now() - started
      expect(elapsed).toBeGreaterThan(2900)
      expect(elapsed).toBeLessThan(4500)
      expect(lives.length).toBeGreaterThan(3)
      expect(lives).toEqual([...lives].sort((one, other) => other - one))
      expect(Math.max(...lives)).toBeLessThanOrEqual(3)
      const phone = await stage.phone()
      for (const old of [first, token]) {
        expectExpired(await browser.get(`/login/status/${old}`))
        expectProblem(await phone.post('/login/scan', { token: old }), 404, 'expired_token')
      }
    })

    test('T6 a user code ends with its login', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const token = await startLogin(browser)
      const { user_code, expires_in } = (await browser.post('/login/user-code', { token })).json
      expect(expires_in).toBeLessThanOrEqual(3)
      await eventually(
        'the login is over',
        async () => (await browser.get(`/login/status/${token}`)).json.status === 'expired',
      )
      expectProblem(await phone.post('/login/scan', { user_code }), 404, 'expired_token')
    })
  },
)
