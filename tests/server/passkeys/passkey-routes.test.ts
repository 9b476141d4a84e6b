import { beforeEach, describe, expect, test } from '@jest/globals'
import { decodePasskey } from '../../../server/passkeys/passkey.ts'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type InjectClient,
  PUBLIC_URL,
  type TestApp,
} from '../../support/app.ts'
import { type KeptLog, keepLog } from '../../support/audit-lines.ts'
import { DEMO_PASSWORD } from '../../support/service.ts'
import {
  createSoftwareAuthenticator,
  type Lies,
  type SoftwareAuthenticator,
} from '../../support/software-authenticator.ts'

const DAY_MS = 24 * 3_600_000

let testApp: TestApp
let phone: InjectClient
let authenticator: SoftwareAuthenticator
let log: KeptLog

beforeEach(async () => {
  log = keepLog()
  testApp = await createTestApp({}, { logger: log.logger })
  phone = await createInjectPhone(testApp.app)
  authenticator = createSoftwareAuthenticator({ origin: PUBLIC_URL })
})

async function add(lies: Lies = {}, name?: string) {
  const options = (await phone.post('/passkeys/options')).json()
  const attestation = authenticator.make(options, lies)
  return phone.post('/passkeys', { ...(name === undefined ? {} : { name }), attestation })
}

async function signIn(lies: Lies = {}, client = createInjectClient(testApp.app)) {
  const options = (await client.post('/sign-in/passkey/options')).json()
  return client.post('/sign-in/passkey', { assertion: authenticator.use(options, lies) })
}

const refusals = () =>
  log.news().flatMap(({ audit, outcome, reason }) => (outcome === 'failure' ? [[audit, reason]] : []))
/** Bytes that are no CBOR, and CBOR of something else. */
const NOT_CBOR = Array(2).fill(['passkey.refused', 'malformed'])
const listed = async () => (await phone.get('/passkeys')).json().passkeys
const refusal = (reply: { statusCode: number; json(): { code?: string } }) => [reply.statusCode, reply.json().code]

