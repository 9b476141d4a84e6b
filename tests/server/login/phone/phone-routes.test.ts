import { describe, expect, test } from '@jest/globals'
import type { PasswordVerifier } from '../../../../server/identity/identity.ts'
import { decodeSession } from '../../../../server/session/session.ts'
import type { OnChange } from '../../../../server/store/record-store.ts'
import {
  createInjectClient,
  createInjectPhone,
  createTestPeople,
  type InjectClient,
  PUBLIC_URL,
  type TestApp,
} from '../../../support/app.ts'
import { eventually } from '../../../support/eventually.ts'

let testApp: TestApp
let browser: InjectClient
let phone: InjectClient
let token: string

/** Whoever knows the demo account's password is whoever they say. */
const verifyPassword: PasswordVerifier = async (username) => ({ id: username, name: username })

async function begin(env: Record<string, string> = {}): Promise<void> {
  ;({ testApp, browser, phone } = await createTestPeople(env, { verifyPassword, currentPerson: (user) => user }))
  token = (await browser.post('/login', undefined, { headers: { 'user-agent': CHROME_ON_LINUX } })).json().token
}

const CHROME_ON_LINUX =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
const statusOf = async () => (await browser.get(`/login/status/${token}`)).json()
const codeOf = (reply: { json(): { code: string } }) => reply.json().code

describe('scanning', () => {
  test('tells who is asking, from where, how long ago, and for which site', async () => {
    await begin()
    testApp.time.now += 7000
    expect((await phone.post('/login/scan', { token })).json()).toEqual({
      status: 'scanned',
      token,
      browser: { name: 'Chrome', os: 'Linux' },
      ip: '127.0.0.1',
      same_network: true,
      new_browser: true,
      age: 7,
      origin: PUBLIC_URL,
      remember_for: 2_592_000,
      match: 'none',
      expires_in: 120,
    })
  })

  test('says of a browser that its like was not signed in from there before', async () => {
    await begin()
    await phone.post('/login/scan', { token })
    await phone.post('/login/confirm', { token })
    await browser.get(`/login/status/${token}`)
    // What happened is written down a little later.
    await eventually('the browser is known', async () => (await phone.get('/events')).body.includes('linked'))
    const isNew = async (options: { userAgent: string; from: string }) => {
      const headers = { 'user-agent': options.userAgent }
      const again = createInjectClient(testApp.app)
      const login = await again.post('/login', undefined, { headers, remoteAddress: options.from })
      return (await phone.post('/login/scan', { token: login.json().token })).json().new_browser
    }
    expect(await isNew({ userAgent: CHROME_ON_LINUX, from: '127.0.0.9' })).toBeUndefined()
    expect(await isNew({ userAgent: CHROME_ON_LINUX, from: '203.0.113.7' })).toBe(true)
    expect(await isNew({ userAgent: 'curl/8', from: '127.0.0.1' })).toBe(true)
  })

  test('again by the same phone gives the same answer; another person is told they came second', async () => {
    await begin()
    const first = await phone.post('/login/scan', { token })
    expect((await phone.post('/login/scan', { token })).body).toBe(first.body)
    const second = await (await createInjectPhone(testApp.app, 'somebody')).post('/login/scan', { token })
    expect([second.statusCode, codeOf(second)]).toEqual([409, 'already_scanned'])
  })

  test("by the same person's next session goes on with what the one before scanned", async () => {
    await begin({ MATCH: 'always' })
    await phone.post('/login/scan', { token })
    testApp.time.now += 20_000
    await phone.post('/sign-in', { username: 'demo', password: 'as before' })
    expect(codeOf(await phone.post('/login/confirm', { token }))).toBe('not_scanned')
    const reply = await phone.post('/login/scan', { token })
    expect(reply.json()).toMatchObject({ status: 'scanned', match: 'code', expires_in: 100 })
    expect((await phone.post('/login/confirm', { token })).json()).toMatchObject({ status: 'match_required' })
  })

  test('by another phone of the same person leaves the first one without it', async () => {
    await begin()
    await phone.post('/login/scan', { token })
    const other = await createInjectPhone(testApp.app)
    expect((await other.post('/login/scan', { token })).statusCode).toBe(200)
    expect(codeOf(await phone.post('/login/confirm', { token }))).toBe('not_scanned')
    expect(codeOf(await phone.get(`/login/scan/${token}`))).toBe('expired_token')
    expect((await other.post('/login/confirm', { token })).json()).toEqual({ status: 'authenticated' })
  })

  test('by the typed code again is the same answer: who has the first may go on by that', async () => {
    await begin()
    const { user_code } = (await browser.post('/login/user-code', { token })).json()
    const answers = [await phone.post('/login/scan', { user_code }), await phone.post('/login/scan', { user_code })]
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200])
    expect(answers[1]?.json().token).toBe(answers[0]?.json().token)
    // By its session's secret, which another phone of the same person has not.
    const other = await createInjectPhone(testApp.app)
    const taken = await other.post('/login/scan', { user_code })
    expect(taken.json().token).not.toBe(answers[0]?.json().token)
    expect((await phone.post('/login/scan', { user_code })).json().token).toBe(answers[0]?.json().token)
    for (const answer of answers) {
      expect((await phone.get(`/login/scan/${answer.json().token}`)).json()).toMatchObject({ status: 'scanned' })
    }
    const confirmed = await phone.post('/login/confirm', { token: answers[0]?.json().token })
    expect(confirmed.json()).toEqual({ status: 'authenticated' })
  })

  test('needs somebody who is signed in', async () => {
    await begin()
    const reply = await createInjectClient(testApp.app).post('/login/scan', { token })
    expect([reply.statusCode, codeOf(reply)]).toEqual([401, 'authentication_required'])
    expect(await statusOf()).toMatchObject({ status: 'pending' })
  })

  test('a browser that a phone signed in is no phone', async () => {
    await begin()
    await phone.post('/login/scan', { token })
    await phone.post('/login/confirm', { token })
    await statusOf()
    const other = (await createInjectClient(testApp.app).post('/login')).json().token
    const reply = await browser.post('/login/scan', { token: other })
    expect([reply.statusCode, codeOf(reply)]).toEqual([401, 'authentication_required'])
  })

  test.each([
    ['nothing', {}],
    ['both ways at once', { token: `${'x'.repeat(16)}.${'y'.repeat(22)}`, user_code: 'WDJB-MJHT' }],
    ['a token of another form', { token: 'short' }],
    ['a user id', { token: `${'x'.repeat(16)}.${'y'.repeat(22)}`, user_id: 'ann' }],
    ['a number', { user_code: 12345678 }],
  ])('what is not of the form is refused: %s', async (_name, body) => {
    await begin()
    const reply = await phone.post('/login/scan', body)
    expect([reply.statusCode, codeOf(reply)]).toEqual([400, 'invalid_request'])
  })

  test('wrong codes are counted, and right ones are not', async () => {
    await begin()
    for (let scan = 0; scan < 15; scan++) expect((await phone.post('/login/scan', { token })).statusCode).toBe(200)
    const wrong = { user_code: 'BBBB-BBBB' }
    const replies = []
    for (let tries = 0; tries < 12; tries++) replies.push(await phone.post('/login/scan', wrong))
    expect(replies.slice(0, 10).map(codeOf)).toEqual(Array(10).fill('expired_token'))
    expect(replies.slice(10).map(codeOf)).toEqual(['slow_down', 'slow_down'])
    expect(Number(replies.at(-1)?.headers['retry-after'])).toBeGreaterThan(0)
  })
})

