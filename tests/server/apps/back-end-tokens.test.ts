import { beforeAll, describe, expect, test } from '@jest/globals'
import { createLocalJWKSet, decodeJwt, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose'
import { createAccounts, demoAccount } from '../../../server/identity/accounts.ts'
import { subjectOf } from '../../../server/identity/person-key.ts'
import { createKeySet, makeKey } from '../../../server/keys/key-set.ts'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type InjectClient,
  PUBLIC_URL,
  type TestApp,
} from '../../support/app.ts'
import { DEMO_PASSWORD } from '../../support/service.ts'

const ORDERS = 'https://orders.example.com'
const STOCK = 'stock'
const env = { TOKEN_AUDIENCES: `${ORDERS}, ${STOCK}` }

let testApp: TestApp
let phone: InjectClient

beforeAll(async () => {
  testApp = await createTestApp(env)
  phone = await createInjectPhone(testApp.app)
})

const tokenOf = async (client: InjectClient, body?: object): Promise<string> => {
  const reply = await client.post('/session/token', body)
  expect(reply.statusCode).toBe(200)
  return reply.json().access_token
}

/** As a back end does it. */
async function verify(token: string, options: JWTVerifyOptions = {}): Promise<JWTPayload> {
  const keys = createLocalJWKSet((await createInjectClient(testApp.app).get('/.well-known/jwks.json')).json())
  const checks = {
    issuer: PUBLIC_URL,
    audience: ORDERS,
    typ: 'at+jwt',
    algorithms: ['EdDSA'],
    currentDate: new Date(testApp.time.now),
  }
  return (await jwtVerify(token, keys, { ...checks, ...options })).payload
}

/** A browser that the phone has just signed in. */
async function signedInBrowser(): Promise<InjectClient> {
  const browser = createInjectClient(testApp.app)
  const { token } = (await browser.post('/login')).json()
  await phone.post('/login/scan', { token })
  await phone.post('/login/confirm', { token })
  await browser.get(`/login/status/${token}`)
  return browser
}

describe('a token for a back end', () => {
  test('is a JWT of five minutes about the person and the session', async () => {
    testApp.time.now += 12_000
    const beganAt = testApp.time.now / 1000
    const browser = await signedInBrowser()
    testApp.time.now += 30_500
    const reply = await browser.post('/session/token')
    expect(reply.json()).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 300 })
    expect(reply.headers['cache-control']).toContain('no-store')
    const { session } = (await browser.get('/session')).json()
    expect(await verify(reply.json().access_token)).toEqual({
      iss: PUBLIC_URL,
      sub: 'demo',
      aud: ORDERS,
      client_id: PUBLIC_URL,
      iat: beganAt + 30,
      exp: beganAt + 330,
      auth_time: beganAt,
      jti: expect.stringMatching(/^[\w-]{22}$/),
      sid: session.id,
    })
  })

  test('is for the back end that is named, of those that there are', async () => {
    expect(decodeJwt(await tokenOf(phone, { audience: STOCK })).aud).toBe(STOCK)
    expect(decodeJwt(await tokenOf(phone, {})).aud).toBe(ORDERS)
    for (const body of [{ audience: 'https://evil.test' }, { audience: '' }, { audience: [ORDERS] }, { aud: STOCK }]) {
      const reply = await phone.post('/session/token', body)
      expect([body, reply.statusCode, reply.json().code]).toEqual([body, 400, 'invalid_request'])
    }
  })

  test('is over after five minutes, and with its session before', async () => {
    const token = await tokenOf(phone)
    testApp.time.now += 299_000
    await verify(token)
    testApp.time.now += 1000
    await expect(verify(token)).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' })
    const short = await createTestApp({ ...env, REMEMBER_SECONDS: '400' })
    const passing = await createInjectPhone(short.app)
    short.time.now += 150_000
    expect((await passing.post('/session/token')).json().expires_in).toBe(250)
  })

  test('is each time another one', async () => {
    const [one, other] = [decodeJwt(await tokenOf(phone)), decodeJwt(await tokenOf(phone))]
    expect(one.jti).not.toBe(other.jti)
  })

  test('tells of the groups that the person is in now', async () => {
    const demo = await demoAccount(DEMO_PASSWORD)
    const accounts = createAccounts([{ ...demo, user: { ...demo.user, groups: ['admins', 'a,b'] } }])
    const { app } = await createTestApp(env, { accounts })
    expect(decodeJwt(await tokenOf(await createInjectPhone(app)))['groups']).toEqual(['admins', 'a,b'])
  })

  test.each([
    ['who is not signed in', {}, 401],
    ['a page of another origin', { origin: 'https://evil.test' }, 403],
    ['a neighbouring site', { origin: 'http://evil.scanin.test', 'sec-fetch-site': 'same-site' }, 403],
    ['who shows a bearer token beside the cookie', { authorization: 'Bearer anything' }, 401],
  ])('is not for %s', async (_who, headers, status) => {
    const client = status === 401 && !('authorization' in headers) ? createInjectClient(testApp.app) : phone
    const reply = await client.post('/session/token', undefined, { headers })
    expect(reply.statusCode).toBe(status)
    expect(reply.body).not.toContain('access_token')
  })

  test('is not for a session that has been revoked', async () => {
    const browser = await signedInBrowser()
    await tokenOf(browser)
    await phone.delete('/sessions')
    expect((await browser.post('/session/token')).statusCode).toBe(401)
  })

  test('opens nothing here', async () => {
    const token = await tokenOf(phone)
    const headers = { authorization: `Bearer ${token}` }
    const stranger = createInjectClient(testApp.app)
    for (const path of ['/session', '/sessions', '/auth/verify']) {
      expect((await stranger.get(path, { headers })).statusCode).toBe(401)
    }
    stranger.cookies.set('scanin_session', token)
    expect((await stranger.get('/session')).statusCode).toBe(401)
  })
})