describe('adding', () => {
  test('makes a passkey of this host, found without a name, with user verification and no questions about the device', async () => {
    expect((await phone.post('/passkeys/options')).json()).toEqual({
      rp: { id: 'scanin.test', name: 'ScanIn' },
      user: { id: expect.stringMatching(/^[\w-]{44}$/), name: 'Demo Person', displayName: 'Demo Person' },
      challenge: expect.stringMatching(/^[\w-]{44}$/),
      pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: 'public-key', alg })),
      timeout: 300_000,
      excludeCredentials: [],
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      attestation: 'none',
    })
  })

  test.each(['zero\u200bwidth', ' ', 'a'.repeat(65)])('refuses the name %j before there is one', async (name) => {
    expect(refusal(await phone.post('/passkeys/options', { name }))).toEqual([400, 'invalid_request'])
    expect(refusal(await phone.post('/passkeys/options', { name: 'My phone' }))).toEqual([200, undefined])
  })

  test('lists it under its name, and the device is not asked to make a second one', async () => {
    const added = await add({}, 'My phone')
    expect(added.statusCode).toBe(201)
    const passkey = {
      id: expect.any(String),
      name: 'My phone',
      created_at: '2026-01-01T00:00:00.000Z',
      backed_up: false,
    }
    expect(added.json()).toEqual(passkey)
    expect(await listed()).toEqual([passkey])
    const again = (await phone.post('/passkeys/options')).json()
    expect(again.excludeCredentials).toEqual([
      { type: 'public-key', id: expect.any(String), transports: ['internal', 'hybrid'] },
    ])
    expect((await add()).json().name).toBe('Passkey')
    expect(await listed()).toHaveLength(2)
  })

  test('one without a name is listed by where it was added, for its reader to be told so in their language', async () => {
    expect((await add({}, 'My phone')).json()).not.toHaveProperty('browser')
    expect((await add()).json()).toMatchObject({ browser: { name: 'Unknown browser', os: 'unknown system' } })
    expect(await listed()).toMatchObject([{ name: 'My phone' }, { browser: { name: 'Unknown browser' } }])
  })

  test('what is not as it has to be is refused, nothing is kept, and the log says why', async () => {
    const lies: [why: string, lies: Lies][] = [
      ['no_user_verification', { userVerified: false }],
      ['no_user_verification', { userPresent: false }],
      ['origin', { origin: 'http://scanin.test:8080' }],
      ['origin', { crossOrigin: true }],
      ['rp_id', { rpId: 'proxy.test' }],
      ['challenge', { challenge: 'A'.repeat(44) }],
      ['malformed', { type: 'webauthn.get' }],
      // {x5c: [h'00']}: certificates would be judged, and what they name be fetched.
      ['attestation', { statement: { format: 'packed', cbor: Buffer.from('a163783563814100', 'hex') } }],
      ['attestation', { statement: { format: 'android-safetynet', cbor: Buffer.of(0xa0) } }],
      ['signature', { statement: { format: 'none', cbor: Buffer.from('a1616101', 'hex') } }],
    ]
    for (const [, told] of lies) expect(refusal(await add(told))).toEqual([422, 'passkey_refused'])
    for (const attestationObject of ['aGVsbG8', 'oA']) {
      const made = authenticator.make((await phone.post('/passkeys/options')).json())
      const attestation = { ...made, response: { ...made.response, attestationObject } }
      expect(refusal(await phone.post('/passkeys', { attestation }))).toEqual([422, 'passkey_refused'])
    }
    expect(await listed()).toEqual([])
    expect(refusals()).toEqual([...lies.map(([why]) => ['passkey.refused', why]), ...NOT_CBOR])
  })

  test('a challenge is good once, for the phone that asked for it, and for five minutes', async () => {
    const other = await createInjectPhone(testApp.app)
    const options = (await phone.post('/passkeys/options')).json()
    const attestation = authenticator.make(options)
    expect(refusal(await other.post('/passkeys', { attestation }))).toEqual([422, 'passkey_refused'])
    expect((await phone.post('/passkeys', { attestation })).statusCode).toBe(201)
    expect(refusal(await phone.post('/passkeys', { attestation }))).toEqual([422, 'passkey_refused'])
    expect(refusals()).toEqual(Array(2).fill(['passkey.refused', 'challenge']))
    testApp.time.now += 299_000
    const late = (await phone.post('/passkeys/options')).json()
    testApp.time.now += 300_000
    const again = await createInjectPhone(testApp.app)
    expect(refusal(await again.post('/passkeys', { attestation: authenticator.make(late) }))).toEqual([
      422,
      'passkey_refused',
    ])
    expect(await listed()).toHaveLength(1)
  })

  test('takes a phone that has signed in within five minutes; so does removing', async () => {
    const { id } = (await add()).json()
    testApp.time.now += 300_001
    expect(refusal(await phone.post('/passkeys/options'))).toEqual([403, 'recent_sign_in_required'])
    expect(refusal(await phone.delete(`/passkeys/${id}`))).toEqual([403, 'recent_sign_in_required'])
    expect(await listed()).toHaveLength(1)
    phone = await createInjectPhone(testApp.app)
    expect((await phone.delete(`/passkeys/${id}`)).statusCode).toBe(204)
    expect(await listed()).toEqual([])
    expect(refusal(await phone.delete(`/passkeys/${id}`))).toEqual([404, 'not_found'])
  })

  test('takes a phone: neither a stranger nor a browser that a phone signed in may', async () => {
    const browser = createInjectClient(testApp.app)
    expect(refusal(await browser.post('/passkeys/options'))).toEqual([401, 'authentication_required'])
    expect(refusal(await browser.get('/passkeys'))).toEqual([401, 'authentication_required'])
    const { token } = (await browser.post('/login')).json()
    await phone.post('/login/scan', { token })
    await phone.post('/login/confirm', { token })
    await browser.get(`/login/status/${token}`)
    expect((await browser.get('/session')).statusCode).toBe(200)
    expect(refusal(await browser.post('/passkeys/options'))).toEqual([401, 'authentication_required'])
  })

  test('goes on for five minutes from when it was begun, however long before somebody had begun to', async () => {
    await phone.post('/passkeys/options')
    testApp.time.now += 3_600_000 - 10_000
    phone = await createInjectPhone(testApp.app)
    const options = (await phone.post('/passkeys/options')).json()
    testApp.time.now += 15_000
    expect((await phone.post('/passkeys', { attestation: authenticator.make(options) })).statusCode).toBe(201)
  })

  test('ends at twenty', async () => {
    for (let count = 0; count < 20; count++) expect((await add()).statusCode).toBe(201)
    expect(refusal(await add())).toEqual([409, 'too_many_passkeys'])
    const [oldest] = await listed()
    await phone.delete(`/passkeys/${oldest.id}`)
    expect((await add()).statusCode).toBe(201)
    expect(await listed()).toHaveLength(20)
  })

  test('a name is one that people can read', async () => {
    for (const name of ['', 'a\nb', '\u202ephone', 'x'.repeat(65)])
      expect(refusal(await add({}, name))).toEqual([400, 'invalid_request'])
  })
})