describe('confirming', () => {
  test('comes after scanning, by the same phone', async () => {
    await begin()
    expect(codeOf(await phone.post('/login/confirm', { token }))).toBe('not_scanned')
    await phone.post('/login/scan', { token })
    const other = await createInjectPhone(testApp.app)
    const reply = await other.post('/login/confirm', { token })
    expect([reply.statusCode, codeOf(reply)]).toEqual([409, 'not_scanned'])
    expect(await statusOf()).toMatchObject({ status: 'scanned' })
    expect((await phone.post('/login/confirm', { token })).json()).toEqual({ status: 'authenticated' })
  })

  test('twice is once', async () => {
    await begin()
    await phone.post('/login/scan', { token })
    const replies = [await phone.post('/login/confirm', { token }), await phone.post('/login/confirm', { token })]
    expect(replies.map((reply) => reply.json())).toEqual([{ status: 'authenticated' }, { status: 'authenticated' }])
  })

  test('has its time', async () => {
    await begin()
    await phone.post('/login/scan', { token })
    testApp.time.now += 120_000
    const reply = await phone.post('/login/confirm', { token })
    expect([reply.statusCode, codeOf(reply)]).toEqual([404, 'expired_token'])
  })

  test('with remember gives the browser a session as long as a phone has', async () => {
    await begin()
    await phone.post('/login/scan', { token })
    await phone.post('/login/confirm', { token, remember: true })
    const reply = await browser.get(`/login/status/${token}`)
    expect(reply.cookies[0]?.maxAge).toBe(2_592_000)
    testApp.time.now += 2_000_000_000
    expect((await browser.get('/session')).statusCode).toBe(200)
  })

  test.each(['never', 'always'])(
    'the browser`s session knows how its person proved who they are, with MATCH=%s',
    async (MATCH) => {
      await begin({ MATCH })
      await phone.post('/login/scan', { token })
      const { match_code } = (await phone.post('/login/confirm', { token })).json()
      // Another of the person's phones goes on with it: that changes nothing about who confirmed.
      const other = await createInjectPhone(testApp.app)
      await other.post('/login/scan', { token })
      await (match_code === undefined ? statusOf() : browser.post('/login/match', { token, match_code }))
      expect([await amrOf(phone), await amrOf(browser)]).toEqual([['pwd'], ['pwd', 'user']])
    },
  )
})

