import { beforeEach, describe, expect, test } from '@jest/globals'
import {
  createInjectClient,
  createTestPeople,
  type InjectClient,
  PUBLIC_URL,
  type TestApp,
} from '../../../support/app.ts'

let testApp: TestApp
let browser: InjectClient
let phone: InjectClient

async function begin(env: Record<string, string> = {}): Promise<string> {
  ;({ testApp, browser, phone } = await createTestPeople(env))
  return (await browser.post('/login')).json().token
}

const pass = (seconds: number) => {
  testApp.time.now += seconds * 1000
}
const statusOf = async (token: string) => (await browser.get(`/login/status/${token}`)).json()
const expired = { status: 'expired' }

describe('starting a login', () => {
  beforeEach(async () => void (await begin()))

  test('answers with all that the page needs, and a cookie for this login alone', async () => {
    const reply = await browser.post('/login')
    const body = reply.json()
    expect(reply.statusCode).toBe(201)
    expect(body).toEqual({
      status: 'pending',
      token: expect.stringMatching(/^[\w-]{16}\.[\w-]{22}$/),
      verification_uri: `${PUBLIC_URL}/scan`,
      verification_uri_complete: `${PUBLIC_URL}/scan#${body.token}`,
      qr_image: expect.stringMatching(/^data:image\/svg\+xml;base64,/),
      expires_in: 300,
      refresh_in: 30,
      interval: 2,
      hold: 2,
    })
    const [loginId] = body.token.split('.')
    expect(reply.cookies).toEqual([
      {
        name: `scanin_${loginId}`,
        value: expect.stringMatching(/^[\w-]{43}$/),
        path: '/',
        httpOnly: true,
        sameSite: 'Lax',
        maxAge: 480,
      },
    ])
  })

  test('takes no body, an empty object, an unknown token and any text of whatever length alike: a new login', async () => {
    const stranger = `${'x'.repeat(16)}.${'y'.repeat(22)}`
    const texts = [stranger, 'not a token', '', 'x'.repeat(70), 'x'.repeat(4000)]
    for (const body of [undefined, {}, ...texts.map((token) => ({ token }))]) {
      const reply = await createInjectClient(testApp.app).post('/login', body)
      expect(reply.statusCode).toBe(201)
      expect(reply.cookies).toHaveLength(1)
    }
  })

  test('names the public URL, whatever host was asked', async () => {
    const reply = await browser.post('/login', undefined, {
      headers: { host: 'evil.test', 'x-forwarded-host': 'evil.test' },
    })
    expect(reply.json().verification_uri).toBe(`${PUBLIC_URL}/scan`)
  })
})

