import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type AccountsFile, phoneOf, writeAccounts, ZOFIA } from '../support/accounts-file.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { signInBrowser, startLogin } from '../support/login-flow.ts'
import { type Service, startService } from '../support/service.ts'
import { AUDIENCE, type IdentityProvider, startIdentityProvider, type TokenChanges } from './identity-provider.ts'
import { asNative, expectToBeRefused, expectToSignIn } from './native-app.ts'
import { expectProblem } from './seen.ts'

/** T29: a token opens nothing unless it is an access token, meant for us, of a person, and no other source's person. */

let provider: IdentityProvider
let accounts: AccountsFile
/** JWTs beside userinfo; a scope needed of JWTs; introspection with an audience, and without one; userinfo alone. */
let services: Record<'userinfo' | 'scoped' | 'introspecting' | 'trusting' | 'asking', Service>

const SCOPE = 'scanin:approve'
const native = { id: 'native-1', name: 'Native Person' }

beforeAll(async () => {
  ;[provider, accounts] = await Promise.all([startIdentityProvider(), writeAccounts([ZOFIA])])
  const jwt = {
    PHONE_JWT_JWKS_URL: provider.jwksUrl,
    PHONE_JWT_ISSUER: provider.issuer,
    PHONE_JWT_AUDIENCE: AUDIENCE,
  }
  const introspection = {
    PHONE_INTROSPECTION_URL: provider.introspectionUrl,
    PHONE_INTROSPECTION_CLIENT_ID: provider.client.id,
    PHONE_INTROSPECTION_CLIENT_SECRET: provider.client.secret,
  }
  const start = (env: Record<string, string>) =>
    startService({ POLL_HOLD_SECONDS: '0', ACCOUNTS_FILE: accounts.path, ...env })
  const [userinfo, scoped, introspecting, trusting, asking] = await Promise.all([
    start({ ...jwt, PHONE_USERINFO_URL: provider.userinfoUrl }),
    start({ ...jwt, PHONE_JWT_SCOPE: SCOPE, ...introspection }),
    start({ PHONE_JWT_AUDIENCE: AUDIENCE, PHONE_JWT_SCOPE: SCOPE, ...introspection }),
    start({ ...introspection, PHONE_USERINFO_URL: provider.userinfoUrl }),
    start({ PHONE_USERINFO_URL: provider.userinfoUrl }),
  ])
  services = { userinfo, scoped, introspecting, trusting, asking }
})

afterAll(async () => {
  await Promise.all(Object.values(services).map((service) => service.stop()))
  await provider.stop()
  accounts.remove()
})

function clientOf(name: keyof typeof services): Client {
  return createClient(services[name].url)
}

