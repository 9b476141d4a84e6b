import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createMemoryStore } from '../../server/store/memory-store.ts'
import type { RecordStore } from '../../server/store/record-store.ts'
import { type AccountsFile, writeAccounts, YUSUF, ZOFIA } from '../support/accounts-file.ts'
import { createInjectClient, createTestApp } from '../support/app.ts'
import { howManyTimesAsLong } from '../support/how-many-times-as-long.ts'
import { type Client, createClient, type Reply } from '../support/http-client.ts'
import { approve, scan, startLogin } from '../support/login-flow.ts'
import { type Service, startService } from '../support/service.ts'
import { onEveryStoreInTime } from '../support/timed-stage.ts'
import { browserKeyOf, keyCookieOf, shownBy } from './seen.ts'

/** T11: nobody finds out which logins, codes, sessions or people there are. */

const UNKNOWN = `${'u'.repeat(16)}.${'v'.repeat(22)}`

function cookieFor(browser: Client, token: string): string {
  return `${keyCookieOf(token)}=${browserKeyOf(browser, token)}`
}

onEveryStoreInTime({ POLL_HOLD_SECONDS: '0', CONFIRM_SECONDS: '20', QR_OVERLAP_SECONDS: '0' }, (stage) => {
  /** Tokens that are good for nothing any more, each with its own right cookie. */
  async function usedUp(): Promise<{ what: string; token: string; cookie: string }[]> {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const expired = await startLogin(browser)
    const expiredCookie = cookieFor(browser, expired)
    await scan(phone, expired)
    stage.pass(20_000)
    expect((await phone.get(`/login/scan/${expired}`)).status).toBe(404)

    const rotatedOut = await startLogin(browser)
    await browser.post('/login', { token: rotatedOut })

    const cancelled = await startLogin(browser)
    const cancelledCookie = cookieFor(browser, cancelled)
    await browser.delete(`/login/${cancelled}`)

    const collector = stage.browser()
    const collected = await startLogin(collector)
    const collectedCookie = cookieFor(collector, collected)
    await approve(phone, collected)
    await collector.get(`/login/status/${collected}`)
    expect((await collector.get('/session')).status).toBe(200)

    return [
      { what: 'unknown', token: UNKNOWN, cookie: `${keyCookieOf(UNKNOWN)}=${'k'.repeat(43)}` },
      { what: 'expired', token: expired, cookie: expiredCookie },
      { what: 'rotated out', token: rotatedOut, cookie: cookieFor(browser, rotatedOut) },
      { what: 'cancelled', token: cancelled, cookie: cancelledCookie },
      { what: 'collected and used', token: collected, cookie: collectedCookie },
    ]
  }

  test('T11 to a browser unknown, expired, rotated out, cancelled, used up and foreign tokens are one and the same', async () => {
    const foreign = await startLogin(stage.browser())
    const all = [
      ...(await usedUp()),
      { what: 'foreign', token: foreign, cookie: `${keyCookieOf(foreign)}=${'k'.repeat(43)}` },
    ]
    const asking: ((token: string, cookie: string) => Promise<Reply>)[] = [
      (token, cookie) => stage.browser().get(`/login/status/${token}`, { cookie }),
      (token) => stage.browser().get(`/login/status/${token}`),
      (token, cookie) => stage.browser().get(`/login/status/${token}?seen=pending&wait=2`, { cookie }),
      (token, cookie) => stage.browser().post('/login/match', { token, match_code: '000000' }, { cookie }),
      (token, cookie) => stage.browser().post('/login/user-code', { token }, { cookie }),
      (token, cookie) => stage.browser().delete(`/login/${token}`, { cookie }),
    ]
    for (const ask of asking) {
      const seen = await Promise.all(
        all.map(async ({ what, token, cookie }) => ({ what, seen: shownBy(await ask(token, cookie)) })),
      )
      for (const other of seen) expect(other).toEqual({ what: other.what, seen: seen[0]?.seen })
    }
  })

  test('T11 to the phone that used them, and to any other, the same tokens are one and the same', async () => {
    const all = await usedUp()
    const [phone, other] = [await stage.phone(), await stage.phone()]
    for (const path of ['/login/scan', '/login/confirm', '/login/deny']) {
      const seen = await Promise.all(
        all.map(async ({ what, token }) => ({
          what: `${path} ${what}`,
          seen: shownBy(await other.post(path, { token })),
        })),
      )
      for (const reply of seen) expect(reply).toEqual({ what: reply.what, seen: seen[0]?.seen })
    }
    const watched = await Promise.all(
      all.map(async ({ what, token }) => ({ what, seen: shownBy(await phone.get(`/login/scan/${token}`)) })),
    )
    for (const reply of watched) expect(reply).toEqual({ what: reply.what, seen: watched[0]?.seen })
  })

  test('T11 a login that was denied is, to other phones, as unknown as one that never was', async () => {
    const [browser, phone, other] = [stage.browser(), await stage.phone(), await stage.phone()]
    const denied = await startLogin(browser)
    await scan(phone, denied)
    await phone.post('/login/deny', { token: denied })
    const unknown = await other.post('/login/scan', { token: UNKNOWN })
    expect(shownBy(await other.post('/login/scan', { token: denied }))).toEqual(shownBy(unknown))
  })

  test("T11 sessions: unknown, ended, malformed and somebody else's are one and the same", async () => {
    const [phone, gone] = [await stage.phone(), await stage.phone()]
    const { id } = (await gone.get('/session')).json.session
    const secret = gone.cookies.get('scanin_session')
    await gone.post('/sign-out')
    const seen = await Promise.all(
      [id, 'A'.repeat(43), 'x', encodeURIComponent('../../x')].map(async (name) =>
        shownBy(await phone.delete(`/sessions/${name}`)),
      ),
    )
    for (const reply of seen) expect(reply).toEqual(seen[0])
    const cookies = [
      `scanin_session=${secret}`,
      `scanin_session=${'A'.repeat(43)}`,
      'scanin_session=x',
      'scanin_session=',
      '',
    ]
    for (const path of ['/session', '/sessions']) {
      const asked = await Promise.all(
        cookies.map(async (cookie) => shownBy(await stage.browser().get(path, { cookie }))),
      )
      for (const reply of asked) expect(reply).toEqual(asked[0])
    }
  })
})

