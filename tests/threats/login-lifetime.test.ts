import { expect, test } from '@jest/globals'
import { startLogin } from '../support/login-flow.ts'
import { onEveryStoreInTime } from '../support/timed-stage.ts'
import { expectExpired, expectProblem, loginIdOf } from './seen.ts'

/** T6, the second half: a login's life is what it was at its beginning. */

const LIFE_SECONDS = 30

onEveryStoreInTime(
  { POLL_HOLD_SECONDS: '0', LOGIN_SECONDS: String(LIFE_SECONDS), QR_REFRESH_SECONDS: '1', POLL_INTERVAL_SECONDS: '1' },
  (stage) => {
    test('T6 neither polling nor rotating extends LOGIN_SECONDS', async () => {
      const browser = stage.browser()
      const first = await startLogin(browser)
      let token = first
      const lives: number[] = []
      for (let second = 1; second < LIFE_SECONDS; second++) {
        stage.pass(1000)
        const rotated = await browser.post('/login', { token })
        token = rotated.json.token
        lives.push(rotated.json.expires_in)
        expect(loginIdOf(token)).toBe(loginIdOf(first))
        expect((await browser.get(`/login/status/${token}`)).json.status).toBe('pending')
      }
      expect(lives).toEqual(lives.map((_life, at) => LIFE_SECONDS - 1 - at))

      stage.pass(1000)
      const phone = await stage.phone()
      for (const old of [first, token]) {
        expectExpired(await browser.get(`/login/status/${old}`))
        expectProblem(await phone.post('/login/scan', { token: old }), 404, 'expired_token')
      }
      const restarted = await browser.post('/login', { token })
      expect(loginIdOf(restarted.json.token)).not.toBe(loginIdOf(first))
    })

    test('T6 a user code ends with its login', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const token = await startLogin(browser)
      stage.pass(10_000)
      const { user_code, expires_in } = (await browser.post('/login/user-code', { token })).json
      expect(expires_in).toBe(LIFE_SECONDS - 10)
      stage.pass(20_000)
      expectExpired(await browser.get(`/login/status/${token}`))
      expectProblem(await phone.post('/login/scan', { user_code }), 404, 'expired_token')
    })
  },
)
