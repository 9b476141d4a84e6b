import { expect, test } from '@jest/globals'
import { phoneOf, writeAccounts, YUSUF, ZOFIA } from '../support/accounts-file.ts'
import { onEveryStore } from '../support/every-store.ts'
import { type Call, type Client, createClient } from '../support/http-client.ts'
import { scan, signInBrowser, startLogin } from '../support/login-flow.ts'
import { startService } from '../support/service.ts'
import { onEveryStoreInTime } from '../support/timed-stage.ts'
import { expectExpired, expectProblem, found } from './seen.ts'

/** T10, by cookie: who approves is the phone's session, a live one, and only on what that very phone scanned. */

const PHONE_CALLS = ['/login/scan', '/login/confirm', '/login/deny']

async function expectNoAuthority(client: Client, token: string, call: Call = {}): Promise<void> {
  for (const path of PHONE_CALLS)
    expectProblem(await client.post(path, { token }, call), 401, 'authentication_required')
  expectProblem(await client.get(`/login/scan/${token}`, call), 401, 'authentication_required')
}

onEveryStore({ POLL_HOLD_SECONDS: '0', MATCH: 'never' }, (stage) => {
  test('T10 without a session, or with something that never was one, nothing is approved', async () => {
    const [browser, stranger] = [stage.browser(), stage.browser()]
    const token = await startLogin(browser)
    const cookies = [
      '',
      'scanin_session=',
      `scanin_session=${'A'.repeat(43)}`,
      `scanin_session=${token}`,
      'scanin_session="x"',
    ]
    for (const cookie of cookies) await expectNoAuthority(stranger, token, { cookie })
    const bearers = [
      'Bearer ',
      'Bearer x',
      `Bearer ${'A'.repeat(43)}`,
      'Basic ZGVtbzpkZW1v',
      'Bearer undefined',
      'Bearer a b',
    ]
    for (const authorization of bearers) await expectNoAuthority(stranger, token, { headers: { authorization } })
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('pending')
  })

  test("T10 a session's public id is no session", async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const { id } = (await phone.get('/session')).json.session
    const token = await startLogin(browser)
    await expectNoAuthority(stage.browser(), token, { cookie: `scanin_session=${id}` })
    await expectNoAuthority(stage.browser(), token, { headers: { authorization: `Bearer ${id}` } })
  })

  test("T10 a session's secret is no bearer token", async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    const secret = found(phone.cookies.get('scanin_session'), 'the phone has no session')
    await expectNoAuthority(stage.browser(), token, { headers: { authorization: `Bearer ${secret}` } })
  })

  test('T10 a phone that signed out, or was revoked, after its scan confirms no more, and the browser is told', async () => {
    const owner = await stage.phone()
    const endings: ((phone: Client) => Promise<unknown>)[] = [
      (phone) => phone.post('/sign-out'),
      async (phone) => owner.delete(`/sessions/${(await phone.get('/session')).json.session.id}`),
      () => owner.delete('/sessions'),
    ]
    for (const end of endings) {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const cookie = `scanin_session=${phone.cookies.get('scanin_session')}`
      const token = await startLogin(browser)
      await scan(phone, token)
      await end(phone)
      await expectNoAuthority(stage.browser(), token, { cookie })
      expect((await browser.get(`/login/status/${token}`)).json.status).toBe('denied')
    }
  })

  test.each([
    { user_id: 'somebody-else' },
    { user: { id: 'somebody-else' } },
    { sub: 'somebody-else' },
    { username: 'somebody-else', password: 'x' },
    { phone_id: 'somebody-else' },
    { status: 'authenticated' },
    { match: 'none' },
  ])('T10 a body that says %j is refused, and names nobody', async (extra) => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    expectProblem(await phone.post('/login/scan', { token, ...extra }), 400, 'invalid_request')
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('pending')
    await scan(phone, token)
    expectProblem(await phone.post('/login/confirm', { token, ...extra }), 400, 'invalid_request')
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('scanned')
  })

  test("T10 the user is the phone's own, whatever query or headers say", async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    const headers = { 'x-user-id': 'root', 'remote-user': 'root', 'x-forwarded-user': 'root', 'x-remote-user': 'root' }
    await phone.post('/login/scan?user_id=root', { token }, { headers })
    await phone.post('/login/confirm?user_id=root&user=root', { token }, { headers })
    expect((await browser.get(`/login/status/${token}?user_id=root`, { headers })).json.user.id).toBe('demo')
    expect((await browser.get('/session', { headers })).json.user.id).toBe('demo')
  })

  test('T10 a confirm before any scan is refused, and scans nothing on the way', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    expectProblem(await phone.post('/login/confirm', { token }), 409, 'not_scanned')
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('pending')
  })

  test('T10 a phone that did not scan neither confirms, denies nor watches what another did', async () => {
    const [browser, phone, other] = [stage.browser(), await stage.phone(), await stage.phone()]
    const token = await startLogin(browser)
    await scan(phone, token)
    expectProblem(await other.post('/login/confirm', { token }), 409, 'not_scanned')
    expectProblem(await other.post('/login/deny', { token }), 409, 'not_scanned')
    expectProblem(await other.get(`/login/scan/${token}`), 404, 'expired_token')
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('scanned')
    expect((await phone.post('/login/confirm', { token })).json.status).toBe('authenticated')
    expectProblem(await other.post('/login/deny', { token }), 409, 'not_scanned')
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('authenticated')
  })

  test('T10 of eight phones of one person that scan at once one has the login in the end, and only its confirm counts', async () => {
    const browser = stage.browser()
    const phones = await Promise.all(Array.from({ length: 8 }, () => stage.phone()))
    const token = await startLogin(browser)
    for (const reply of await Promise.all(phones.map((phone) => phone.post('/login/scan', { token })))) {
      expect(reply.status).toBe(200)
    }
    const watching = await Promise.all(phones.map((phone) => phone.get(`/login/scan/${token}`)))
    const owners = phones.filter((_phone, at) => watching[at]?.status === 200)
    expect(owners).toHaveLength(1)
    for (const phone of phones.filter((candidate) => !owners.includes(candidate))) {
      expectProblem(await phone.post('/login/confirm', { token }), 409, 'not_scanned')
    }
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('scanned')
  })

  test('T10 a browser that was signed in by a code has no authority over other logins', async () => {
    const [browser, phone, other] = [stage.browser(), await stage.phone(), stage.browser()]
    await signInBrowser(browser, phone)
    const token = await startLogin(other)
    await expectNoAuthority(browser, token)
    expect((await other.get(`/login/status/${token}`)).json.status).toBe('pending')
  })

  test('T10 a denied login stays denied, and a denied approval hands out nothing', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    await scan(phone, token)
    await phone.post('/login/confirm', { token })
    expect((await phone.post('/login/deny', { token })).json).toEqual({ status: 'denied' })
    expectProblem(await phone.post('/login/confirm', { token }), 404, 'expired_token')
    const reply = await browser.get(`/login/status/${token}`)
    expect(reply.json.status).toBe('denied')
    expect(reply.setCookies).toEqual([])
  })
})

