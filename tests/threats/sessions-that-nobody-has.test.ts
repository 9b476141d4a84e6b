import { expect, test } from '@jest/globals'
import { createMemoryStore } from '../../server/store/memory-store.ts'
import type { RecordStore } from '../../server/store/record-store.ts'
import { createInjectClient, createInjectPhone, createTestApp } from '../support/app.ts'
import { keepLog } from '../support/audit-lines.ts'
import { onEveryStore } from '../support/every-store.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { approve, startLogin } from '../support/login-flow.ts'
import { spreadStore } from '../support/spread-store.ts'

/** T19: what stands in the list of sessions can be somebody's. One that nobody can ever have is not left there. */

const COLLECT_SECONDS = 60

onEveryStore({ POLL_HOLD_SECONDS: '0', MATCH: 'never' }, (stage) => {
  /** A copy of the browser from before a reply: nothing that the reply brings is in it. */
  function asBefore(browser: Client): Client {
    const before = createClient(stage.service().url)
    for (const [name, value] of browser.cookies) before.cookies.set(name, value)
    return before
  }

  const kindsOf = async (phone: Client) =>
    (await phone.get('/sessions')).json.sessions.map(({ kind }: { kind: string }) => kind)

  test.each([false, true])(
    'T19 a login that is given up while its session may still be given again takes that with it (remember: %s)',
    async (remember) => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const token = await startLogin(browser)
      await phone.post('/login/scan', { token })
      await phone.post('/login/confirm', { token, remember })
      const before = asBefore(browser)
      const lost = asBefore(browser)
      expect((await lost.get(`/login/status/${token}`)).json.status).toBe('authenticated')
      expect(await kindsOf(phone)).toContain('browser')

      expect((await before.delete(`/login/${token}`)).status).toBe(204)
      expect((await before.get(`/login/status/${token}`)).json).toEqual({ status: 'expired' })
      expect(await kindsOf(phone)).not.toContain('browser')
      // The session that was handed out is gone too.
      expect((await lost.get('/session')).status).toBe(401)
    },
  )

  test('T19 given up by somebody else, or once its session was used, that stays', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    await approve(phone, token)
    const before = asBefore(browser)
    await browser.get(`/login/status/${token}`)
    expect((await stage.browser().delete(`/login/${token}`)).status).toBe(204)
    expect((await browser.get('/session')).status).toBe(200)
    expect((await before.delete(`/login/${token}`)).status).toBe(204)
    expect((await browser.get('/session')).status).toBe(200)
    await browser.post('/sign-out')
  })
})

/** A store with its records in several places, and what happens before the last step of a hand-over. */
async function beforeTheLastStep(happens: (people: Awaited<ReturnType<typeof begin>>) => Promise<unknown>) {
  const people = await begin()
  people.interrupt(() => happens(people))
  const { browser, phone, token, log } = people
  const reply = await browser.get(`/login/status/${token}`)
  const { sessions } = (await phone.get('/sessions')).json()
  await people.close()
  const told = log.news().map(({ audit }) => audit)
  return { reply, kinds: sessions.map(({ kind }: { kind: string }) => kind), told }
}

async function begin() {
  const time = { now: Date.parse('2026-01-01T00:00:00Z') }
  const inner = createMemoryStore({ clock: () => time.now })
  let interruption: (() => Promise<unknown>) | undefined
  let hasSession = false
  const write: RecordStore['write'] = async (key, value, options) => {
    if (hasSession && interruption !== undefined && key.startsWith('login:')) {
      const happens = interruption
      interruption = undefined
      await happens()
    }
    hasSession ||= interruption !== undefined && key.startsWith('session:')
    return inner.write(key, value, options)
  }
  const log = keepLog()
  const env = { POLL_HOLD_SECONDS: '0', MATCH: 'never', COLLECT_SECONDS: String(COLLECT_SECONDS) }
  const parts = { store: spreadStore({ ...inner, write }), logger: log.logger }
  const [{ app }, another] = [await createTestApp(env, parts, time), await createTestApp(env, parts, time)]
  const [browser, phone] = [createInjectClient(app), await createInjectPhone(app)]
  const { token } = (await browser.post('/login')).json()
  await phone.post('/login/scan', { token })
  await phone.post('/login/confirm', { token })
  log.news()
  const elsewhere = createInjectClient(another.app)
  for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value)
  return {
    close: () => Promise.all([app.close(), another.app.close()]),
    browser,
    /** At another instance. */
    elsewhere,
    phone,
    token,
    time,
    log,
    interrupt(happens: () => Promise<unknown>) {
      interruption = happens
    },
  }
}

test.each<[string, Parameters<typeof beforeTheLastStep>[0]]>([
  ['is given up', ({ elsewhere, token }) => elsewhere.delete(`/login/${token}`)],
  [
    'has had its time',
    async ({ time }) => {
      time.now += COLLECT_SECONDS * 1000
    },
  ],
])(
  'T19 where records are written one by one, a login that %s between its session and its own end leaves none',
  async (_what, happens) => {
    const { reply, kinds, told } = await beforeTheLastStep(happens)
    expect([reply.json(), reply.cookies]).toEqual([{ status: 'expired' }, []])
    expect(kinds).toEqual(['phone'])
    expect(told).not.toContain('login.collected')
  },
)
