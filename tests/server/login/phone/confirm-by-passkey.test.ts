import { describe, expect, test } from '@jest/globals'
import { decodeSession } from '../../../../server/session/session.ts'
import {
  createInjectClient,
  createInjectPhone,
  createTestPeople,
  type InjectClient,
  type TestApp,
  type TestParts,
} from '../../../support/app.ts'
import { type KeptLog, keepLog } from '../../../support/audit-lines.ts'
import {
  createSoftwareAuthenticator,
  type Lies,
  type SoftwareAuthenticator,
} from '../../../support/software-authenticator.ts'

const HERE = 'http://localhost'

let testApp: TestApp
let browser: InjectClient
let phone: InjectClient
let authenticator: SoftwareAuthenticator
let log: KeptLog

async function begin(env: Record<string, string> = {}, parts: TestParts = {}): Promise<void> {
  log = keepLog()
  ;({ testApp, browser, phone } = await createTestPeople(
    { PUBLIC_URL: HERE, ALLOWED_ORIGINS: 'http://scanin.test', MATCH: 'never', ...env },
    { logger: log.logger, ...parts },
  ))
  authenticator = createSoftwareAuthenticator({ origin: new URL(env['PUBLIC_URL'] ?? HERE).origin })
}

async function addPasskey(by = phone, where = authenticator): Promise<void> {
  const attestation = where.make((await by.post('/passkeys/options')).json())
  const reply = await by.post('/passkeys', { attestation })
  expect(reply.statusCode).toBe(201)
}

async function scanned(by = phone, of = browser): Promise<string> {
  const { token } = (await of.post('/login')).json()
  expect((await by.post('/login/scan', { token })).statusCode).toBe(200)
  return token
}

const optionsFor = async (token: string, by = phone) => (await by.post('/login/confirm/options', { token })).json()
const confirmed = (token: string, assertion?: object, by = phone) =>
  by.post('/login/confirm', { token, ...(assertion === undefined ? {} : { assertion }) })
const confirmAs = async (token: string, lies: Lies = {}) =>
  confirmed(token, authenticator.use(await optionsFor(token), lies))
const statusOf = async (token: string, of = browser) => (await of.get(`/login/status/${token}`)).json().status
const refusal = (reply: { statusCode: number; json(): { code?: string } }) => [reply.statusCode, reply.json().code]
const REFUSED = [403, 'passkey_required']

describe('what is asked for', () => {
  test.each([
    ['auto', HERE, 'no', undefined],
    ['auto', HERE, 'a', 'passkey'],
    ['auto', 'https://scanin.test', 'a', 'passkey'],
    ['auto', 'http://scanin.test', 'a', undefined],
    ['tap', HERE, 'a', undefined],
    ['passkey', HERE, 'no', 'passkey'],
  ])('CONFIRM=%s at %s, of somebody who has %s passkey: %s', async (CONFIRM, PUBLIC_URL, has, asked) => {
    await begin({ CONFIRM, PUBLIC_URL, COOKIE_SECURE: 'never' })
    if (has === 'a') await addPasskey()
    const { token } = (await browser.post('/login')).json()
    expect((await phone.post('/login/scan', { token })).json().confirm).toBe(asked)
    const reply = await confirmed(token)
    if (asked === undefined) expect(reply.json()).toEqual({ status: 'authenticated' })
    else expect(refusal(reply)).toEqual(REFUSED)
    expect(await statusOf(token)).toBe(asked === undefined ? 'authenticated' : 'scanned')
  })

  test("is an assertion by one of the person's own, for this host, with user verification", async () => {
    await begin()
    await addPasskey()
    const token = await scanned()
    expect(await optionsFor(token)).toEqual({
      rpId: 'localhost',
      challenge: expect.stringMatching(/^[\w-]{44}$/),
      timeout: 300_000,
      userVerification: 'required',
      allowCredentials: [{ type: 'public-key', id: expect.any(String), transports: ['internal', 'hybrid'] }],
    })
    // Whose it has to be is known: an authenticator need not say so.
    expect((await confirmAs(token, { userHandle: null })).json()).toEqual({ status: 'authenticated' })
  })

  test('of who has none and needs one nothing is asked: they are to add one first', async () => {
    await begin({ CONFIRM: 'passkey' })
    const token = await scanned()
    expect(refusal(await phone.post('/login/confirm/options', { token }))).toEqual(REFUSED)
    await addPasskey()
    expect((await confirmAs(token)).json()).toEqual({ status: 'authenticated' })
  })

  test('only of the phone that has scanned', async () => {
    await begin()
    await addPasskey()
    const { token } = (await browser.post('/login')).json()
    const unknown = `${'x'.repeat(16)}.${'y'.repeat(22)}`
    for (const path of ['/login/confirm/options', '/login/confirm']) {
      expect(refusal(await phone.post(path, { token }))).toEqual([409, 'not_scanned'])
      expect(refusal(await phone.post(path, { token: unknown }))).toEqual([404, 'expired_token'])
      expect(refusal(await createInjectClient(testApp.app).post(path, { token }))).toEqual([
        401,
        'authentication_required',
      ])
    }
  })
})