onEveryStoreInTime({ POLL_HOLD_SECONDS: '0', REMEMBER_SECONDS: '20' }, (stage) => {
  test("T10 a phone's session that expired between scan and confirm approves nothing", async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const cookie = `scanin_session=${phone.cookies.get('scanin_session')}`
    const token = await startLogin(browser)
    stage.pass(19_000)
    await scan(phone, token)
    stage.pass(1000)
    expect((await phone.get('/session', { cookie })).status).toBe(401)
    await expectNoAuthority(phone, token, { cookie })
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('scanned')
    expectExpired(await stage.browser().get(`/login/status/${token}`))
  })
})

test('T10 what one person scanned, another neither scans nor has in any other way, however many come at once', async () => {
  const accounts = await writeAccounts([ZOFIA, YUSUF])
  const service = await startService({ ACCOUNTS_FILE: accounts.path, POLL_HOLD_SECONDS: '0' })
  try {
    const browser = createClient(service.url)
    const people = [await phoneOf(ZOFIA, service.url), await phoneOf(YUSUF, service.url)]
    const phones = Array.from({ length: 8 }, (_, at) => found(people[at % 2], 'nobody'))
    const token = await startLogin(browser)
    const scans = await Promise.all(phones.map((phone) => phone.post('/login/scan', { token })))
    const owner = scans.findIndex(({ status }) => status === 200) % 2
    for (const [at, reply] of scans.entries()) {
      if (at % 2 === owner) expect(reply.status).toBe(200)
      else expectProblem(reply, 409, 'already_scanned')
    }
    expectProblem(await found(people[1 - owner], 'nobody').post('/login/confirm', { token }), 409, 'not_scanned')
    expect((await found(people[owner], 'nobody').post('/login/confirm', { token })).status).toBe(200)
  } finally {
    await service.stop()
    accounts.remove()
  }
})