describe('the published keys', () => {
  test('may be kept for a while, and no private part is among them', async () => {
    const reply = await createInjectClient(testApp.app).get('/.well-known/jwks.json')
    expect(reply.headers).toMatchObject({
      'cache-control': 'public, max-age=300',
      'content-type': expect.stringContaining('application/json'),
    })
    expect(reply.json()).toEqual({
      keys: [
        {
          kty: 'OKP',
          crv: 'Ed25519',
          x: expect.stringMatching(/^[\w-]{43}$/),
          kid: expect.stringMatching(/^[\w-]{43}$/),
          alg: 'EdDSA',
          use: 'sig',
        },
      ],
    })
  })

  test('and tokens are not served where no back end is named', async () => {
    const { app } = await createTestApp()
    const client = await createInjectPhone(app)
    expect((await client.post('/session/token')).json().code).toBe('not_found')
    expect((await client.get('/.well-known/jwks.json')).statusCode).toBe(404)
  })
})

test('with keys of a file none is in the store', async () => {
  const keys = await createKeySet([await makeKey('EdDSA')], [await makeKey('EdDSA')])
  const signingKeys = { current: async () => keys, close: () => undefined }
  for (const [parts, isThere] of [
    [{}, true],
    [{ signingKeys }, false],
  ] as const) {
    const { app, store } = await createTestApp(env, parts)
    await tokenOf(await createInjectPhone(app))
    expect((await store.read('signing-keys')) !== undefined).toBe(isThere)
  }
})

test('no two people are one to a back end', () => {
  const people = [
    { id: '42' },
    { id: '42', source: 'jwt' },
    { id: '42', source: 'oidc' },
    { id: 'jwt|42' },
    { id: 'account|jwt|42' },
    { id: 'jwt|42', source: 'jwt' },
    { id: 'account|42' },
    { id: 'x|42' },
  ] as const
  const subjects = people.map(subjectOf)
  expect(new Set(subjects).size).toBe(people.length)
  expect(subjects.slice(0, 2)).toEqual(['42', 'jwt|42'])
  expect(subjects.at(-1)).toBe('x|42')
})
