import { beforeAll, describe, expect, test } from '@jest/globals'
import { decodeLogin } from '../../server/login/login-record.ts'
import { createMemoryStore } from '../../server/store/memory-store.ts'
import type { RecordStore } from '../../server/store/record-store.ts'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type InjectClient,
  type TestApp,
} from '../support/app.ts'
import { createFailingStore, type FailingStore, type Loss } from '../support/failing-store.ts'
import { spreadStore } from '../support/spread-store.ts'

/** S1: what was confirmed ends in a session, wherever its hand-over was cut short, for as long as it may be collected. */

const COLLECT_SECONDS = 60
const LOSSES: readonly Loss[] = ['before', 'after']

const STORES: [string, (store: RecordStore) => RecordStore][] = [
  ['in one place', (store) => store],
  ['spread', spreadStore],
]

describe.each(STORES)('records %s:', (_how, asKept) => {
  let testApp: TestApp
  let failing: FailingStore
  let phone: InjectClient

  beforeAll(async () => {
    const time = { now: Date.parse('2026-01-01T00:00:00Z') }
    failing = createFailingStore(createMemoryStore({ clock: () => time.now }))
    const env = { POLL_HOLD_SECONDS: '0', MATCH: 'never', MAX_SESSIONS: '1000', REMEMBER_SECONDS: '31536000' }
    testApp = await createTestApp(env, { store: asKept(failing.store) }, time)
    phone = await createInjectPhone(testApp.app)
  })

  const pass = (seconds: number) => {
    testApp.time.now += seconds * 1000
  }

  const isSignedIn = async (client: InjectClient) => (await client.get('/session')).statusCode === 200

  interface Approved {
    browser: InjectClient
    token: string
  }

  async function approved(browser = createInjectClient(testApp.app)): Promise<Approved> {
    const { token } = (await browser.post('/login')).json()
    await phone.post('/login/scan', { token })
    expect((await phone.post('/login/confirm', { token })).statusCode).toBe(200)
    return { browser, token }
  }

  const poll = ({ browser, token }: Approved) => browser.get(`/login/status/${token}`)

  /** How many calls to the store a hand-over takes, those included that nobody waits for. */
  async function callsOfOne(login: Approved): Promise<number> {
    failing.mend()
    await poll(login)
    return failing.calls()
  }

  describe.each(LOSSES)('a store that goes away at any call of a hand-over, %s its effect', (loss) => {
    test.each([11, COLLECT_SECONDS - 1])('and is back %i seconds later, has lost no login', async (away) => {
      const calls = await callsOfOne(await approved())
      expect(calls).toBeGreaterThan(5)
      for (let before = 0; before < calls; before++) {
        const login = await approved()
        failing.failAfter(before, loss)
        const cut = await poll(login)
        // A browser that was given the session has it: only a call that nobody waits for was cut.
        expect(cut.statusCode === 503 || (await givenAt(cut.json(), login))).toBe(true)
        pass(away)
        failing.mend()
        if (cut.statusCode === 503) expect((await poll(login)).json()).toMatchObject({ status: 'authenticated' })
        expect(await isSignedIn(login.browser)).toBe(true)
        expect((await poll(login)).json()).toEqual({ status: 'expired' })
      }
    })

    test('again at each try, has lost none, and has not opened a second session', async () => {
      const before = (await phone.get('/sessions')).json().sessions.length
      const login = await approved()
      const calls = await callsOfOne(await approved())
      for (let at = 0; at < calls - 2; at++) {
        failing.failAfter(at, loss)
        expect((await poll(login)).statusCode).toBe(503)
        failing.mend()
        pass(5)
      }
      expect((await poll(login)).json()).toMatchObject({ status: 'authenticated' })
      expect((await phone.get('/sessions')).json().sessions).toHaveLength(before + 2)
    })

    test('has ended the session that the new one replaces, and no other', async () => {
      const login = await approved()
      const calls = await callsOfOne(login)
      const listed = (await phone.get('/sessions')).json().sessions.length
      for (let before = 0; before < calls + 4; before++) {
        const again = await approved(login.browser)
        failing.failAfter(before, loss)
        const cut = await poll(again)
        failing.mend()
        pass(11)
        if (cut.statusCode === 503) expect((await poll(again)).json()).toMatchObject({ status: 'authenticated' })
        expect(await isSignedIn(login.browser)).toBe(true)
        expect((await phone.get('/sessions')).json().sessions).toHaveLength(listed)
      }
    })
  })

  function givenAt({ status }: { status: string }, { browser }: Approved): boolean {
    return status === 'authenticated' && browser.cookies.has('scanin_session')
  }

  test('a store that has room for no session keeps the login for when it has', async () => {
    const login = await approved()
    failing.failWritesAt(/^session:/)
    for (let seconds = 0; seconds < COLLECT_SECONDS - 10; seconds += 5) {
      expect((await poll(login)).statusCode).toBe(503)
      pass(5)
    }
    failing.mend()
    expect((await poll(login)).json()).toMatchObject({ status: 'authenticated' })
    expect(await isSignedIn(login.browser)).toBe(true)
  })

  test('what was given is not given again ten seconds later, and neither after its first use', async () => {
    const [unused, used] = [await approved(), await approved()]
    const [early, late] = [copyOf(unused), copyOf(used)]
    for (const login of [unused, used]) expect((await poll(login)).json()).toMatchObject({ status: 'authenticated' })
    expect(await isSignedIn(used.browser)).toBe(true)
    expect((await poll(late)).json()).toEqual({ status: 'expired' })
    pass(9)
    expect((await poll(copyOf(early))).json()).toMatchObject({ status: 'authenticated' })
    pass(1)
    expect((await poll(early)).json()).toEqual({ status: 'expired' })
  })

  /** The same browser as it is now, in case its reply is lost. */
  function copyOf({ browser, token }: Approved): Approved {
    const copy = createInjectClient(testApp.app)
    for (const [name, value] of browser.cookies) copy.cookies.set(name, value)
    return { browser: copy, token }
  }

  test('a confirm whose answer was lost is answered as before, though the browser was quick', async () => {
    const login = await approved()
    await poll(login)
    expect((await phone.post('/login/confirm', { token: login.token })).json()).toEqual({ status: 'authenticated' })
  })

  describe.each(LOSSES)('a store that goes away at any call of what a person asks for, %s its effect', (loss) => {
    /** Asks again and again, cut at one call after the other, until it is answered. */
    async function insist(ask: () => Promise<{ statusCode: number }>): Promise<{ statusCode: number; cuts: number }> {
      for (let cuts = 0; ; cuts++) {
        failing.failAfter(cuts, loss)
        const reply = await ask()
        failing.mend()
        if (reply.statusCode !== 503) return { statusCode: reply.statusCode, cuts }
      }
    }

    test('refuses nobody their own scan, confirm, digits and denial when they ask again', async () => {
      const { time, store } = testApp
      const matching = await createTestApp({ POLL_HOLD_SECONDS: '0', MATCH: 'always' }, { store }, time)
      const browser = createInjectClient(matching.app)
      const { token } = (await browser.post('/login')).json()
      const scan = await insist(() => phone.post('/login/scan', { token }))
      expect([scan.statusCode, scan.cuts > 2]).toEqual([200, true])
      let match_code = ''
      const person = createInjectClient(matching.app)
      person.cookies.set('scanin_session', phone.cookies.get('scanin_session') ?? '')
      const second = (await browser.post('/login')).json().token
      await person.post('/login/scan', { token: second })
      const confirm = await insist(async () => {
        const reply = await person.post('/login/confirm', { token: second })
        match_code = reply.json().match_code
        return reply
      })
      expect([confirm.statusCode, confirm.cuts > 1]).toEqual([200, true])
      const match = await insist(() => browser.post('/login/match', { token: second, match_code }))
      expect([match.statusCode, match.cuts > 4]).toEqual([200, true])
      expect(await isSignedIn(browser)).toBe(true)
      const deny = await insist(() => phone.post('/login/deny', { token }))
      expect([deny.statusCode, deny.cuts > 1]).toEqual([200, true])
      await matching.app.close()
    })

    test('gives a browser one typed code, however often it asks', async () => {
      const browser = createInjectClient(testApp.app)
      const { token } = (await browser.post('/login')).json()
      const codes = new Set<string>()
      const asked = await insist(async () => {
        const reply = await browser.post('/login/user-code', { token })
        if (reply.statusCode === 201) codes.add(reply.json().user_code)
        return reply
      })
      expect([asked.statusCode, asked.cuts > 1]).toEqual([201, true])
      codes.add((await browser.post('/login/user-code', { token })).json().user_code)
      expect(codes.size).toBe(1)
    })

    test('leaves no end half done: who asks again for a sign-out has denied all that was approved', async () => {
      for (const path of ['/sign-out', '/sessions/:id', '/sessions'] as const) {
        const leaving = await createInjectPhone(testApp.app)
        const { id } = (await leaving.get('/session')).json().session
        const browser = createInjectClient(testApp.app)
        const { token } = (await browser.post('/login')).json()
        await leaving.post('/login/scan', { token })
        await leaving.post('/login/confirm', { token })
        const end = await insist(() =>
          path === '/sign-out' ? leaving.post(path) : phone.delete(path.replace(':id', id)),
        )
        // 404: all was done but for its answer, and there is no such session any more.
        expect(path === '/sessions/:id' ? [204, 404] : [200, 204]).toContain(end.statusCode)
        expect(end.cuts).toBeGreaterThan(4)
        // What the phone approved is denied in the store, and not only at the next look.
        expect(decodeLogin((await testApp.store.read(`login:${token.slice(0, 16)}`))?.value)?.status).toBe('denied')
        expect(await isSignedIn(leaving)).toBe(false)
        expect((await phone.get('/sessions')).json().sessions.map((each: { id: string }) => each.id)).not.toContain(id)
      }
    })
  })
})