async function amrOf(client: InjectClient): Promise<unknown> {
  const { id } = (await client.get('/session')).json().session
  return decodeSession((await testApp.store.read(`session:${id}`))?.value)?.amr
}

describe('matching', () => {
  test.each([
    ['always', '127.0.0.1', 'code'],
    ['never', '203.0.113.9', 'none'],
    ['auto', '127.0.0.77', 'none'],
    ['auto', '203.0.113.9', 'code'],
    ['auto', '::1', 'code'],
  ])('MATCH=%s with a phone at %s asks for: %s', async (MATCH, remoteAddress, expected) => {
    await begin({ MATCH })
    const reply = await phone.post('/login/scan', { token }, { remoteAddress })
    expect(reply.json().match).toBe(expected)
  })

  test('the digits on the phone, typed into the browser, sign it in', async () => {
    await begin({ MATCH: 'always' })
    await phone.post('/login/scan', { token })
    const confirmation = (await phone.post('/login/confirm', { token })).json()
    expect(confirmation).toEqual({
      status: 'match_required',
      match_code: expect.stringMatching(/^\d{6}$/),
      expires_in: 120,
    })
    expect(await statusOf()).toEqual({ status: 'match_required', expires_in: 120, interval: 2, hold: 2, tries_left: 5 })
    const { match_code } = confirmation
    const reply = await browser.post('/login/match', { token, match_code })
    expect(reply.json()).toMatchObject({ status: 'authenticated', user: { id: 'demo' } })
    expect(reply.cookies[0]?.name).toBe('scanin_session')
  })

  test('are the same however often the phone confirms, and whenever: those that somebody has read are good', async () => {
    await begin({ MATCH: 'always' })
    await phone.post('/login/scan', { token })
    const confirm = async () => (await phone.post('/login/confirm', { token })).json().match_code
    const codes = await Promise.all([confirm(), confirm()])
    await phone.post('/login/scan', { token })
    codes.push(await confirm())
    expect(new Set(codes).size).toBe(1)
    const reply = await browser.post('/login/match', { token, match_code: codes[0] })
    expect(reply.json()).toMatchObject({ status: 'authenticated' })
  })

  test('five wrong ones deny the login for good', async () => {
    await begin({ MATCH: 'always' })
    await phone.post('/login/scan', { token })
    const { match_code } = (await phone.post('/login/confirm', { token })).json()
    const wrong = match_code === '000000' ? '000001' : '000000'
    for (const left of [4, 3, 2, 1, 0]) {
      const reply = await browser.post('/login/match', { token, match_code: wrong })
      expect(reply.statusCode).toBe(422)
      expect(reply.json()).toMatchObject({ code: 'wrong_match_code', tries_left: left })
    }
    const late = await browser.post('/login/match', { token, match_code })
    expect(late.json()).toMatchObject({ status: 'denied' })
    expect(late.cookies).toEqual([])
    expect((await phone.get(`/login/scan/${token}`)).json()).toMatchObject({ status: 'denied' })
  })

  test('another browser cannot match', async () => {
    await begin({ MATCH: 'always' })
    await phone.post('/login/scan', { token })
    const { match_code } = (await phone.post('/login/confirm', { token })).json()
    const reply = await createInjectClient(testApp.app).post('/login/match', { token, match_code })
    expect(reply.json()).toEqual({ status: 'expired' })
    expect(await statusOf()).toMatchObject({ status: 'match_required', tries_left: 5 })
  })
})

describe('denying', () => {
  test('is told to the browser, and nothing follows it', async () => {
    await begin()
    await phone.post('/login/scan', { token })
    expect((await phone.post('/login/deny', { token })).json()).toEqual({ status: 'denied' })
    expect(await statusOf()).toMatchObject({ status: 'denied' })
    expect((await phone.post('/login/confirm', { token })).statusCode).toBe(404)
  })

  test('takes an approval back that is not collected yet', async () => {
    await begin()
    await phone.post('/login/scan', { token })
    await phone.post('/login/confirm', { token })
    await phone.post('/login/deny', { token })
    expect(await statusOf()).toMatchObject({ status: 'denied' })
  })
})