function tokenWith(claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> {
  return provider.sign({ claims, header } as TokenChanges)
}

describe('a JWT', () => {
  test.each<[string, Record<string, unknown>]>([
    ['the client as its subject, as RFC 9068 has it', { sub: 'reporting-job', client_id: 'reporting-job' }],
    ['the client as its subject, in azp', { sub: 'reporting-job', azp: 'reporting-job' }],
    ['the client as its subject, as Okta has it', { sub: 'reporting-job', cid: 'reporting-job' }],
    ['a client of Auth0', { sub: 'job@clients', azp: 'job', gty: 'client-credentials' }],
    ['Auth0`s name of the grant', { gty: 'client-credentials' }],
    ['an application of Entra', { idtyp: 'app' }],
    ['an application of Entra that is not named one', { sub: 'object-1', oid: 'object-1', roles: ['Access.All'] }],
    ['a service account of Keycloak', { sub: 'b1f4-77', preferred_username: 'service-account-job', client_id: 'job' }],
    ['a client of authentik', { sub: '5f2c', preferred_username: 'ak-job-client_credentials' }],
  ])("T29 of %s is a machine's, and confirms nothing", async (_what, claims) => {
    await expectToBeRefused(clientOf('userinfo'), await tokenWith(claims))
  })

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['a nonce', { nonce: 'n-0S6' }, { typ: 'JWT' }],
    ['an access token`s hash', { at_hash: '77QmUPtjPfzWtF2AnpK9RQ' }, { typ: 'JWT' }],
    ['a code`s hash and no type', { c_hash: 'LDktKdoQak3Pk0cnXxCltA' }, { typ: undefined }],
    ['Keycloak`s type of ID tokens', { typ: 'ID' }, { typ: 'JWT' }],
    ['Keycloak`s type of refresh tokens', { typ: 'Refresh' }, { typ: 'JWT' }],
    ['Cognito`s use of ID tokens', { token_use: 'id' }, { typ: 'JWT' }],
    ['the events of a logout', { events: {} }, { typ: 'JWT' }],
    ['a header that says logout', {}, { typ: 'logout+jwt' }],
    ['a header that says security event', {}, { typ: 'secevent+jwt' }],
    ['a header whose type is no text', {}, { typ: 7 }],
  ])('T29 with %s is no access token', async (_what, claims, header) => {
    await expectToBeRefused(clientOf('userinfo'), await tokenWith(claims, header))
  })

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['RFC 9068', { client_id: 'phone-app', jti: 'x' }, { typ: 'at+jwt' }],
    ['RFC 9068 in full', { client_id: 'phone-app' }, { typ: 'application/at+jwt' }],
    ['Keycloak', { typ: 'Bearer', azp: 'phone-app', scope: 'openid', preferred_username: 'native' }, { typ: 'JWT' }],
    ['Keycloak before 25', { typ: 'Bearer', azp: 'phone-app', scope: 'openid', nonce: 'n' }, { typ: 'JWT' }],
    ['Auth0', { azp: 'phone-app', gty: 'password', scope: 'openid' }, { typ: 'JWT' }],
    ['Entra', { azp: 'phone-app', oid: 'object-1', idtyp: 'user', scp: 'access' }, { typ: 'JWT' }],
    ['Okta', { cid: 'phone-app', uid: '00u', scp: ['openid'] }, { typ: undefined }],
    ['Cognito', { token_use: 'access', client_id: 'phone-app', username: 'native' }, { typ: undefined }],
    ['a provider that writes a list of audiences', { aud: ['x', AUDIENCE], azp: 'phone-app' }, { typ: 'JWT' }],
  ])('T29 of a person, as %s writes it, approves', async (_what, claims, header) => {
    await expectToSignIn(clientOf('userinfo'), await tokenWith(claims, header), native)
  })

  test.each<[string, () => Record<string, unknown>]>([
    ['audience', () => ({ aud: 'another-app' })],
    ['issuer', () => ({ iss: 'https://elsewhere.example' })],
    ['time', () => ({ exp: Math.floor(Date.now() / 1000) - 60 })],
    ['kind', () => ({ gty: 'client-credentials' })],
  ])('T29 refused for its %s is asked about nowhere else', async (_what, claims) => {
    const token = await tokenWith(claims())
    provider.opaque.set(token, { sub: 'native-1', name: 'Native Person' })
    provider.introspected.set(token, { active: true, sub: 'native-1', aud: AUDIENCE, scope: SCOPE })
    const before = provider.asked()
    await expectToBeRefused(clientOf('userinfo'), token)
    await expectToBeRefused(clientOf('scoped'), token)
    // Nor in a spelling that readers of another make would take.
    provider.opaque.set(`${token}=`, { sub: 'native-1' })
    await expectToBeRefused(clientOf('userinfo'), `${token}=`)
    expect(provider.asked()).toBe(before)
  })

  test("T29 without a name is its person's by the name that userinfo tells, and nobody's if it tells of somebody else", async () => {
    const token = await tokenWith({ name: undefined, jti: 'to be named' })
    provider.opaque.set(token, { sub: 'native-1', name: 'Native Person', email: 'native@example.com' })
    await expectToSignIn(clientOf('userinfo'), token, native)
    const another = await tokenWith({ name: undefined, jti: 'of somebody else' })
    provider.opaque.set(another, { sub: 'native-2', name: 'Native Person' })
    await expectToBeRefused(clientOf('userinfo'), another)
    await expectToSignIn(clientOf('userinfo'), await tokenWith({ name: undefined, jti: 'unknown there' }), {
      ...native,
      name: native.id,
    })
  })

  test.each<[string, Record<string, unknown>]>([
    ['none', {}],
    ['others', { scope: 'openid profile' }],
    ['one that only begins like it', { scope: `${SCOPE}:all` }],
  ])('T29 without the scope that is needed is refused: it has %s', async (_what, claims) => {
    await expectToBeRefused(clientOf('scoped'), await tokenWith(claims))
  })

  test.each<[string, Record<string, unknown>]>([
    ['scope', { scope: `openid ${SCOPE}` }],
    ['scp as text', { scp: `openid ${SCOPE}` }],
    ['scp as a list', { scp: ['openid', SCOPE] }],
  ])('T29 with the scope that is needed approves: in %s', async (_what, claims) => {
    await expectToSignIn(clientOf('scoped'), await tokenWith(claims), native)
  })
})

