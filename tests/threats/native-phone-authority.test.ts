import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { onEveryStore, type Stage } from '../support/every-store.ts'
import { startLogin } from '../support/login-flow.ts'
import { AUDIENCE, type IdentityProvider, startIdentityProvider, type TokenChanges } from './identity-provider.ts'
import { asNative, expectToSignIn } from './native-app.ts'
import { expectProblem } from './seen.ts'

/** T10, by bearer token: a native app is believed as far as the team's identity provider vouches for it. */

let provider: IdentityProvider

beforeAll(async () => {
  provider = await startIdentityProvider()
})

afterAll(() => provider.stop())

function inBase64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** A token of its parts, signed by nobody or by whatever `signature` makes of them. */
async function forged(header: object, signature: (input: string) => string = () => ''): Promise<string> {
  const [, payload] = (await provider.sign()).split('.')
  const input = `${inBase64url(header)}.${payload}`
  return `${input}.${signature(input)}`
}

const now = () => Math.floor(Date.now() / 1000)

const BAD_TOKENS: [what: string, make: () => Promise<string>][] = [
  ['alg "none"', () => forged({ alg: 'none', typ: 'at+jwt' })],
  ['alg "None" with a signature', () => forged({ alg: 'None', kid: 'published' }, () => 'AAAA')],
  [
    'alg "none" and the good token`s signature',
    async () => forged({ alg: 'none' }, signatureOf(await provider.sign())),
  ],
  ['no signature', async () => (await provider.sign()).replace(/[^.]*$/, '')],
  ['the published key used as an HMAC secret', () => forged({ alg: 'HS256', kid: 'published' }, hmac)],
  ['a key that is not published', () => provider.sign({ withForeignKey: true })],
  ['an unknown key id', () => provider.sign({ withForeignKey: true, header: { kid: 'mine' } })],
  [
    'a key of its own in its header',
    () => provider.sign({ withForeignKey: true, header: { jwk: { kty: 'EC' }, kid: 'x' } }),
  ],
  [
    'an address of keys of its own',
    () => provider.sign({ withForeignKey: true, header: { jku: 'http://127.0.0.1:1/jwks' } }),
  ],
  ['a changed payload', async () => changed(await provider.sign())],
  ['a wrong audience', () => provider.sign({ claims: { aud: 'another-app' } })],
  ['no audience', () => without('aud')],
  ['an audience that only begins right', () => provider.sign({ claims: { aud: `${AUDIENCE}-admin` } })],
  ['a wrong issuer', () => provider.sign({ claims: { iss: 'https://evil.example' } })],
  ['the issuer with a slash', () => provider.sign({ claims: { iss: `${provider.issuer}/` } })],
  ['no issuer', () => without('iss')],
  ['an end in the past', () => provider.sign({ claims: { exp: now() - 60 } })],
  ['no end', () => without('exp')],
  ['an end that is no number', () => provider.sign({ claims: { exp: '9999999999' as unknown as number } })],
  ['a beginning in the future', () => provider.sign({ claims: { nbf: now() + 300 } })],
  ['no subject', () => without('sub')],
  ['an empty subject', () => provider.sign({ claims: { sub: '' } })],
  ['a subject that is no text', () => provider.sign({ claims: { sub: { id: 'root' } as unknown as string } })],
  ['an unknown critical header', () => provider.sign({ header: { crit: ['x-unknown'], 'x-unknown': 'x' } })],
]

function without(claim: string): Promise<string> {
  return provider.sign({ claims: { [claim]: undefined } } as TokenChanges)
}

function signatureOf(token: string): () => string {
  return () => token.split('.')[2] ?? ''
}

function hmac(input: string): string {
  return createHmac('sha256', provider.publicPem).update(input).digest('base64url')
}

function changed(token: string): string {
  const [header, payload = '', signature] = token.split('.')
  const claims = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'root' }
  return `${header}.${inBase64url(claims)}.${signature}`
}

async function expectNoAuthority(stage: Stage, bearer: string): Promise<void> {
  const [browser, app, phone] = [stage.browser(), stage.browser(), await stage.phone()]
  const [fresh, scanned] = [await startLogin(browser), await startLogin(browser)]
  expect((await phone.post('/login/scan', { token: scanned })).status).toBe(200)
  for (const token of [fresh, scanned]) {
    for (const path of ['/login/scan', '/login/confirm', '/login/deny']) {
      expectProblem(await asNative(app, path, bearer, { token }), 401, 'authentication_required')
    }
    // Even with a good cookie it is refused: a request with a token is judged by the token.
    const headers = { authorization: `Bearer ${bearer}` }
    expectProblem(await phone.post('/login/confirm', { token }, { headers }), 401, 'authentication_required')
  }
  expect((await browser.get(`/login/status/${fresh}`)).json.status).toBe('pending')
  expect((await browser.get(`/login/status/${scanned}`)).json.status).toBe('scanned')
}