describe('signing in', () => {
  test('asks for any passkey of this host, and names nobody', async () => {
    const reply = await createInjectClient(testApp.app).post('/sign-in/passkey/options')
    expect(reply.json()).toEqual({
      rpId: 'scanin.test',
      challenge: expect.stringMatching(/^[\w-]{44}$/),
      timeout: 300_000,
      userVerification: 'required',
      allowCredentials: [],
    })
  })

  test("opens a phone's session, as whom the passkey is, and says when it was used", async () => {
    await add()
    testApp.time.now += DAY_MS
    const client = createInjectClient(testApp.app)
    const reply = await signIn({}, client)
    expect([reply.statusCode, reply.json()]).toEqual([200, { user: { id: 'demo', name: 'Demo Person' } }])
    expect((await client.get('/session')).json()).toMatchObject({ user: { id: 'demo' }, session: { kind: 'phone' } })
    expect((await listed())[0].last_used_at).toBe('2026-01-02T00:00:00.000Z')
    // Signed in just now, by a passkey as by a password.
    expect((await client.post('/passkeys/options')).statusCode).toBe(200)
  })

  test.each([
    [false, 'hwk'],
    [true, 'swk'],
  ])('by a passkey that is synchronised (%s) says so of the session', async (isSynced, key) => {
    authenticator = createSoftwareAuthenticator({ origin: PUBLIC_URL, isSynced })
    expect((await add()).json().backed_up).toBe(isSynced)
    const client = createInjectClient(testApp.app)
    await signIn({}, client)
    const { id } = (await client.get('/session')).json().session
    expect((await testApp.store.read(`session:${id}`))?.value).toMatchObject({ amr: [key, 'user', 'mfa'] })
  })

  test('what is not as it has to be is refused, as what nobody has, and the log says why', async () => {
    await add()
    const lies: [why: string, lies: Lies][] = [
      ['no_user_verification', { userVerified: false }],
      ['no_user_verification', { userPresent: false }],
      ['origin', { origin: 'https://scanin.test' }],
      ['origin', { topOrigin: 'https://evil.test' }],
      ['rp_id', { rpId: 'proxy.test' }],
      ['challenge', { challenge: 'A'.repeat(44) }],
      ['malformed', { type: 'webauthn.create' }],
      ['signature', { isSignatureWrong: true }],
      ['unknown', { userHandle: 'A'.repeat(44) }],
      ['malformed', { userHandle: null }],
      ['malformed', { userHandle: '' }],
    ]
    const client = createInjectClient(testApp.app)
    const stranger = createSoftwareAuthenticator({ origin: PUBLIC_URL })
    stranger.make({ rp: { id: 'scanin.test' }, user: { id: 'A'.repeat(44) }, challenge: 'x' })
    const options = (await client.post('/sign-in/passkey/options')).json()
    const unknown = await client.post('/sign-in/passkey', { assertion: stranger.use(options) })
    expect(refusal(unknown)).toEqual([401, 'invalid_credentials'])
    for (const [, told] of lies) {
      const reply = await signIn(told, client)
      expect([reply.statusCode, reply.body]).toEqual([401, unknown.body])
    }
    expect(client.cookies.size).toBe(0)
    expect(refusals()).toEqual(['unknown', ...lies.map(([why]) => why)].map((why) => ['sign_in.failed', why]))
    expect((await signIn()).statusCode).toBe(200)
  })

  test('an assertion is good once, and a challenge for signing in alone', async () => {
    // It counts nothing: by its counter a second use is like the first.
    authenticator = createSoftwareAuthenticator({ origin: PUBLIC_URL, isSynced: true })
    await add()
    const client = createInjectClient(testApp.app)
    const assertion = authenticator.use((await client.post('/sign-in/passkey/options')).json())
    const replies = await Promise.all(Array.from({ length: 8 }, () => client.post('/sign-in/passkey', { assertion })))
    expect(replies.map(({ statusCode }) => statusCode).sort()).toEqual([200, ...Array(7).fill(401)])
    const { challenge } = (await phone.post('/passkeys/options')).json()
    expect(refusal(await signIn({ challenge }))).toEqual([401, 'invalid_credentials'])
  })

  test('a passkey that counts on from elsewhere is one of two, and refused until the count goes on', async () => {
    await add()
    expect((await signIn({ counter: 7 })).statusCode).toBe(200)
    expect(refusal(await signIn({ counter: 7 }))).toEqual([401, 'invalid_credentials'])
    expect(refusal(await signIn({ counter: 3 }))).toEqual([401, 'invalid_credentials'])
    expect(refusal(await signIn({ counter: 0 }))).toEqual([401, 'invalid_credentials'])
    expect(log.news().filter(({ reason }) => reason === 'cloned_counter')).toHaveLength(3)
    expect((await signIn({ counter: 8 })).statusCode).toBe(200)
  })

  test('a passkey that comes to say that it can be synchronised is taken, and is no key of one device from then on', async () => {
    await add()
    for (const [counter, isSynced, key] of [
      [5, false, 'hwk'],
      [6, true, 'swk'],
      [7, false, 'swk'],
    ] as const) {
      const client = createInjectClient(testApp.app)
      expect((await signIn({ counter, isSynced }, client)).statusCode).toBe(200)
      const { id } = (await client.get('/session')).json().session
      expect((await testApp.store.read(`session:${id}`))?.value).toMatchObject({ amr: [key, 'user', 'mfa'] })
    }
  })

  test('a passkey that was removed opens nothing', async () => {
    const { id } = (await add()).json()
    expect((await signIn()).statusCode).toBe(200)
    await phone.delete(`/passkeys/${id}`)
    expect(refusal(await signIn())).toEqual([401, 'invalid_credentials'])
  })

  test('unused for 400 days it is forgotten, and a use lets them begin anew', async () => {
    await add()
    testApp.time.now += 399 * DAY_MS
    expect((await signIn()).statusCode).toBe(200)
    testApp.time.now += 399 * DAY_MS
    const client = createInjectClient(testApp.app)
    expect((await signIn({}, client)).statusCode).toBe(200)
    expect((await client.get('/passkeys')).json().passkeys).toHaveLength(1)
    testApp.time.now += 400 * DAY_MS
    expect(refusal(await signIn())).toEqual([401, 'invalid_credentials'])
    phone = await createInjectPhone(testApp.app)
    expect(await listed()).toEqual([])
  })

  test('wrong ones from one address are slowed, and right ones are taken all the same', async () => {
    testApp = await createTestApp({ RATE_SIGN_INS_PER_MINUTE: '3' })
    phone = await createInjectPhone(testApp.app)
    await add()
    const codes = []
    for (let tries = 0; tries < 5; tries++) codes.push((await signIn({ isSignatureWrong: true })).json().code)
    expect(codes).toEqual([...Array(3).fill('invalid_credentials'), 'slow_down', 'slow_down'])
    expect((await signIn()).statusCode).toBe(200)
  })

  test('challenges are counted by address', async () => {
    testApp = await createTestApp({ RATE_LOGINS_PER_MINUTE: '2' })
    const client = createInjectClient(testApp.app)
    const replies = []
    for (let tries = 0; tries < 3; tries++) replies.push(await client.post('/sign-in/passkey/options'))
    expect(replies.map(({ statusCode }) => statusCode)).toEqual([200, 200, 429])
  })
})

