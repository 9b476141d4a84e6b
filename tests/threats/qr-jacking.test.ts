import { expect, test } from '@jest/globals'
import { onEveryStore, type Stage } from '../support/every-store.ts'
import type { Client, Reply } from '../support/http-client.ts'
import { startLogin, wrongNumber } from '../support/login-flow.ts'
import { expectExpired, expectProblem, sessionSetBy } from './seen.ts'

/** T1: the attacker shows a QR of their own, and the victim's phone scans it. */

const FIREFOX_ON_WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** Calls as from this address, by way of the trusted proxy. */
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })

const HOME = '198.51.100.7'
const FAR_AWAY = '203.0.113.9'

interface Encounter {
  browser: Client
  phone: Client
  token: string
  scanned: Reply
}

async function scanFrom(stage: Stage, browserAt: string, phoneAt: string): Promise<Encounter> {
  const [browser, phone] = [stage.browser(), await stage.phone()]
  const call = { headers: { ...from(browserAt).headers, 'user-agent': FIREFOX_ON_WINDOWS } }
  const { token } = (await browser.post('/login', {}, call)).json
  const scanned = await phone.post('/login/scan', { token }, from(phoneAt))
  expect(scanned.status).toBe(200)
  return { browser, phone, token, scanned }
}

onEveryStore({ POLL_HOLD_SECONDS: '0', TRUST_PROXY: '127.0.0.1/32' }, (stage) => {
  test('T1 before it can confirm, the phone is told browser, system, address, network, age and site', async () => {
    const { scanned } = await scanFrom(stage, FAR_AWAY, HOME)
    expect(scanned.json).toMatchObject({
      status: 'scanned',
      browser: { name: 'Firefox', os: 'Windows' },
      ip: FAR_AWAY,
      same_network: false,
      age: expect.any(Number),
      origin: stage.service().url,
      match: 'code',
      expires_in: expect.any(Number),
    })
    expect(scanned.json.age).toBeGreaterThanOrEqual(0)
  })

  test.each([
    ['198.51.100.7', '198.51.100.200', true],
    ['198.51.100.7', '198.51.101.7', false],
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['::ffff:198.51.100.7', '198.51.100.9', true],
    ['2001:db8:1:2::1', '198.51.100.9', false],
    ['::ffff:198.51.100.7', '::ffff:203.0.113.9', false],
    ['unknown', 'unknown', false],
  ])(
    'T1 a browser at %s and a phone at %s: same network is %s, and a match is asked for when it is not',
    async (one, other, isSame) => {
      const { scanned, phone, token } = await scanFrom(stage, one, other)
      expect(scanned.json).toMatchObject({ same_network: isSame, match: isSame ? 'none' : 'code' })
      const confirmed = await phone.post('/login/confirm', { token }, from(other))
      expect(confirmed.json.status).toBe(isSame ? 'authenticated' : 'match_required')
    },
  )

  test("T1 a phone that moves into the browser's network after its scan does not get around the match", async () => {
    const { browser, phone, token } = await scanFrom(stage, FAR_AWAY, HOME)
    expect((await phone.post('/login/scan', { token }, from(FAR_AWAY))).json.match).toBe('code')
    const confirmed = await phone.post('/login/confirm', { token }, from(FAR_AWAY))
    expect(confirmed.json).toEqual({
      status: 'match_required',
      match_code: expect.stringMatching(/^\d{6}$/),
      expires_in: expect.any(Number),
    })
    expect((await browser.get(`/login/status/${token}`)).json).toMatchObject({
      status: 'match_required',
      tries_left: 5,
    })
  })

  test('T1 without the code no cookie is ever handed out, however the browser asks', async () => {
    const { browser, phone, token } = await scanFrom(stage, FAR_AWAY, HOME)
    await phone.post('/login/confirm', { token }, from(HOME))
    const asked = [
      await browser.get(`/login/status/${token}`),
      await browser.get(`/login/status/${token}?seen=authenticated&wait=2`),
      await browser.get(`/login/status/${token}?match_code=000000`),
      await browser.post('/login/match', { token, match_code: '' }),
      await browser.post('/login/match', { token, match_code: '12345' }),
      await browser.post('/login/match', { token, match_code: '1234567' }),
      await browser.post('/login/match', { token, match_code: '١٢٣٤٥٦' }),
      await browser.post('/login/match', { token, match_code: 123456 }),
      await browser.post('/login/match', { token, match_code: ['123456'] }),
      await browser.post('/login/match', { token, match_code: null }),
      await browser.post('/login/match', { token }),
      await browser.post('/login/user-code', { token }),
    ]
    for (const { setCookies } of asked) expect(setCookies).toEqual([])
    // What is no code at all does not count as a try.
    expect((await browser.get(`/login/status/${token}`)).json.tries_left).toBe(5)
    expect((await phone.post('/login/confirm', { token }, from(HOME))).json.status).toBe('match_required')
  })

  test('T1 the code that the phone shows, typed into the right browser, signs it in', async () => {
    const { browser, phone, token } = await scanFrom(stage, FAR_AWAY, HOME)
    const { match_code } = (await phone.post('/login/confirm', { token }, from(HOME))).json
    const wrong = await browser.post('/login/match', { token, match_code: wrongNumber(match_code, 1) })
    expectProblem(wrong, 422, 'wrong_match_code')
    expect(wrong.json.tries_left).toBe(4)
    expectExpired(await stage.browser().post('/login/match', { token, match_code }))
    const right = await browser.post('/login/match', { token, match_code })
    expect(right.json.status).toBe('authenticated')
    expect(sessionSetBy(right)).toBeDefined()
  })

  test('T1 five wrong codes deny the login for good: not even the right one helps, nor another confirm', async () => {
    const { browser, phone, token } = await scanFrom(stage, FAR_AWAY, HOME)
    const { match_code } = (await phone.post('/login/confirm', { token }, from(HOME))).json
    const left: number[] = []
    for (let nth = 1; nth <= 5; nth++) {
      const reply = await browser.post('/login/match', { token, match_code: wrongNumber(match_code, nth) })
      expectProblem(reply, 422, 'wrong_match_code')
      left.push(reply.json.tries_left)
    }
    expect(left).toEqual([4, 3, 2, 1, 0])
    const right = await browser.post('/login/match', { token, match_code })
    expect(right.json.status).toBe('denied')
    expect(right.setCookies).toEqual([])
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('denied')
    expectProblem(await phone.post('/login/confirm', { token }, from(HOME)), 404, 'expired_token')
  })

  test('T1 confirming again gives a new code, and never new tries', async () => {
    const { browser, phone, token } = await scanFrom(stage, FAR_AWAY, HOME)
    let current = ''
    for (let nth = 1; nth <= 4; nth++) {
      const previous = current
      current = (await phone.post('/login/confirm', { token }, from(HOME))).json.match_code
      const wrong = previous === '' || previous === current ? wrongNumber(current, 1) : previous
      expect((await browser.post('/login/match', { token, match_code: wrong })).json.tries_left).toBe(5 - nth)
    }
    await phone.post('/login/confirm', { token }, from(HOME))
    expect((await browser.get(`/login/status/${token}`)).json.tries_left).toBe(1)
  })

  test('T1 a hundred codes tried at once are five tries', async () => {
    const { browser, phone, token } = await scanFrom(stage, FAR_AWAY, HOME)
    const { match_code } = (await phone.post('/login/confirm', { token }, from(HOME))).json
    const tries = Array.from({ length: 100 }, (_, at) => wrongNumber(match_code, at + 1))
    const replies = await Promise.all(tries.map((code) => browser.post('/login/match', { token, match_code: code })))
    expect(replies.filter(({ status }) => status === 422)).toHaveLength(5)
    for (const { setCookies } of replies) expect(setCookies).toEqual([])
    expect((await browser.post('/login/match', { token, match_code })).json.status).toBe('denied')
  })

  test('T1 Deny ends it in every state before the cookie is handed out', async () => {
    for (const confirms of [0, 1]) {
      const { browser, phone, token } = await scanFrom(stage, FAR_AWAY, HOME)
      let code = '000000'
      if (confirms > 0) code = (await phone.post('/login/confirm', { token }, from(HOME))).json.match_code
      expect((await phone.post('/login/deny', { token }, from(HOME))).json).toEqual({ status: 'denied' })
      const reply = await browser.post('/login/match', { token, match_code: code })
      expect(reply.json.status).toBe('denied')
      expect(reply.setCookies).toEqual([])
    }
  })

  test('T1 a code is typed by the same person as it was scanned: a user code asks for the match too', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const { token } = (await browser.post('/login', {}, from(FAR_AWAY))).json
    const { user_code } = (await browser.post('/login/user-code', { token })).json
    const scanned = await phone.post('/login/scan', { user_code }, from(HOME))
    expect(scanned.json).toMatchObject({ ip: FAR_AWAY, same_network: false, match: 'code' })
    const confirmed = await phone.post('/login/confirm', { token: scanned.json.token }, from(HOME))
    expect(confirmed.json.status).toBe('match_required')
  })
})

onEveryStore({ POLL_HOLD_SECONDS: '0', MATCH: 'always' }, (stage) => {
  test('T1 with MATCH=always the match is asked for within one network too', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    expect((await phone.post('/login/scan', { token })).json).toMatchObject({ same_network: true, match: 'code' })
    expect((await phone.post('/login/confirm', { token })).json.status).toBe('match_required')
    expect((await browser.get(`/login/status/${token}`)).setCookies).toEqual([])
  })
})