let tokens = 0

function introspected(claims: unknown): string {
  const token = `opaque-${tokens++}`
  provider.introspected.set(token, claims)
  return token
}

const good = { active: true, sub: 'native-1', name: 'Native Person', aud: AUDIENCE, scope: `openid ${SCOPE}` }

describe('an opaque token', () => {
  test('T29 is introspected, and approves for whom it was given to', async () => {
    const exp = Math.floor(Date.now() / 1000) + 300
    const token = introspected({ ...good, exp, client_id: 'phone-app', token_type: 'Bearer', iss: provider.issuer })
    for (const name of ['introspecting', 'scoped'] as const) await expectToSignIn(clientOf(name), token, native)
  })

  test.each<[string, unknown]>([
    ['inactive', { ...good, active: false }],
    ['active in words', { ...good, active: 'true' }],
    ['meant for another application', { ...good, aud: 'another-app' }],
    ['meant for nobody in particular', { ...good, aud: undefined }],
    ['past its end', { ...good, exp: 1 }],
    ['without an end that is a number', { ...good, exp: '9999999999' }],
    ['of tomorrow', { ...good, nbf: Math.floor(Date.now() / 1000) + 86_400 }],
    ['a machine`s', { ...good, sub: 'job', client_id: 'job' }],
    ['a refresh token', { ...good, token_use: 'refresh_token' }],
    ['without the scope', { ...good, scope: 'openid' }],
    ['nobody`s', { ...good, sub: undefined }],
  ])('T29 that is %s by its introspection is refused', async (_what, claims) => {
    await expectToBeRefused(clientOf('introspecting'), introspected(claims))
  })

  test('T29 of another issuer than the JWTs` is refused', async () => {
    await expectToBeRefused(clientOf('scoped'), introspected({ ...good, iss: 'https://elsewhere.example' }))
  })

  test('T29 without PHONE_JWT_AUDIENCE is taken where it is meant for us or for nobody in particular, for no other', async () => {
    const [browser, { id }] = [clientOf('trusting'), provider.client]
    await expectToSignIn(browser, introspected({ ...good, aud: ['x', id] }), native)
    await expectToSignIn(browser, introspected({ ...good, aud: services.trusting.url }), native)
    await expectToSignIn(browser, introspected({ ...good, aud: undefined }), native)
    await expectToBeRefused(browser, introspected(good))
    expect(services.trusting.stderr()).toMatch(/PHONE_USERINFO_URL is asked for names alone[\s\S]*PHONE_JWT_AUDIENCE/)
  })

  test('T29 a provider that does not know us is unavailable, whatever the token', async () => {
    const { PHONE_INTROSPECTION_CLIENT_SECRET } = { PHONE_INTROSPECTION_CLIENT_SECRET: 'wrong' }
    const service = await startService({
      PHONE_INTROSPECTION_URL: provider.introspectionUrl,
      PHONE_INTROSPECTION_CLIENT_ID: provider.client.id,
      PHONE_INTROSPECTION_CLIENT_SECRET,
    })
    const browser = createClient(service.url)
    const token = await startLogin(browser)
    const reply = await asNative(browser, '/login/scan', introspected(good), { token })
    await service.stop()
    expectProblem(reply, 503, 'identity_provider_unavailable')
  })

  test('T29 the start says what userinfo cannot tell', () => {
    expect(services.userinfo.stderr()).toContain(
      'PHONE_USERINFO_URL takes tokens that your provider gave to any application',
    )
  })
})

describe('one id from two sources', () => {
  test.each([ZOFIA.id, ZOFIA.id.toUpperCase(), ZOFIA.username])(
    'T29 a provider`s person called %s, like an account here, is refused',
    async (sub) => {
      await expectToBeRefused(clientOf('userinfo'), await tokenWith({ sub }))
      await expectToBeRefused(clientOf('trusting'), introspected({ ...good, aud: undefined, sub }))
      provider.opaque.set(`of-${sub}`, { sub, name: 'Native Person' })
      await expectToBeRefused(clientOf('asking'), `of-${sub}`)
    },
  )

  test('T29 and one whose id is no account`s here is taken, where userinfo alone is asked', async () => {
    provider.opaque.set('of-native-1', { sub: native.id, name: native.name })
    await expectToSignIn(clientOf('asking'), 'of-native-1', native)
  })

  test("T29 the account's own phone still approves", async () => {
    await signInBrowser(clientOf('userinfo'), await phoneOf(ZOFIA, services.userinfo.url))
  })
})