test('T17 a phone has thirty challenges a minute, whatever for, and others of its person have theirs', async () => {
  await add()
  const { token } = (await createInjectClient(testApp.app).post('/login')).json()
  await phone.post('/login/scan', { token })
  const toAdd = () => phone.post('/passkeys/options')
  const toConfirm = () => phone.post('/login/confirm/options', { token })
  const replies = []
  // The first of them was for the passkey.
  for (let given = 1; given < 30; given++) replies.push(await (given % 2 === 0 ? toAdd : toConfirm)())
  expect(replies.map(({ statusCode }) => statusCode)).toEqual(Array(29).fill(200))
  for (const ask of [toAdd, toConfirm]) expect(refusal(await ask())).toEqual([429, 'slow_down'])
  expect((await (await createInjectPhone(testApp.app)).post('/passkeys/options')).statusCode).toBe(200)
})

test("with another public URL passkeys of the one before are nobody's", async () => {
  await add()
  const { store, time } = testApp
  const moved = await createTestApp({ PUBLIC_URL: 'http://elsewhere.test' }, { store }, time)
  const headers = { origin: 'http://elsewhere.test' }
  const there = createInjectClient(moved.app)
  await there.post('/sign-in', { username: 'demo', password: 'correct horse battery staple' }, { headers })
  expect((await there.get('/passkeys')).json().passkeys).toEqual([])
  expect(await listed()).toHaveLength(1)
})