describe('rotating', () => {
  test('keeps login, cookie and end, and changes the secret', async () => {
    const token = await begin()
    pass(30)
    const reply = await browser.post('/login', { token })
    const next = reply.json()
    expect(next).toMatchObject({ status: 'pending', expires_in: 270, refresh_in: 30 })
    expect(next.token.split('.')[0]).toBe(token.split('.')[0])
    expect(next.token).not.toBe(token)
    expect(reply.cookies).toEqual([])
  })

  test('the old QR scans during the overlap and not after it', async () => {
    for (const [seconds, status] of [
      [9, 200],
      [10, 404],
    ] as const) {
      const token = await begin()
      await browser.post('/login', { token })
      pass(seconds)
      expect((await phone.post('/login/scan', { token })).statusCode).toBe(status)
    }
  })

  test('a page that rotates on and on does not outlive the login', async () => {
    let token = await begin()
    for (let seconds = 0; seconds < 290; seconds += 10) {
      pass(10)
      token = (await browser.post('/login', { token })).json().token
    }
    expect(await statusOf(token)).toMatchObject({ status: 'pending', expires_in: 10 })
    pass(10)
    expect(await statusOf(token)).toEqual(expired)
  })

  test.each([
    { QR_REFRESH_SECONDS: '1' },
    { QR_REFRESH_SECONDS: '1', POLL_INTERVAL_SECONDS: '10' },
    { QR_REFRESH_SECONDS: '1', POLL_INTERVAL_SECONDS: '1' },
  ])('a page that renews when it is told to, and polls, is never too fast: %j', async (env) => {
    let token = await begin(env)
    const interval = Number(env.POLL_INTERVAL_SECONDS ?? 2)
    for (let seconds = 1; seconds < 90; seconds++) {
      pass(1)
      const renewed = await browser.post('/login', { token })
      expect(renewed.statusCode).toBe(201)
      token = renewed.json().token
      if (seconds % interval === 0) expect(await statusOf(token)).toMatchObject({ status: 'pending' })
    }
    expect(await statusOf(token)).toMatchObject({ status: 'pending', expires_in: 211 })
  })

  test('with less than a rotation left, the page is told to come back at the end', async () => {
    const token = await begin()
    pass(280)
    expect((await browser.post('/login', { token })).json()).toMatchObject({ expires_in: 20, refresh_in: 20 })
  })

  test.each([
    ['10', 1],
    ['10', 3],
    ['0', 1],
    ['0', 3],
  ])(
    'by the last token that was answered goes on with the login: an overlap of %s s, %i answers lost',
    async (overlap, lost) => {
      const token = await begin({ QR_OVERLAP_SECONDS: overlap })
      for (let renewals = 0; renewals < lost; renewals++) {
        pass(30)
        expect((await browser.post('/login', { token })).statusCode).toBe(201)
      }
      pass(11)
      expect(await statusOf(token)).toEqual(expired)
      const next = (await browser.post('/login', { token })).json().token
      expect(next.split('.')[0]).toBe(token.split('.')[0])
      expect(await statusOf(next)).toMatchObject({ status: 'pending' })
      expect((await phone.post('/login/scan', { token })).statusCode).toBe(404)
      expect((await phone.post('/login/scan', { token: next })).statusCode).toBe(200)
    },
  )

  test.each(['10', '0'])(
    'whose answers were lost parts no browser from what a phone has by the typed code: an overlap of %s s',
    async (overlap) => {
      const token = await begin({ QR_OVERLAP_SECONDS: overlap, MATCH: 'never' })
      const { user_code } = (await browser.post('/login/user-code', { token })).json()
      for (let lost = 0; lost < 3; lost++) {
        pass(30)
        await browser.post('/login', { token })
      }
      pass(11)
      const typed = (await phone.post('/login/scan', { user_code })).json()
      expect(await statusOf(token)).toMatchObject({ status: 'scanned' })
      expect((await phone.post('/login/confirm', { token })).statusCode).toBe(404)
      await phone.post('/login/confirm', { token: typed.token })
      const stranger = await createInjectClient(testApp.app).get(`/login/status/${token}`)
      expect(stranger.json()).toEqual(expired)
      expect(await statusOf(token)).toMatchObject({ status: 'authenticated' })
    },
  )

  test('by a secret that its login never had starts another, and polls nothing', async () => {
    const token = await begin()
    const made = `${token.slice(0, 17)}${'x'.repeat(22)}`
    expect((await browser.post('/login', { token: made })).json().token.slice(0, 16)).not.toBe(token.slice(0, 16))
    await phone.post('/login/scan', { token })
    expect(await statusOf(made)).toEqual(expired)
    expect(await statusOf(token)).toMatchObject({ status: 'scanned' })
  })

  test('of a login that is scanned, or without its cookie, starts another', async () => {
    const token = await begin()
    const stranger = await createInjectClient(testApp.app).post('/login', { token })
    expect(stranger.json().token.split('.')[0]).not.toBe(token.split('.')[0])
    await phone.post('/login/scan', { token })
    const mine = await browser.post('/login', { token })
    expect(mine.json().token.split('.')[0]).not.toBe(token.split('.')[0])
    expect(await statusOf(token)).toMatchObject({ status: 'scanned' })
  })
})

