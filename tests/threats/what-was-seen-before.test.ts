import { createHash, createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { onEveryStore } from '../support/every-store.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { approve, signInBrowser, startLogin } from '../support/login-flow.ts'
import { addPasskey, signInByPasskey } from '../support/passkey-steps.ts'
import { DEMO_PASSWORD } from '../support/service.ts'
import { createSoftwareAuthenticator } from '../support/software-authenticator.ts'
import { startTeamProvider, type TeamProvider } from '../support/team-provider.ts'
import { redisDump } from './redis-dump.ts'
import { browserKeyOf, expectExpired, expectProblem, found, keyCookieOf, loginIdOf, sessionSetBy } from './seen.ts'

/**
 * T23: somebody who saw everything before the approval, even the browser key, has nothing that opens the session
 * afterwards. (That they collect nothing either, 10 s later, is in replay-window.test.ts, where the time is waited
 * for.)
 */

/** What one hash can make of texts: HMACs with each as key over each, alone and with the labels that are in use. */
function madeOf(texts: string[]): Set<string> {
  const labelled = texts.flatMap((text) => [text, `scanin session ${text}`])
  const pairs = labelled.flatMap((one) => texts.map((other) => `${one} ${other}`))
  const made = new Set<string>(texts)
  for (const input of [...labelled, ...pairs]) {
    made.add(createHash('sha256').update(input).digest('base64url'))
    for (const key of texts) made.add(createHmac('sha256', key).update(input).digest('base64url'))
  }
  return made
}

/** Whatever in a text could be an id, a hash or a salt. */
function textsIn(text: string): string[] {
  return [...new Set(text.match(/[\w-]{16,}/g))]
}

onEveryStore({ POLL_HOLD_SECONDS: '0' }, (stage) => {
  test('T23 nothing made of the browser key, the login id, the token and every request before is the session', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const first = await startLogin(browser)
    const { token } = (await browser.post('/login', { token: first })).json
    const { user_code } = (await browser.post('/login/user-code', { token })).json
    const key = browserKeyOf(browser, token)
    const cookie = `${keyCookieOf(token)}=${key}`
    const seen = [key, loginIdOf(token), token, token.slice(17), first, user_code, user_code.replace('-', ''), cookie]
    await approve(phone, token)
    const secret = found(sessionSetBy(await browser.get(`/login/status/${token}`)), 'no session')
    // The control: the secret of an earlier version is among what is tried.
    const earlier = createHmac('sha256', key)
      .update(`scanin session ${loginIdOf(token)}`)
      .digest('base64url')
    expect(madeOf(seen)).toContain(earlier)
    expect(madeOf(seen)).not.toContain(secret)
    const attacker = stage.browser()
    for (const guess of [earlier, key, loginIdOf(token)]) {
      const reply = await attacker.get('/session', { cookie: `scanin_session=${guess}` })
      expectProblem(reply, 401, 'authentication_required')
    }
  })

  test('T23 after the first use the browser key collects nothing, and the store has nothing that leads to the session', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    const key = browserKeyOf(browser, token)
    const cookie = `${keyCookieOf(token)}=${key}`
    await approve(phone, token)
    const secret = found(sessionSetBy(await browser.get(`/login/status/${token}`)), 'no session')

    async function madeOfKeyAndStore(): Promise<Set<string>> {
      const record = (await redisDump(stage.redis().url)).find(({ key }) => key.endsWith(`login:${loginIdOf(token)}`))
      const salts = textsIn(record?.value ?? '').map((salt) => `scanin session ${loginIdOf(token)} ${salt}`)
      const made = (by: string) => salts.map((salt) => createHmac('sha256', by).update(salt).digest('base64url'))
      // Without the browser key the store alone leads nowhere at any time.
      for (const other of textsIn(record?.value ?? '')) expect(made(other)).not.toContain(secret)
      return new Set(made(key))
    }

    // The control: while the hand-over repeats, key and store together do lead to it.
    if (stage.kind === 'redis') expect(await madeOfKeyAndStore()).toContain(secret)
    expect((await browser.get('/session')).status).toBe(200)
    if (stage.kind === 'redis') expect(await madeOfKeyAndStore()).not.toContain(secret)
    const attacker = stage.browser()
    expectExpired(await attacker.get(`/login/status/${token}`, { cookie }))
    expectExpired(await attacker.post('/login/match', { token, match_code: '000000' }, { cookie }))
  })

  test('T23 signing in again ends the session that it replaces', async () => {
    const phone = await stage.phone()
    const before = `scanin_session=${phone.cookies.get('scanin_session')}`
    expect((await phone.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })).status).toBe(200)
    expectProblem(await stage.browser().get('/session', { cookie: before }), 401, 'authentication_required')
    expect((await phone.get('/session')).status).toBe(200)
    // A wrong password replaces nothing.
    expect((await phone.post('/sign-in', { username: 'demo', password: 'wrong' })).status).toBe(401)
    expect((await phone.get('/session')).status).toBe(200)
  })

  test('T23 a login by QR ends the session that it replaces in that browser, and not the new one when it repeats', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    await signInBrowser(browser, phone)
    const before = `scanin_session=${browser.cookies.get('scanin_session')}`
    const token = await startLogin(browser)
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('pending')
    expect((await stage.browser().get('/session', { cookie: before })).status).toBe(200)
    await approve(phone, token)
    const key = `${keyCookieOf(token)}=${browserKeyOf(browser, token)}`
    const secret = sessionSetBy(await browser.get(`/login/status/${token}`))
    expectProblem(await stage.browser().get('/session', { cookie: before }), 401, 'authentication_required')
    for (const session of [before, `scanin_session=${secret}`, 'scanin_session=nothing']) {
      const again = await stage.browser().get(`/login/status/${token}`, { cookie: `${key}; ${session}` })
      expect(sessionSetBy(again)).toBe(secret)
    }
    expect((await browser.get('/session')).status).toBe(200)
    expect((await phone.get('/session')).status).toBe(200)
  })

  test('T23 a poll that collects nothing ends no session, whatever cookie it carries', async () => {
    const [browser, phone, stranger] = [stage.browser(), await stage.phone(), stage.browser()]
    const token = await startLogin(browser)
    await approve(phone, token)
    const victim = await stage.phone()
    const session = `scanin_session=${victim.cookies.get('scanin_session')}`
    expectExpired(await stranger.get(`/login/status/${token}`, { cookie: session }))
    expectExpired(
      await stranger.get(`/login/status/${token}`, { cookie: `${session}; ${keyCookieOf(token)}=${'x'.repeat(43)}` }),
    )
    expect((await victim.get('/session')).status).toBe(200)
  })
})

