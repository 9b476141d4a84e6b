import { expect, test } from '@jest/globals'
import { ON_DISK_TOO, onEveryStore } from '../support/every-store.ts'
import type { Call } from '../support/http-client.ts'
import { approve, scan, startLogin } from '../support/login-flow.ts'
import { expectExpired, expectProblem, keyCookieOf, loginIdOf, sessionSetBy } from './seen.ts'

/** T2: everyone in the room sees the QR. What it says is of no use without the browser's cookie. */

/** All the places that somebody who has the token alone could put it. */
function disguises(token: string): [place: string, path: string, call: Call][] {
  const secret = token.slice(17)
  return [
    ['the path', '', {}],
    ['the query', `?token=${token}&seen=pending&wait=0`, {}],
    ['a cookie of the right name', '', { cookie: `${keyCookieOf(token)}=${token}` }],
    ['its secret in a cookie of the right name', '', { cookie: `${keyCookieOf(token)}=${secret}` }],
    ['padded to a key in a cookie', '', { cookie: `${keyCookieOf(token)}=${secret.padEnd(43, 'A')}` }],
    ['a session cookie', '', { cookie: `scanin_session=${token}` }],
    [
      'all its parts as cookies',
      '',
      { cookie: `scanin_${token}=${token}; token=${token}; ${loginIdOf(token)}=${secret}` },
    ],
    ['a bearer header', '', { headers: { authorization: `Bearer ${token}` } }],
    ['headers of its own', '', { headers: { 'x-token': token, 'x-scanin-token': token, 'x-browser-key': secret } }],
    ['a body', '', { raw: JSON.stringify({ token }) }],
  ]
}

onEveryStore(
  { POLL_HOLD_SECONDS: '0' },
  (stage) => {
    test('T2 a clean client that polls a photographed code is told `expired` in every state, wherever it puts the token', async () => {
      const [browser, phone, thief] = [stage.browser(), await stage.phone(), stage.browser()]
      const token = await startLogin(browser)
      const steps = [async () => undefined, () => scan(phone, token), () => phone.post('/login/confirm', { token })]
      for (const step of steps) {
        await step()
        for (const [, query, call] of disguises(token)) {
          expectExpired(await thief.get(`/login/status/${token}${query}`, { cookie: '', ...call }))
        }
      }
    })

    test('T2 the right browser is signed in all the same, after any number of thieves', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const token = await startLogin(browser)
      await approve(phone, token)
      const polls = Array.from({ length: 30 }, () => stage.browser().get(`/login/status/${token}`))
      for (const reply of await Promise.all(polls)) expectExpired(reply)

      const reply = await browser.get(`/login/status/${token}`)
      expect(reply.json).toMatchObject({ status: 'authenticated', user: { name: 'Demo Person' } })
      expect(sessionSetBy(reply)).toBeDefined()
      expect((await browser.get('/session')).status).toBe(200)
    })

    test('T2 a thief who also calls everything else a browser may call ends nothing and learns nothing', async () => {
      const [browser, thief] = [stage.browser(), stage.browser()]
      const token = await startLogin(browser)
      expectProblem(await thief.post('/login/user-code', { token }), 404, 'expired_token')
      expectExpired(await thief.post('/login/match', { token, match_code: '123456' }))
      expect((await thief.delete(`/login/${token}`)).status).toBe(204)
      const rotated = await thief.post('/login', { token }, { cookie: '' })
      expect(loginIdOf(rotated.json.token)).not.toBe(loginIdOf(token))

      expect((await browser.get(`/login/status/${token}`)).json).toMatchObject({ status: 'pending' })
    })

    test('T2 the photographed token approves nothing without a phone that is signed in', async () => {
      const [browser, thief] = [stage.browser(), stage.browser()]
      const token = await startLogin(browser)
      for (const path of ['/login/scan', '/login/confirm', '/login/deny']) {
        expectProblem(await thief.post(path, { token }), 401, 'authentication_required')
      }
      expectProblem(await thief.get(`/login/scan/${token}`), 401, 'authentication_required')
      expect((await browser.get(`/login/status/${token}`)).json).toMatchObject({ status: 'pending' })
    })
  },
  ON_DISK_TOO,
)