describe('polling', () => {
  test('tells each state as it comes, with nothing about the person before the end', async () => {
    const token = await begin()
    expect(await statusOf(token)).toEqual({ status: 'pending', expires_in: 300, interval: 2, hold: 2 })
    await phone.post('/login/scan', { token })
    expect(await statusOf(token)).toEqual({ status: 'scanned', expires_in: 120, interval: 2, hold: 2 })
    await phone.post('/login/confirm', { token })
    const reply = await browser.get(`/login/status/${token}`)
    expect(reply.json()).toEqual({
      status: 'authenticated',
      expires_in: 10,
      interval: 2,
      hold: 2,
      user: { id: 'demo', name: 'Demo Person' },
      redirect_to: '/home',
    })
    expect(reply.cookies.map(({ name, maxAge }) => [name, maxAge])).toEqual([
      ['scanin_session', 43_200],
      [`scanin_${token.split('.')[0]}`, 0],
    ])
    expect((await browser.get('/session')).json()).toMatchObject({ user: { id: 'demo' }, session: { kind: 'browser' } })
  })

  test('a reply that got lost is given again to the same browser, with the same session', async () => {
    const token = await begin()
    await phone.post('/login/scan', { token })
    await phone.post('/login/confirm', { token })
    const jar = Object.fromEntries(browser.cookies)
    const lost = await browser.get(`/login/status/${token}`)
    pass(9)
    const again = await browser.get(`/login/status/${token}`, { cookies: jar })
    expect(again.json()).toMatchObject({ status: 'authenticated', expires_in: 1 })
    expect(again.cookies[0]?.value).toBe(lost.cookies[0]?.value)
    pass(1)
    expect((await browser.get(`/login/status/${token}`, { cookies: jar })).json()).toEqual(expired)
  })

  test('once its session was used, the login is gone', async () => {
    const token = await begin()
    await phone.post('/login/scan', { token })
    await phone.post('/login/confirm', { token })
    const jar = Object.fromEntries(browser.cookies)
    await browser.get(`/login/status/${token}`)
    await browser.get('/session')
    expect((await browser.get(`/login/status/${token}`, { cookies: jar })).json()).toEqual(expired)
  })

  test('a session revoked before its first use is not handed over again', async () => {
    const token = await begin()
    await phone.post('/login/scan', { token })
    await phone.post('/login/confirm', { token })
    const jar = Object.fromEntries(browser.cookies)
    await browser.get(`/login/status/${token}`)
    expect((await phone.delete('/sessions')).json()).toEqual({ revoked: 1 })
    expect((await browser.get(`/login/status/${token}`, { cookies: jar })).json()).toEqual(expired)
    expect((await browser.get('/session')).statusCode).toBe(401)
  })

  test('approved and not collected in time is gone', async () => {
    const token = await begin()
    await phone.post('/login/scan', { token })
    await phone.post('/login/confirm', { token })
    pass(60)
    expect(await statusOf(token)).toEqual(expired)
  })

  test('a hold is ended by the phone', async () => {
    const token = await begin({ POLL_HOLD_SECONDS: '25' })
    const held = browser.get(`/login/status/${token}?seen=pending&wait=25`)
    await phone.post('/login/scan', { token })
    expect((await held).json()).toMatchObject({ status: 'scanned' })
  })

  test('where holding is off nothing is held, whatever was asked for: it says what was so when it came', async () => {
    const token = await begin({ POLL_HOLD_SECONDS: '0' })
    const early = browser.get(`/login/status/${token}?seen=pending&wait=25`)
    // Once a later one is answered, the first was looked at.
    expect((await statusOf(token)).status).toBe('pending')
    await phone.post('/login/scan', { token })
    expect((await early).json().status).toBe('pending')
  })

  test('nothing is held whose state is not the one that was seen', async () => {
    const token = await begin({ POLL_HOLD_SECONDS: '25' })
    const reply = await browser.get(`/login/status/${token}?seen=scanned&wait=25`)
    expect(reply.json()).toMatchObject({ status: 'pending' })
  })

  test('closing the app answers held polls at once', async () => {
    const token = await begin({ POLL_HOLD_SECONDS: '25' })
    const held = browser.get(`/login/status/${token}?seen=pending&wait=25`)
    await new Promise((resolve) => setImmediate(resolve))
    await testApp.app.close()
    expect((await held).json()).toMatchObject({ status: 'pending' })
  })

  test.each(['wait=-1', 'wait=x', 'wait=1.5', `seen=${'x'.repeat(33)}`])(
    'what cannot be meant is refused: %s',
    async (query) => {
      const token = await begin()
      const reply = await browser.get(`/login/status/${token}?${query}`)
      expect(reply.statusCode).toBe(400)
      expect(reply.json()).toMatchObject({ code: 'invalid_request' })
    },
  )

  test('far too fast is told to slow down, loses nothing, and is told the end all the same', async () => {
    const token = await begin()
    const replies = await Promise.all(Array.from({ length: 40 }, () => browser.get(`/login/status/${token}`)))
    const refused = replies.filter(({ statusCode }) => statusCode === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]?.json()).toMatchObject({ code: 'slow_down' })
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0)
    await phone.post('/login/scan', { token })
    await phone.post('/login/confirm', { token })
    expect(await statusOf(token)).toMatchObject({ status: 'authenticated' })
  })

  test('HEAD collects nothing', async () => {
    const token = await begin()
    await phone.post('/login/scan', { token })
    await phone.post('/login/confirm', { token })
    const reply = await browser.get(`/login/status/${token}`, { method: 'HEAD' })
    expect(reply.cookies).toEqual([])
    expect(await statusOf(token)).toMatchObject({ status: 'authenticated' })
  })
})