test('passkeys come back with their host, also of who has added others meanwhile; where there is no room, the oldest make way', async () => {
  const mine = (await add({}, 'Mine')).json()
  const { store, time } = testApp
  const origin = 'http://elsewhere.test'
  const moved = await createTestApp({ PUBLIC_URL: origin }, { store, logger: log.logger }, time)
  const headers = { headers: { origin } }
  const there = createInjectClient(moved.app)
  await there.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD }, headers)
  const elsewhere = createSoftwareAuthenticator({ origin })
  const addThere = async () => {
    const options = (await there.post('/passkeys/options', {}, headers)).json()
    return there.post('/passkeys', { attestation: elsewhere.make(options) }, headers)
  }
  expect((await addThere()).statusCode).toBe(201)
  expect(await listed()).toEqual([mine])
  expect((await signIn()).statusCode).toBe(200)

  const removed = () => log.news().filter(({ audit }) => audit === 'passkey.removed').length
  for (let count = 0; count < 18; count++) expect((await addThere()).statusCode).toBe(201)
  expect([(await listed()).length, removed()]).toEqual([1, 0])
  expect((await addThere()).statusCode).toBe(201)
  expect([(await listed()).length, removed()]).toEqual([0, 1])
  const addHere = async () => (await add()).statusCode
  expect(await Promise.all([addHere(), addHere(), addHere()])).toEqual([201, 201, 201])
  expect([(await listed()).length, removed()]).toEqual([3, 3])
  await Promise.all((await listed()).map(({ id }: { id: string }) => phone.delete(`/passkeys/${id}`)))
  for (let count = 0; count < 3; count++) expect((await addThere()).statusCode).toBe(201)
  expect(refusal(await addThere())).toEqual([409, 'too_many_passkeys'])
  await moved.app.close()
})

test('what is kept of a passkey is what WebAuthn names, and no secret', async () => {
  authenticator = createSoftwareAuthenticator({ origin: PUBLIC_URL, isSynced: true })
  const { id } = (await add({}, 'Mine')).json()
  expect(decodePasskey((await testApp.store.read(`passkey:${id}`))?.value)).toEqual({
    owner: { id: 'demo', name: 'Demo Person', credential: expect.any(String) },
    rpId: 'scanin.test',
    handle: expect.stringMatching(/^[\w-]{44}$/),
    credentialId: expect.any(String),
    publicKey: expect.any(String),
    counter: 0,
    transports: ['internal', 'hybrid'],
    canBeBackedUp: true,
    isBackedUp: true,
    name: 'Mine',
    createdAt: testApp.time.now,
  })
})
