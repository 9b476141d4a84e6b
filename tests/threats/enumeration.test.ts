import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createMemoryStore } from '../../server/store/memory-store.ts'
import type { RecordStore } from '../../server/store/record-store.ts'
import { type AccountsFile, phoneOf, writeAccounts, YUSUF, ZOFIA } from '../support/accounts-file.ts'
import { createInjectClient, createTestApp } from '../support/app.ts'
import { onEveryStore } from '../support/every-store.ts'
import { howManyTimesAsLong } from '../support/how-many-times-as-long.ts'
import { type Client, createClient, type Reply } from '../support/http-client.ts'
import { approve, scan, startLogin } from '../support/login-flow.ts'
import { type Service, startService } from '../support/service.ts'
import { onEveryStoreInTime } from '../support/timed-stage.ts'
import { browserKeyOf, expectExpired, expectProblem, keyCookieOf, shownBy } from './seen.ts'

/** T11: nobody finds out which logins, codes, sessions or people there are. */

const HOUR_MS = 3_600_000
const UNKNOWN = `${'u'.repeat(16)}.${'v'.repeat(22)}`

function cookieFor(browser: Client, token: string): string {
  return `${keyCookieOf(token)}=${browserKeyOf(browser, token)}`
}

onEveryStoreInTime({ POLL_HOLD_SECONDS: '0', CONFIRM_SECONDS: '20', QR_OVERLAP_SECONDS: '0' }, (stage) => {
  /** Tokens that are good for nothing any more, each with its own right cookie, and the phone that has used them. */
  async function usedUp(): Promise<{ all: { what: string; token: string; cookie: string }[]; owner: Client }> {
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
    await scan(phone, cancelled)
    await browser.delete(`/login/${cancelled}`)

    const collector = stage.browser()
    const collected = await startLogin(collector)
    const collectedCookie = cookieFor(collector, collected)
    await approve(phone, collected)
    await collector.get(`/login/status/${collected}`)
    expect((await collector.get('/session')).status).toBe(200)

    const all = [
      { what: 'unknown', token: UNKNOWN, cookie: `${keyCookieOf(UNKNOWN)}=${'k'.repeat(43)}` },
      { what: 'expired', token: expired, cookie: expiredCookie },
      { what: 'rotated out', token: rotatedOut, cookie: cookieFor(browser, rotatedOut) },
      { what: 'cancelled', token: cancelled, cookie: cancelledCookie },
      { what: 'collected and used', token: collected, cookie: collectedCookie },
    ]
    return { all, owner: phone }
  }

  test('T11 to a browser unknown, expired, rotated out, cancelled, used up and foreign tokens are one and the same', async () => {
    const foreign = await startLogin(stage.browser())
    const all = [
      ...(await usedUp()).all,
      { what: 'foreign', token: foreign, cookie: `${keyCookieOf(foreign)}=${'k'.repeat(43)}` },
    ]
    const asking: [(token: string, cookie: string) => Promise<Reply>, isAsItShouldBe: (reply: Reply) => void][] = [
      [(token, cookie) => stage.browser().get(`/login/status/${token}`, { cookie }), expectExpired],
      [(token) => stage.browser().get(`/login/status/${token}`), expectExpired],
      [(token, cookie) => stage.browser().get(`/login/status/${token}?seen=pending&wait=2`, { cookie }), expectExpired],
      [
        (token, cookie) => stage.browser().post('/login/match', { token, match_code: '000000' }, { cookie }),
        expectExpired,
      ],
      [(token, cookie) => stage.browser().post('/login/user-code', { token }, { cookie }), expectNoLogin],
      [
        (token, cookie) => stage.browser().delete(`/login/${token}`, { cookie }),
        ({ status }) => expect(status).toBe(204),
      ],
    ]
    for (const [ask, expectIt] of asking) {
      const replies = await Promise.all(
        all.map(async ({ what, token, cookie }) => ({ what, reply: await ask(token, cookie) })),
      )
      for (const { what, reply } of replies) {
        expectIt(reply)
        expect({ what, seen: shownBy(reply) }).toEqual({ what, seen: shownBy(replies[0]?.reply ?? reply) })
      }
    }
  })

  test('T11 to the phone that used them, and to any other, the same tokens are one and the same', async () => {
    const { all, owner } = await usedUp()
    for (const phone of [owner, await stage.phone()]) {
      const ask = async (call: (token: string) => Promise<Reply>) =>
        expectAlike(await Promise.all(all.map(async ({ what, token }) => ({ what, reply: await call(token) }))))
      await ask((token) => phone.post('/login/scan', { token }))
      await ask((token) => phone.post('/login/confirm', { token }))
      await ask((token) => phone.post('/login/deny', { token }))
      // For ten seconds the phone that approved is told, by design, that its browser is in.
      if (phone === owner) stage.pass(10_000)
      await ask((token) => phone.get(`/login/scan/${token}`))
    }
  })
})