describe('the phone that waits', () => {
  test('is told when the browser is in', async () => {
    await begin({ POLL_HOLD_SECONDS: '25' })
    await phone.post('/login/scan', { token })
    await phone.post('/login/confirm', { token })
    const held = phone.get(`/login/scan/${token}?seen=authenticated&wait=25`)
    await statusOf()
    expect((await held).json()).toEqual({
      status: 'authenticated',
      expires_in: 10,
      interval: 2,
      hold: 25,
      collected: true,
    })
  })

  test('is not held where holding is off, whatever it asks for: it is told what was so when it came', async () => {
    await begin({ POLL_HOLD_SECONDS: '0' })
    await phone.post('/login/scan', { token })
    const early = phone.get(`/login/scan/${token}?seen=scanned&wait=25`)
    // Once a later one is answered, the first was looked at.
    expect((await phone.get(`/login/scan/${token}`)).json().status).toBe('scanned')
    await phone.post('/login/confirm', { token })
    expect((await early).json().status).toBe('scanned')
  })

  describe.each(['15', '60'])('where polls are %s seconds apart', (interval) => {
    const env = { POLL_INTERVAL_SECONDS: interval, POLL_HOLD_SECONDS: '0' }
    const poll = (seen: string) => phone.get(`/login/scan/${token}?seen=${seen}&wait=2`)
    /** Asks once, and comes again when it is told to. @returns a reply to what happens just after the first */
    const nextAfter = async (seen: string, happens: () => Promise<unknown>) => {
      const first = (await poll(seen)).json()
      expect(first).toMatchObject({ status: seen, collected: false })
      await happens()
      testApp.time.now += first.interval * 1000
      return (await poll(seen)).json()
    }

    test('hears in time that the browser is in', async () => {
      await begin({ ...env, MATCH: 'never' })
      await phone.post('/login/scan', { token })
      await phone.post('/login/confirm', { token })
      expect(await nextAfter('authenticated', statusOf)).toMatchObject({ collected: true })
    })

    test('hears in time that the digits were typed, with which the browser is in', async () => {
      await begin({ ...env, MATCH: 'always' })
      await phone.post('/login/scan', { token })
      const { match_code } = (await phone.post('/login/confirm', { token })).json()
      const typed = () => browser.post('/login/match', { token, match_code })
      expect(await nextAfter('match_required', typed)).toMatchObject({ collected: true })
    })

    test.each(['never', 'always'])(
      'is never refused while it keeps to what it is told, with MATCH=%s',
      async (match) => {
        await begin({ ...env, MATCH: match })
        await phone.post('/login/scan', { token })
        await phone.post('/login/confirm', { token })
        for (let seconds = 0; seconds < 55; ) {
          const reply = await phone.get(`/login/scan/${token}`)
          expect(reply.statusCode).toBe(200)
          testApp.time.now += reply.json().interval * 1000
          seconds += reply.json().interval
        }
      },
    )

    test('is told the pace of all as long as nobody has confirmed', async () => {
      await begin(env)
      await phone.post('/login/scan', { token })
      expect((await poll('scanned')).json()).toMatchObject({ status: 'scanned', interval: Number(interval) })
    })
  })

  test('learns nothing of a login that it did not scan', async () => {
    await begin()
    expect(codeOf(await phone.get(`/login/scan/${token}`))).toBe('expired_token')
    await phone.post('/login/scan', { token })
    const other = await createInjectPhone(testApp.app)
    expect(codeOf(await other.get(`/login/scan/${token}`))).toBe('expired_token')
  })
})

test('a notice that comes late does not tell the phone that its login is over', async () => {
  await begin({ MATCH: 'never' })
  const before = await testApp.store.read(`login:${token.split('.')[0]}`)
  await phone.post('/login/scan', { token })
  let isWatched: (hear: OnChange) => void
  const watched = new Promise<OnChange>((resolve) => {
    isWatched = resolve
  })
  const { watch } = testApp.store
  testApp.store.watch = (key, onChange) => {
    isWatched(onChange)
    return watch(key, onChange)
  }
  const held = phone.get(`/login/scan/${token}?seen=scanned&wait=2`)
  const hear = await watched
  // Held by then: the read of the embedded store takes no turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve))
  hear(before)
  await phone.post('/login/confirm', { token })
  expect((await held).json()).toMatchObject({ status: 'authenticated' })
})