onEveryStoreInTime({ POLL_HOLD_SECONDS: '0' }, (stage) => {
  test('T11 user codes: unknown, expired, malformed and used up are one and the same', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    const { user_code } = (await browser.post('/login/user-code', { token })).json
    await browser.delete(`/login/${token}`)
    const codes = ['BCDF-GHJK', user_code, 'AEIO-UAEI', 'short', '--------']
    const seen = await Promise.all(
      codes.map(async (code) => shownBy(await phone.post('/login/scan', { user_code: code }))),
    )
    for (const reply of seen) expect(reply).toEqual(seen[0])
  })
})

/** As expensive as some files have them, beside cheaper ones; whoever is in no file must cost as much. */
const DEARER = { memoryCost: 65_536, timeCost: 4 }

let accounts: AccountsFile
let service: Service

beforeAll(async () => {
  accounts = await writeAccounts([{ ...ZOFIA, cost: DEARER }, YUSUF])
  // Else who fails too often is refused before anything is hashed, and it is those refusals that are timed.
  service = await startService({ ACCOUNTS_FILE: accounts.path, RATE_SIGN_INS_PER_MINUTE: '0' })
})

afterAll(async () => {
  await service.stop()
  accounts.remove()
})

test('T11 sign-in says the same of an unknown user as of a wrong password', async () => {
  const client = createClient(service.url)
  const replies = [
    await client.post('/sign-in', { username: ZOFIA.username, password: 'wrong' }),
    await client.post('/sign-in', { username: 'nobody', password: 'wrong' }),
    await client.post('/sign-in', { username: ZOFIA.username.toUpperCase(), password: 'wrong' }),
    await client.post('/sign-in', { username: `${ZOFIA.username} `, password: ZOFIA.password }),
    await client.post('/sign-in', { username: '__proto__', password: 'wrong' }),
    await client.post('/sign-in', { username: 'constructor', password: 'wrong' }),
    await client.post('/sign-in', { username: YUSUF.username, password: ZOFIA.password }),
  ]
  for (const reply of replies) {
    expect(reply.status).toBe(401)
    expect(shownBy(reply)).toEqual(shownBy(replies[0] ?? reply))
  }
})

test("T11 sign-in takes as long for an unknown user as for a wrong password, whatever the file's hashes cost", async () => {
  const client = createClient(service.url)
  const signIn = (username: string) => (turn: number) =>
    client.post('/sign-in', { username, password: `wrong-${turn}` })
  for (const { username } of [ZOFIA, YUSUF]) {
    const isAlike = (times: number) => times > 0.6 && times < 1.6
    const times = await howManyTimesAsLong(signIn('nobody'), signIn(username), 80, isAlike)
    expect([username, times, isAlike(times)]).toEqual([username, times, true])
  }
})

test.each(['0', '10'])(
  'T11 sign-in asks the store as often for an unknown user as for a wrong password, where %s a minute are counted',
  async (RATE_SIGN_INS_PER_MINUTE) => {
    let reads = 0
    const inner = createMemoryStore({ clock: Date.now })
    const store: RecordStore = {
      ...inner,
      read(key) {
        reads++
        return inner.read(key)
      },
    }
    const { app } = await createTestApp({ RATE_SIGN_INS_PER_MINUTE }, { store }, { now: Date.now() })
    const readsOf = async (username: string) => {
      reads = 0
      const reply = await createInjectClient(app).post('/sign-in', { username, password: 'wrong' })
      expect(reply.statusCode).toBe(401)
      return reads
    }
    expect(await readsOf('nobody')).toBe(await readsOf('demo'))
    expect(await readsOf('demo')).toBeGreaterThan(0)
    await app.close()
  },
)
