import { expect, test } from '@jest/globals'
import { ON_DISK_TOO, onEveryStore, type Stage } from '../support/every-store.ts'
import type { Client } from '../support/http-client.ts'
import { approve, startLogin } from '../support/login-flow.ts'
import { redisKeys } from './redis-dump.ts'
import { browserKeyOf, expectExpired, keyCookieOf, sessionSetBy, unhurried } from './seen.ts'

/** T4: one approval is one session, however often and from wherever it is collected. */

const POLLS = 50

async function browserSessions(phone: Client): Promise<string[]> {
  const { json } = await phone.get('/sessions')
  return json.sessions
    .filter((session: { kind: string }) => session.kind === 'browser')
    .map(({ id }: { id: string }) => id)
}

/** Sessions as the store has them, where it can be looked into. */
async function storedSessions(stage: Stage): Promise<number | undefined> {
  if (stage.kind !== 'redis') return undefined
  return (await redisKeys(stage.redis().url)).filter((key) => key.startsWith('scanin:session:')).length
}

onEveryStore(
  { POLL_HOLD_SECONDS: '0' },
  (stage) => {
    test('T4 fifty polls at once after approval get one session, with one and the same cookie', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const [before, storedBefore] = [await browserSessions(phone), await storedSessions(stage)]
      const token = await startLogin(browser)
      const cookie = `${keyCookieOf(token)}=${browserKeyOf(browser, token)}`
      await approve(phone, token)

      const replies = await Promise.all(
        Array.from({ length: POLLS }, () => unhurried(() => stage.browser().get(`/login/status/${token}`, { cookie }))),
      )
      expect(replies.map(({ json }) => json.status)).toEqual(Array(POLLS).fill('authenticated'))
      const secrets = new Set(replies.map(sessionSetBy))
      expect(secrets.size).toBe(1)
      expect(secrets).not.toContain(undefined)
      expect(await browserSessions(phone)).toHaveLength(before.length + 1)
      if (storedBefore !== undefined) expect(await storedSessions(stage)).toBe(storedBefore + 1)
    })

    test('T4 fifty polls that race the approval itself end in one session too', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const before = await browserSessions(phone)
      const token = await startLogin(browser)
      const cookie = `${keyCookieOf(token)}=${browserKeyOf(browser, token)}`
      expect((await phone.post('/login/scan', { token })).status).toBe(200)

      const calls = Array.from({ length: POLLS }, () => stage.browser().get(`/login/status/${token}`, { cookie }))
      const confirms = Array.from({ length: 5 }, () => phone.post('/login/confirm', { token }))
      const replies = await Promise.all(calls)
      for (const reply of await Promise.all(confirms)) expect([200, 404]).toContain(reply.status)
      replies.push(await stage.browser().get(`/login/status/${token}`, { cookie }))

      for (const { status, json } of replies) {
        expect(status === 429 || ['scanned', 'authenticated'].includes(json.status)).toBe(true)
      }
      expect(new Set(replies.map(sessionSetBy).filter((secret) => secret !== undefined)).size).toBe(1)
      expect(await browserSessions(phone)).toHaveLength(before.length + 1)
    })

    test('T4 a reply lost on the way is given again, until the session is used; from then on it is `expired`', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const token = await startLogin(browser)
      const cookie = `${keyCookieOf(token)}=${browserKeyOf(browser, token)}`
      await approve(phone, token)
      const lost = await browser.get(`/login/status/${token}`, { cookie })
      const again = await browser.get(`/login/status/${token}`)
      expect(sessionSetBy(again)).toBe(sessionSetBy(lost))

      expect((await browser.get('/session')).status).toBe(200)
      for (let tries = 0; tries < 3; tries++) {
        expectExpired(await stage.browser().get(`/login/status/${token}`, { cookie }))
        expectExpired(await stage.browser().post('/login/match', { token, match_code: '000000' }, { cookie }))
      }
      expect((await browser.get('/session')).status).toBe(200)
    })

    test('T4 a session that was signed out is not brought back by replaying the poll that gave it', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const token = await startLogin(browser)
      const cookie = `${keyCookieOf(token)}=${browserKeyOf(browser, token)}`
      await approve(phone, token)
      const collected = await browser.get(`/login/status/${token}`)
      const session = `scanin_session=${sessionSetBy(collected)}`
      // Revoked on the phone before the browser has used it, while the hand-over could still repeat.
      const [id] = (await phone.get('/sessions')).json.sessions.filter(
        ({ kind }: { kind: string }) => kind === 'browser',
      )
      expect((await phone.delete(`/sessions/${id.id}`)).status).toBe(204)
      expectExpired(await stage.browser().get(`/login/status/${token}`, { cookie }))
      expect((await stage.browser().get('/session', { cookie: session })).status).toBe(401)
    })

    test('T4 an approval is used once: the same token scans, confirms and denies nothing afterwards', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const token = await startLogin(browser)
      await approve(phone, token)
      expect((await browser.get(`/login/status/${token}`)).json.status).toBe('authenticated')
      expect((await browser.get('/session')).status).toBe(200)
      for (const path of ['/login/scan', '/login/confirm', '/login/deny']) {
        const reply = await phone.post(path, { token })
        expect({ path, status: reply.status, code: reply.json.code }).toEqual({
          path,
          status: 404,
          code: 'expired_token',
        })
      }
      expect((await browser.get('/session')).status).toBe(200)
    })
  },
  ON_DISK_TOO,
)