function withJwt(): Record<string, string> {
  return {
    POLL_HOLD_SECONDS: '0',
    PHONE_JWT_JWKS_URL: provider.jwksUrl,
    PHONE_JWT_ISSUER: provider.issuer,
    PHONE_JWT_AUDIENCE: AUDIENCE,
  }
}

onEveryStore(withJwt, (stage) => {
  test('T10 a token that the identity provider signed approves, for the person that it names', async () => {
    await expectToSignIn(stage.browser(), await provider.sign(), { id: 'native-1', name: 'Native Person' })
  })

  test.each(BAD_TOKENS)('T10 a JWT with %s is refused, and every login stays as it was', async (_what, make) => {
    await expectNoAuthority(stage, await make())
  })

  test('T10 a token of one person confirms nothing that another person scanned', async () => {
    const [browser, app] = [stage.browser(), stage.browser()]
    const token = await startLogin(browser)
    expect((await asNative(app, '/login/scan', await provider.sign(), { token })).status).toBe(200)
    const other = await provider.sign({ claims: { sub: 'native-2' } })
    expectProblem(await asNative(app, '/login/scan', other, { token }), 409, 'already_scanned')
    expectProblem(await asNative(app, '/login/confirm', other, { token }), 409, 'not_scanned')
    expectProblem(await asNative(app, '/login/deny', other, { token }), 409, 'not_scanned')
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('scanned')
  })

  test("T10 a native app's person who is called as an account here is not that account's phone", async () => {
    const [browser, app, phone] = [stage.browser(), stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    expect((await phone.post('/login/scan', { token })).status).toBe(200)
    const namesake = await provider.sign({ claims: { sub: 'demo' } })
    expectProblem(await asNative(app, '/login/confirm', namesake, { token }), 401, 'authentication_required')
    const { id } = (await phone.get('/session')).json.session
    const phoneId = await provider.sign({ claims: { sub: id } })
    expectProblem(await asNative(app, '/login/confirm', phoneId, { token }), 409, 'not_scanned')
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('scanned')
  })
})

onEveryStore(
  () => ({ POLL_HOLD_SECONDS: '0', PHONE_USERINFO_URL: provider.userinfoUrl }),
  (stage) => {
    test('T10 an opaque token is believed for whom userinfo answers, and no longer than it does', async () => {
      provider.opaque.set('opaque-good', { sub: 'native-3', name: 'Opaque Person', email: 'opaque@example.com' })
      await expectToSignIn(stage.browser(), 'opaque-good', { id: 'native-3', name: 'Opaque Person' })
      provider.opaque.delete('opaque-good')
      await expectNoAuthority(stage, 'opaque-good')
    })

    test.each<[string, unknown]>([
      ['no subject', { name: 'Nobody' }],
      ['an empty subject', { sub: '' }],
      ['a subject that is no text', { sub: 1 }],
      ['a list', [{ sub: 'native-4' }]],
      ['a text', 'native-4'],
      ['nothing', null],
      ['an inactive introspection', { active: false }],
    ])('T10 an opaque token is refused when userinfo answers %s', async (_what, claims) => {
      provider.opaque.set('opaque-odd', claims)
      await expectNoAuthority(stage, 'opaque-odd')
    })

    test('T10 a JWT is no opaque token by itself: alg "none" is asked about, and refused', async () => {
      await expectNoAuthority(stage, await forged({ alg: 'none' }))
    })
  },
)

onEveryStore({ POLL_HOLD_SECONDS: '0', PHONE_USERINFO_URL: 'http://127.0.0.1:9/userinfo' }, (stage) => {
  test('T10 an identity provider that cannot be asked is 503, never an approval', async () => {
    const [browser, app] = [stage.browser(), stage.browser()]
    const token = await startLogin(browser)
    for (const path of ['/login/scan', '/login/confirm', '/login/deny']) {
      const reply = await asNative(app, path, 'opaque', { token })
      expectProblem(reply, 503, 'identity_provider_unavailable')
      expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
    }
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('pending')
  })
})