describe('confirming by a passkey', () => {
  test.each(['never', 'always'])('signs the browser in, which knows by what, with MATCH=%s', async (MATCH) => {
    await begin({ MATCH })
    await addPasskey()
    const token = await scanned()
    const { match_code } = (await confirmAs(token)).json()
    await (match_code === undefined ? statusOf(token) : browser.post('/login/match', { token, match_code }))
    const { id } = (await browser.get('/session')).json().session
    const session = decodeSession((await testApp.store.read(`session:${id}`))?.value)
    expect(session).toMatchObject({ amr: ['pwd', 'hwk', 'user', 'mfa'], confirm: 'passkey' })
    expect(log.news()).toContainEqual(expect.objectContaining({ audit: 'login.confirmed', method: 'passkey' }))
  })

  test('what is not as it has to be approves nothing, and the log says why', async () => {
    await begin()
    await addPasskey()
    const token = await scanned()
    const lies: [why: string, lies: Lies][] = [
      ['no_user_verification', { userVerified: false }],
      ['origin', { origin: 'http://localhost:8080' }],
      ['rp_id', { rpId: 'proxy.test' }],
      ['challenge', { challenge: 'A'.repeat(44) }],
      ['signature', { isSignatureWrong: true }],
      ['cloned_counter', { counter: 0 }],
    ]
    expect((await confirmAs(await scanned(), { counter: 9 })).statusCode).toBe(200)
    log.news()
    for (const [, told] of lies) expect(refusal(await confirmAs(token, { counter: 10, ...told }))).toEqual(REFUSED)
    expect(refusal(await confirmed(token))).toEqual(REFUSED)
    expect(await statusOf(token)).toBe('scanned')
    const said = { audit: 'passkey.refused', outcome: 'failure', person: 'demo', login: token.slice(0, 16) }
    expect(log.news()).toEqual(
      [...lies.map(([why]) => why), 'missing'].map((reason) => expect.objectContaining({ ...said, reason })),
    )
    expect((await confirmAs(token, { counter: 10 })).statusCode).toBe(200)
  })

  test('an assertion for another login, phone or step, or a replayed one, is none', async () => {
    await begin()
    await addPasskey()
    const other = await createInjectPhone(testApp.app)
    const [token, second, theirs] = [await scanned(), await scanned(), await scanned(other)]
    const forSecond = authenticator.use(await optionsFor(second))
    expect(refusal(await confirmed(token, forSecond))).toEqual(REFUSED)
    expect(refusal(await confirmed(token, authenticator.use(await optionsFor(theirs, other))))).toEqual(REFUSED)
    const toSignIn = (await createInjectClient(testApp.app).post('/sign-in/passkey/options')).json()
    expect(refusal(await confirmed(token, authenticator.use(toSignIn)))).toEqual(REFUSED)
    // Looked at for another login, it is still good for its own, once.
    expect((await confirmed(second, forSecond)).json()).toEqual({ status: 'authenticated' })
    expect(refusal(await confirmed(token, forSecond))).toEqual(REFUSED)
    expect(await statusOf(token)).toBe('scanned')
  })

  test('another phone of the person that takes the login over has to confirm it itself', async () => {
    await begin()
    await addPasskey()
    const token = await scanned()
    const assertion = authenticator.use(await optionsFor(token))
    const other = await createInjectPhone(testApp.app)
    await other.post('/login/scan', { token })
    expect(refusal(await confirmed(token, assertion, other))).toEqual(REFUSED)
    expect(refusal(await confirmed(token, assertion))).toEqual([409, 'not_scanned'])
    expect(await statusOf(token)).toBe('scanned')
  })

  test("another person's passkey is none", async () => {
    await begin(
      {},
      { verifyPassword: async (username) => ({ id: username, name: username }), currentPerson: (user) => user },
    )
    await addPasskey()
    const ann = await createInjectPhone(testApp.app, 'ann')
    const hers = createSoftwareAuthenticator({ origin: HERE })
    await addPasskey(ann, hers)
    const token = await scanned()
    expect(refusal(await confirmed(token, hers.use(await optionsFor(token))))).toEqual(REFUSED)
    expect(await statusOf(token)).toBe('scanned')
  })

  test('said twice, as when a reply was lost, it is once, and a lost one may be tried anew', async () => {
    await begin()
    await addPasskey()
    const token = await scanned()
    const assertion = authenticator.use(await optionsFor(token))
    const replies = [await confirmed(token, assertion), await confirmed(token, assertion), await confirmed(token)]
    expect(replies.map((reply) => reply.json())).toEqual(Array(3).fill({ status: 'authenticated' }))
    const withDigits = await scanned()
    expect((await confirmAs(withDigits)).statusCode).toBe(200)
  })
})

test('a native app has no passkey here: with CONFIRM=passkey it approves nothing, and else it taps', async () => {
  const user = { id: 'ann', name: 'Ann', source: 'jwt' } as const
  const parts: TestParts = { bearerVerifiers: [async () => ({ kind: 'person', user })] }
  const headers = { authorization: 'Bearer of-ann' }
  for (const [CONFIRM, status] of [
    ['passkey', 403],
    ['auto', 200],
  ] as const) {
    await begin({ CONFIRM }, parts)
    const app = createInjectClient(testApp.app)
    const { token } = (await browser.post('/login')).json()
    await app.post('/login/scan', { token }, { headers })
    expect((await app.post('/login/confirm', { token }, { headers })).statusCode).toBe(status)
    expect((await app.post('/login/confirm/options', { token }, { headers })).statusCode).toBe(403)
  }
})