onEveryStoreInTime({ POLL_HOLD_SECONDS: '0', MATCH: 'never' }, (stage) => {
  async function typedCode(browser: Client): Promise<{ token: string; code: string }> {
    const token = await startLogin(browser)
    return { token, code: (await browser.post('/login/user-code', { token })).json.user_code }
  }

  test('T11 user codes: unknown, expired, cancelled, malformed and used up are one and the same', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const expired = await typedCode(browser)
    expect((await phone.post('/login/scan', { user_code: expired.code })).status).toBe(200)
    stage.pass(HOUR_MS)
    const cancelled = await typedCode(browser)
    await browser.delete(`/login/${cancelled.token}`)
    const usedUp = await typedCode(browser)
    expect((await phone.post('/login/scan', { user_code: usedUp.code })).status).toBe(200)
    await approve(phone, usedUp.token)
    expect((await browser.get(`/login/status/${usedUp.token}`)).json.status).toBe('authenticated')
    const codes = {
      ...{ unknown: 'BCDF-GHJK', expired: expired.code, cancelled: cancelled.code, 'used up': usedUp.code },
      ...{ vowels: 'AEIO-UAEI', short: 'short', dashes: '--------' },
    }
    const other = await stage.phone()
    expectAlike(
      await Promise.all(
        Object.entries(codes).map(async ([what, code]) => ({
          what,
          reply: await other.post('/login/scan', { user_code: code }),
        })),
      ),
    )
  })

  test('T11 a login that was denied is, to other phones, as unknown as one that never was', async () => {
    const [browser, phone, other] = [stage.browser(), await stage.phone(), await stage.phone()]
    const denied = await startLogin(browser)
    await scan(phone, denied)
    await phone.post('/login/deny', { token: denied })
    const unknown = await other.post('/login/scan', { token: UNKNOWN })
    expectNoLogin(unknown)
    expect(shownBy(await other.post('/login/scan', { token: denied }))).toEqual(shownBy(unknown))
  })
})

function expectNoLogin(reply: Reply): void {
  expectProblem(reply, 404, 'expired_token')
}

/** All say that there is no such login, in the same bytes. */
function expectAlike(replies: readonly { what: string; reply: Reply }[]): void {
  for (const { what, reply } of replies) {
    expectNoLogin(reply)
    expect({ what, seen: shownBy(reply) }).toEqual({ what, seen: shownBy(replies[0]?.reply ?? reply) })
  }
}

/** As expensive as in some files, beside a cheaper one: checking an unknown name must cost as much. */
const DEARER = { memoryCost: 65_536, timeCost: 4 }

let accounts: AccountsFile
let service: Service

beforeAll(async () => {
  accounts = await writeAccounts([{ ...ZOFIA, cost: DEARER }, YUSUF])
  // Without limits: failures would be refused before anything is hashed, and the test would time refusals.
  service = await startService({ ACCOUNTS_FILE: accounts.path, RATE_SIGN_INS_PER_MINUTE: '0' })
})

afterAll(async () => {
  await service.stop()
  accounts.remove()
})

onEveryStore(
  () => ({ ACCOUNTS_FILE: accounts.path }),
  (stage) => {
    test("T11 sessions: unknown, ended, malformed and somebody else's are one and the same", async () => {
      const { url } = stage.service()
      const [phone, gone] = [await phoneOf(ZOFIA, url), await phoneOf(ZOFIA, url)]
      const { id } = (await gone.get('/session')).json.session
      const secret = gone.cookies.get('scanin_session')
      await gone.post('/sign-out')
      const yusuf = await phoneOf(YUSUF, url)
      const foreign = (await yusuf.get('/session')).json.session.id
      const replies = await Promise.all(
        [id, foreign, 'A'.repeat(43), 'x', encodeURIComponent('../../x')].map((name) =>
          phone.delete(`/sessions/${name}`),
        ),
      )
      for (const reply of replies) {
        expectProblem(reply, 404, 'not_found')
        expect(shownBy(reply)).toEqual(shownBy(replies[0] ?? reply))
      }
      expect((await yusuf.get('/session')).status).toBe(200)
      const cookies = [
        `scanin_session=${secret}`,
        `scanin_session=${'A'.repeat(43)}`,
        'scanin_session=x',
        'scanin_session=',
        '',
      ]
      for (const path of ['/session', '/sessions']) {
        const asked = await Promise.all(cookies.map((cookie) => stage.browser().get(path, { cookie })))
        for (const reply of asked) {
          expect({ status: reply.status, code: reply.json.code }).toEqual({
            status: 401,
            code: 'authentication_required',
          })
          expect(shownBy(reply)).toEqual(shownBy(asked[0] ?? reply))
        }
      }
    })
  },
)

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
