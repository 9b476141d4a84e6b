import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { createClient } from '../support/http-client.ts'
import { startLogin } from '../support/login-flow.ts'
import { type Service, startService } from '../support/service.ts'
import { AUDIENCE, type IdentityProvider, startIdentityProvider } from './identity-provider.ts'
import { asNative, expectToSignIn } from './native-app.ts'
import { expectProblem } from './seen.ts'

/** T26, T29: anybody can make up tokens; the identity provider must not be asked about all of them. */

let provider: IdentityProvider
let services: Service[] = []

beforeAll(async () => {
  provider = await startIdentityProvider()
})

afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()))
  await provider.stop()
})

type Source = 'userinfo' | 'introspection'

async function start(source: Source = 'userinfo'): Promise<Service> {
  const byClient = {
    PHONE_INTROSPECTION_URL: provider.introspectionUrl,
    PHONE_INTROSPECTION_CLIENT_ID: provider.client.id,
    PHONE_INTROSPECTION_CLIENT_SECRET: provider.client.secret,
  }
  const asked = source === 'userinfo' ? { PHONE_USERINFO_URL: provider.userinfoUrl } : byClient
  const service = await startService({ POLL_HOLD_SECONDS: '0', ...asked })
  services = [...services, service]
  return service
}

const person = { sub: 'native-1', name: 'Native Person' }

const SOURCES: Source[] = ['userinfo', 'introspection']

test.each(SOURCES)(
  'T29 junk is slowed by address where %s is asked, and who was known before is not slowed for it',
  async (source) => {
    const browser = createClient((await start(source)).url)
    provider.opaque.set('known', person)
    provider.introspected.set('known', { ...person, active: true })
    await expectToSignIn(browser, 'known', { id: person.sub, name: person.name })
    const token = await startLogin(browser)
    const before = provider.asked()
    const replies = []
    for (let at = 0; at < 60; at++) replies.push(await asNative(browser, '/login/scan', `junk-${at}`, { token }))
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([401, 429]))
    expect(Number(replies.at(-1)?.headers['retry-after'])).toBeGreaterThan(0)
    expect(provider.asked() - before).toBeLessThan(45)
    await expectToSignIn(browser, 'known', { id: person.sub, name: person.name })
  },
)

test.each(SOURCES)(
  'T26 few calls of %s to a slow provider are under way at once; others are told to come again',
  async (source) => {
    const browser = createClient((await start(source)).url)
    const token = await startLogin(browser)
    const before = provider.asked()
    const release = provider.hold()
    const calls = Array.from({ length: 30 }, (_, at) => asNative(browser, '/login/scan', `slow-${at}`, { token }))
    const early: number[] = []
    for (const call of calls) void call.then(({ status }) => early.push(status))
    await eventually('those beyond are answered', () => early.length >= 18)
    await eventually('some of the others are asked about', () => provider.asked() > before)
    expect(provider.asked() - before).toBeLessThanOrEqual(12)
    release()
    const replies = await Promise.all(calls)
    const busy = replies.filter(({ status }) => status === 503)
    // On a slow machine the time to wait for the provider may be over for the others too.
    expect(busy.length).toBeGreaterThanOrEqual(18)
    for (const reply of busy) {
      expectProblem(reply, 503, 'identity_provider_unavailable')
      expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
    }
  },
)

test('T26 tokens by keys that nobody has published have its keys asked for no more than now and then, and who is known comes in', async () => {
  const service = await startService({
    ...{ POLL_HOLD_SECONDS: '0', PHONE_JWT_ISSUER: provider.issuer, PHONE_JWT_AUDIENCE: AUDIENCE },
    PHONE_JWT_JWKS_URL: provider.jwksUrl,
  })
  services = [...services, service]
  const browser = createClient(service.url)
  const good = await provider.sign()
  await expectToSignIn(browser, good, { id: person.sub, name: person.name })
  const token = await startLogin(browser)
  const before = provider.askedForKeys()
  const statuses = new Set<number>()
  for (let at = 0; at < 60; at++) {
    const unknown = await provider.sign({ header: { kid: `nobody-has-this-${at}` }, withForeignKey: true })
    statuses.add((await asNative(browser, '/login/scan', unknown, { token })).status)
  }
  for (const status of statuses) expect([401, 429]).toContain(status)
  expect(statuses).toContain(401)
  expect(provider.askedForKeys() - before).toBeLessThan(10)
  await expectToSignIn(browser, good, { id: person.sub, name: person.name })
})