describe('the typed code', () => {
  test('leads the phone to the login, and gives it a token of its own', async () => {
    const token = await begin()
    const reply = await browser.post('/login/user-code', { token })
    expect(reply.statusCode).toBe(201)
    const { user_code, ...rest } = reply.json()
    expect(user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
    expect(rest).toEqual({ verification_uri: `${PUBLIC_URL}/scan`, expires_in: 300 })

    const scanned = (await phone.post('/login/scan', { user_code: user_code.toLowerCase() })).json()
    expect(scanned.token).not.toBe(token)
    expect((await phone.post('/login/confirm', { token: scanned.token })).json()).toEqual({ status: 'authenticated' })
    expect(await statusOf(token)).toMatchObject({ status: 'authenticated' })
  })

  test('is the same when asked for again, also after a rotation', async () => {
    const token = await begin()
    const first = (await browser.post('/login/user-code', { token })).json()
    const rotated = (await browser.post('/login', { token })).json().token
    const second = (await browser.post('/login/user-code', { token: rotated })).json()
    expect(second.user_code).toBe(first.user_code)
  })

  test('is for the browser of the login alone, and while it is pending', async () => {
    const token = await begin()
    const stranger = await createInjectClient(testApp.app).post('/login/user-code', { token })
    expect(stranger.json()).toMatchObject({ status: 404, code: 'expired_token' })
    await phone.post('/login/scan', { token })
    expect((await browser.post('/login/user-code', { token })).statusCode).toBe(404)
  })
})

describe('cancelling', () => {
  test('ends the login for browser and phone', async () => {
    const token = await begin()
    expect((await browser.delete(`/login/${token}`)).statusCode).toBe(204)
    expect(await statusOf(token)).toEqual(expired)
    expect((await phone.post('/login/scan', { token })).statusCode).toBe(404)
  })

  test('ends it by a code that is rotated out too: the answers since may be lost', async () => {
    const old = await begin()
    const { token } = (await browser.post('/login', { token: old })).json()
    pass(10)
    expect(await statusOf(old)).toEqual(expired)
    expect(await statusOf(token)).toMatchObject({ status: 'pending' })
    expect((await browser.delete(`/login/${old}`)).statusCode).toBe(204)
    expect(await statusOf(token)).toEqual(expired)
  })

  test('says the same to a stranger, and leaves the login alone', async () => {
    const token = await begin()
    expect((await createInjectClient(testApp.app).delete(`/login/${token}`)).statusCode).toBe(204)
    expect(await statusOf(token)).toMatchObject({ status: 'pending' })
  })

  test.each([
    ['a word', 'garbage'],
    ['another route`s', 'status'],
    ['4,000 characters', 'x'.repeat(4000)],
    ['a NUL', '%00'],
  ])('says the same of what is no token, and leaves the login alone: %s', async (_what, text) => {
    const token = await begin()
    const reply = await browser.delete(`/login/${text}`)
    expect([reply.statusCode, reply.body]).toEqual([204, ''])
    expect(await statusOf(token)).toMatchObject({ status: 'pending' })
  })
})
