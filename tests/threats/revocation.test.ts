import { expect, test } from '@jest/globals'
import { phoneOf, writeAccounts, YUSUF, ZOFIA } from '../support/accounts-file.ts'
import { behindThisMachine, enterApplication } from '../support/applications.ts'
import { eventually } from '../support/eventually.ts'
import { ON_DISK_TOO, onEveryStore, type Stage } from '../support/every-store.ts'
import { type Client, createClient, createPhone } from '../support/http-client.ts'
import { signInBrowser, startLogin } from '../support/login-flow.ts'
import { DEMO_PASSWORD, startService } from '../support/service.ts'
import { expectProblem, found } from './seen.ts'

/** T19: what was approved can be taken back, from then on and everywhere. */

const WIKI = 'http://wiki.test'

interface Listed {
  id: string
  kind: string
  current: boolean
}

async function listed(client: Client): Promise<Listed[]> {
  return (await client.get('/sessions')).json.sessions
}

async function idOf(client: Client): Promise<string> {
  return (await client.get('/session')).json.session.id
}

/** The other instance where the store can be shared, and this one where it cannot. */
async function elsewhere(stage: Stage): Promise<string> {
  if (stage.kind === 'embedded') return stage.service().url
  return (await stage.startAnother({ PUBLIC_URL: stage.service().url })).url
}

function at(url: string, client: Client, publicUrl: string): Client {
  const same = createClient(url, publicUrl)
  for (const [name, value] of client.cookies) same.cookies.set(name, value)
  return same
}

onEveryStore(
  { POLL_HOLD_SECONDS: '0', ...behindThisMachine([{ origin: WIKI }]) },
  (stage) => {
    test('T19 the phone lists the browser that it signed in, and nothing in the list is a secret', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      await signInBrowser(browser, phone)
      const reply = await phone.get('/sessions')
      const sessions: Listed[] = reply.json.sessions
      const own = await idOf(browser)
      expect(sessions.find(({ id }) => id === own)).toMatchObject({
        kind: 'browser',
        current: false,
        browser: { name: expect.any(String), os: expect.any(String) },
        ip: '127.0.0.1',
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        last_seen_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      })
      expect(sessions.filter(({ current }) => current).map(({ kind }) => kind)).toEqual(['phone'])
      for (const client of [browser, phone]) {
        const secret = found(client.cookies.get('scanin_session'), 'no session')
        expect(reply.text).not.toContain(secret)
      }
    })

    test('T19 a revoked session is refused on the very next request, on every instance and every route', async () => {
      const { url } = stage.service()
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const other = await elsewhere(stage)
      await signInBrowser(browser, phone)
      // Used on every instance first, in case one remembers it.
      const places = [at(url, browser, url), at(other, browser, url)]
      const ask = await enterApplication(browser, WIKI)
      for (const place of places) {
        expect((await place.get('/session')).status).toBe(200)
        expect((await ask(place)).status).toBe(200)
      }
      expect((await phone.delete(`/sessions/${await idOf(browser)}`)).status).toBe(204)
      for (const place of places) {
        expectProblem(await ask(place), 401, 'authentication_required')
        expectProblem(await place.get('/session'), 401, 'authentication_required')
        expectProblem(await place.get('/sessions'), 401, 'authentication_required')
        expectProblem(await place.delete('/sessions'), 401, 'authentication_required')
      }
      expect((await phone.get('/session')).status).toBe(200)
    })

    test('T19 a revoked phone approves nothing on any instance, not even what it has already scanned', async () => {
      const { url } = stage.service()
      const [browser, phone, lost] = [stage.browser(), await stage.phone(), await stage.phone()]
      const other = at(await elsewhere(stage), lost, url)
      const token = await startLogin(browser)
      expect((await other.post('/login/scan', { token })).status).toBe(200)
      expect((await phone.delete(`/sessions/${await idOf(lost)}`)).status).toBe(204)
      for (const place of [lost, other]) {
        for (const path of ['/login/confirm', '/login/scan', '/login/deny']) {
          expectProblem(await place.post(path, { token }), 401, 'authentication_required')
        }
      }
      expect((await browser.get(`/login/status/${token}`)).json.status).toBe('denied')
    })

    test('T19 revoking all others leaves this one, and says how many there were', async () => {
      const phone = await stage.phone()
      await phone.delete('/sessions')
      const [second, browser] = [await stage.phone(), stage.browser()]
      await signInBrowser(browser, second)
      expect(await listed(phone)).toHaveLength(3)
      expect((await phone.delete('/sessions')).json).toEqual({ revoked: 2 })
      for (const client of [second, browser]) expect((await client.get('/session')).status).toBe(401)
      expect((await listed(phone)).map(({ current }) => current)).toEqual([true])
      expect((await phone.delete('/sessions')).json).toEqual({ revoked: 0 })
    })

    test('T19 signing out ends the session itself, not the cookie alone', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      await signInBrowser(browser, phone)
      const cookie = `scanin_session=${browser.cookies.get('scanin_session')}`
      const reply = await browser.post('/sign-out')
      expect(reply.status).toBe(204)
      expect(reply.setCookies.join()).toMatch(/^scanin_session=; Max-Age=0;/)
      expectProblem(await stage.browser().get('/session', { cookie }), 401, 'authentication_required')
      expect((await phone.get('/session')).status).toBe(200)
    })

    test("T19 signing out, or in anew, ends the cookie's session also beside a token, and from elsewhere does neither", async () => {
      const authorization = 'Bearer anything'
      const { url } = stage.service()
      for (const [path, body] of [
        ['/sign-out'],
        ['/sign-in', { username: 'demo', password: DEMO_PASSWORD }],
      ] as const) {
        const phone = await stage.phone()
        const cookie = `scanin_session=${phone.cookies.get('scanin_session')}`
        for (const origin of ['https://evil.example', undefined]) {
          const refused = await phone.post(path, body, { headers: { authorization, origin } })
          expectProblem(refused, 403, 'cross_site_request')
          expect(refused.setCookies).toEqual([])
        }
        expect((await stage.browser().get('/session', { cookie })).status).toBe(200)
        const reply = await phone.post(path, body, { headers: { authorization, origin: url } })
        expect([reply.status < 300, reply.setCookies.length]).toEqual([true, 1])
        expectProblem(await stage.browser().get('/session', { cookie }), 401, 'authentication_required')
      }
    })

    test('T19 of fifty requests that race a revocation, none that is sent after its reply is let in', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      await signInBrowser(browser, phone)
      const id = await idOf(browser)
      const racing = Array.from({ length: 25 }, () => browser.get('/session'))
      expect((await phone.delete(`/sessions/${id}`)).status).toBe(204)
      const after = await Promise.all(Array.from({ length: 25 }, () => browser.get('/session')))
      expect(new Set(after.map(({ status }) => status))).toEqual(new Set([401]))
      for (const { status } of await Promise.all(racing)) expect([200, 401]).toContain(status)
      // A request that was under way must not have written the session back.
      expect((await browser.get('/session')).status).toBe(401)
      expect((await listed(phone)).map((session) => session.id)).not.toContain(id)
    })
  },
  ON_DISK_TOO,
)