onEveryStore({ POLL_HOLD_SECONDS: '0', MAX_SESSIONS: '3' }, (stage) => {
  test("T23 of too many sessions of one person the oldest browser's makes way, and no phone's", async () => {
    const phone = await stage.phone()
    const browsers = Array.from({ length: 4 }, () => createClient(stage.service().url))
    for (const browser of browsers) await signInBrowser(browser, phone)
    const replies = await Promise.all([phone, ...browsers].map((client) => client.get('/session')))
    expect(replies.map(({ status }) => status)).toEqual([200, 401, 401, 200, 200])
  })
})

/** Passkeys want a name. */
const SITE = 'http://scanin.test'

let team: TeamProvider
beforeAll(async () => {
  team = await startTeamProvider({ publicUrl: SITE })
  team.people.set('u-1', { name: 'Ada Lovelace' })
})
afterAll(() => team.stop())

async function signInAtProvider(client: Client): Promise<number> {
  const begun = await client.get('/sign-in/oidc?return_to=/scan')
  const { pathname, search } = await team.visit(String(begun.headers.location), 'u-1')
  return (await client.get(pathname + search)).status
}

/** What signs a phone in again, each made ready while it is signed in. */
const WAYS: [string, (phone: Client) => Promise<() => Promise<void>>][] = [
  [
    'a passkey',
    async (phone) => {
      const authenticator = createSoftwareAuthenticator({ origin: SITE })
      await addPasskey(phone, authenticator)
      return async () => expect((await signInByPasskey(phone, authenticator)).status).toBe(200)
    },
  ],
  ["the team's provider", async (phone) => async () => expect(await signInAtProvider(phone)).toBe(302)],
]

onEveryStore(
  () => ({ PUBLIC_URL: SITE, POLL_HOLD_SECONDS: '0', MATCH: 'never', ...team.env }),
  (stage) => {
    test.each(WAYS)(
      'T23 signing in again by %s ends the session that it replaces, and (T22) what that has approved is denied',
      async (_way, prepare) => {
        const [browser, phone, stranger] = [1, 2, 3].map(() => createClient(stage.service().url, SITE)) as [
          Client,
          Client,
          Client,
        ]
        await phone.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })
        const before = `scanin_session=${phone.cookies.get('scanin_session')}`
        const signInAgain = await prepare(phone)
        const token = await startLogin(browser)
        await approve(phone, token)
        expect((await stranger.get('/session', { cookie: before })).status).toBe(200)
        await signInAgain()
        expectProblem(await stranger.get('/session', { cookie: before }), 401, 'authentication_required')
        expect((await phone.get('/session')).status).toBe(200)
        const reply = await browser.get(`/login/status/${token}`)
        expect([reply.json.status, reply.setCookies]).toEqual(['denied', []])
      },
    )
  },
)