test('T19 nobody lists or ends the sessions of somebody else', async () => {
  const accounts = await writeAccounts([ZOFIA, YUSUF])
  const service = await startService({ ACCOUNTS_FILE: accounts.path, POLL_HOLD_SECONDS: '0' })
  try {
    const [zofia, yusuf] = [await phoneOf(ZOFIA, service.url), await phoneOf(YUSUF, service.url)]
    expect(await listed(yusuf)).toHaveLength(1)
    expectProblem(await yusuf.delete(`/sessions/${await idOf(zofia)}`), 404, 'not_found')
    expect((await yusuf.delete('/sessions')).json).toEqual({ revoked: 0 })
    expect((await zofia.get('/session')).json.user).toEqual({
      id: ZOFIA.id,
      name: ZOFIA.name,
      email: ZOFIA.email,
      groups: ZOFIA.groups,
    })
  } finally {
    await service.stop()
    accounts.remove()
  }
})

test('T19 whoever revokes with one request id each time hides no device by it behind another', async () => {
  const env = { POLL_HOLD_SECONDS: '0', MATCH: 'never', TRUST_PROXY: '127.0.0.1/32' }
  const service = await startService(env)
  try {
    const [phone, thief] = [await createPhone(service.url), await createPhone(service.url)]
    const browsers = [createClient(service.url), createClient(service.url)]
    for (const browser of browsers) await signInBrowser(browser, phone)
    const ids = await Promise.all(browsers.map(idOf))
    for (const id of ids) {
      const reply = await thief.delete(`/sessions/${id}`, { headers: { 'x-request-id': 'aaa' } })
      expect([reply.status, reply.headers['x-request-id']]).toEqual([204, 'aaa'])
    }
    const told = await eventually('both revocations are told', async () => {
      const { events } = (await phone.get('/events')).json
      const revoked = events.filter(({ type }: { type: string }) => type === 'revoked')
      const count = revoked.reduce((sum: number, event: { count?: number }) => sum + (event.count ?? 1), 0)
      return count === 2 && revoked
    })
    expect(told.map(({ session }: { session?: string }) => session).sort()).toEqual([...ids].sort())
  } finally {
    await service.stop()
  }
})
