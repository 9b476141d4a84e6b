import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createInjectClient, createTestApp, type InjectClient, type TestApp } from '../support/app.ts'
import { type TokenSource, verifiersBy } from './bearer-verifiers.ts'
import { AWAY, type IdentityProvider, startIdentityProvider } from './identity-provider.ts'

/** T22: a native app's token that ended between approval and use approved nothing, on any instance. */

const TOKEN_SECONDS = 20
/** How far the issuer's clock may be behind ours: a JWT is still taken so long after its end, for all requests. */
const TOLERANCE_SECONDS = 5

let provider: IdentityProvider
/** Two of them, on one store. */
let instances: [TestApp, TestApp]
let browser: InjectClient

beforeAll(async () => {
  provider = await startIdentityProvider()
})
afterAll(() => provider.stop())

async function startInstances(match: string, source: TokenSource): Promise<[TestApp, TestApp]> {
  const time = { now: Date.parse('2026-01-01T00:00:00Z') }
  const verifiers = verifiersBy(source, provider, () => time.now)
  const env = { MATCH: match, POLL_HOLD_SECONDS: '0' }
  const first = await createTestApp(env, verifiers, time)
  return [first, await createTestApp(env, { ...verifiers, store: first.store }, time)]
}

const pass = (seconds: number) => {
  instances[0].time.now += seconds * 1000
}

/** The browser, at the other instance. */
function elsewhere(): InjectClient {
  const moved = createInjectClient(instances[1].app)
  for (const [name, value] of browser.cookies) moved.cookies.set(name, value)
  return moved
}

const ask = async (bearer: string, path: string, token: string) => {
  const headers = { authorization: `Bearer ${bearer}` }
  return instances[0].app.inject({ method: 'POST', url: path, headers, payload: { token } })
}

describe.each<[what: string, TokenSource, tolerance: number]>([
  ['JWT', 'jwt', TOLERANCE_SECONDS],
  ['token that introspection gives an end', 'introspection', 0],
])('a %s', (_what, source, tolerance) => {
  /** A token that is good from now on. */
  async function newBearer(): Promise<string> {
    const now = instances[0].time.now / 1000
    const claims = { sub: 'native-1', name: 'Native Person', iat: now, exp: now + TOKEN_SECONDS }
    if (source === 'jwt') return provider.sign({ claims })
    provider.introspected.set(`opaque-${now}`, { ...claims, active: true })
    return `opaque-${now}`
  }

  /** Approves by a token that is as new. */
  async function approve(): Promise<{ token: string; bearer: string; code: string }> {
    const bearer = await newBearer()
    const { token } = (await browser.post('/login')).json()
    await ask(bearer, '/login/scan', token)
    const confirmed = (await ask(bearer, '/login/confirm', token)).json()
    expect(['authenticated', 'match_required']).toContain(confirmed.status)
    return { token, bearer, code: confirmed.match_code }
  }

  /** Denied for good, on both instances, with no cookie of a session. */
  async function expectDenied(token: string): Promise<void> {
    for (const place of [elsewhere(), browser, elsewhere()]) {
      const reply = await place.get(`/login/status/${token}`)
      expect([reply.json().status, reply.cookies]).toEqual(['denied', []])
      expect((await place.get('/session')).statusCode).toBe(401)
    }
  }

  describe('that ends before the browser asks again', () => {
    beforeEach(async () => {
      instances = await startInstances('never', source)
      browser = createInjectClient(instances[0].app)
    })

    test('T22 has signed nobody in', async () => {
      const { token, bearer } = await approve()
      pass(TOKEN_SECONDS + tolerance)
      expect((await ask(bearer, '/login/scan', token)).statusCode).toBe(401)
      await expectDenied(token)
    })

    test('T22 signs in a second before, for as long as it is taken for anything', async () => {
      const { token, bearer } = await approve()
      pass(TOKEN_SECONDS + tolerance - 1)
      expect((await ask(bearer, '/login/scan', token)).statusCode).toBe(200)
      expect((await browser.get(`/login/status/${token}`)).json().status).toBe('authenticated')
      expect((await browser.get('/session')).statusCode).toBe(200)
    })

    test('T22 is given no second time where the reply was lost', async () => {
      const { token } = await approve()
      pass(TOKEN_SECONDS + tolerance - 1)
      const lost = elsewhere()
      expect((await lost.get(`/login/status/${token}`)).json().status).toBe('authenticated')
      pass(1)
      await expectDenied(token)
    })

    test("T22 takes nothing with it of what the app's next token approved", async () => {
      const { token } = await approve()
      pass(TOKEN_SECONDS + tolerance - 1)
      const next = await approve()
      pass(1)
      await expectDenied(token)
      expect((await browser.get(`/login/status/${next.token}`)).json().status).toBe('authenticated')
    })
  })

  describe('that ends before the digits are typed', () => {
    beforeEach(async () => {
      instances = await startInstances('always', source)
      browser = createInjectClient(instances[0].app)
    })

    test.each([0, 1])('T22 has signed nobody in, at instance %i', async (at) => {
      const { token, code } = await approve()
      pass(TOKEN_SECONDS + tolerance)
      const place = at === 0 ? browser : elsewhere()
      const reply = await place.post('/login/match', { token, match_code: code })
      expect([reply.json().status, reply.cookies]).toEqual(['denied', []])
      await expectDenied(token)
    })

    test('T22 signs in a second before', async () => {
      const { token, code } = await approve()
      pass(TOKEN_SECONDS + tolerance - 1)
      const reply = await elsewhere().post('/login/match', { token, match_code: code })
      expect(reply.json().status).toBe('authenticated')
      expect(reply.cookies.map(({ name }) => name)).toContain('scanin_session')
    })

    test('T22 has signed nobody in either where it ends once they are typed and the reply is lost', async () => {
      const { token, code } = await approve()
      pass(TOKEN_SECONDS + tolerance - 1)
      await elsewhere().post('/login/match', { token, match_code: code })
      pass(1)
      await expectDenied(token)
    })
  })
})

describe.each<TokenSource>(['introspection', 'userinfo'])('an opaque token that %s knows no more', (source) => {
  const BEARER = `opaque-${source}`
  const known = () => (source === 'introspection' ? provider.introspected : provider.opaque)
  const person = { sub: 'native-1', name: 'Native Person', active: true }

  async function approve(match: string): Promise<{ token: string; code: string }> {
    instances = await startInstances(match, source)
    browser = createInjectClient(instances[0].app)
    known().set(BEARER, person)
    const { token } = (await browser.post('/login')).json()
    await ask(BEARER, '/login/scan', token)
    return { token, code: (await ask(BEARER, '/login/confirm', token)).json().match_code }
  }

  async function expectDenied(reply: Awaited<ReturnType<InjectClient['get']>>, token: string): Promise<void> {
    expect([reply.json().status, reply.cookies]).toEqual(['denied', []])
    expect((await elsewhere().get(`/login/status/${token}`)).json().status).toBe('denied')
    expect((await browser.get('/session')).statusCode).toBe(401)
  }

  test('T22 has signed nobody in', async () => {
    const { token } = await approve('never')
    known().delete(BEARER)
    await expectDenied(await browser.get(`/login/status/${token}`), token)
  })

  test('T22 nor where the digits were typed', async () => {
    const { token, code } = await approve('always')
    known().delete(BEARER)
    await expectDenied(await browser.post('/login/match', { token, match_code: code }), token)
  })

  test("T22 nor where it is another person's by now", async () => {
    const { token } = await approve('never')
    known().set(BEARER, { ...person, sub: 'native-2' })
    await expectDenied(await browser.get(`/login/status/${token}`), token)
  })

  test('nothing is lost where nobody can say', async () => {
    const { token } = await approve('never')
    known().set(BEARER, AWAY)
    const reply = await browser.get(`/login/status/${token}`)
    expect([reply.statusCode, reply.json().code]).toEqual([503, 'identity_provider_unavailable'])
    known().set(BEARER, person)
    expect((await browser.get(`/login/status/${token}`)).json().status).toBe('authenticated')
  })
})

test('T22 introspection is asked by whichever instance hands over, and no store has the token', async () => {
  instances = await startInstances('never', 'introspection')
  browser = createInjectClient(instances[0].app)
  provider.introspected.set('opaque-elsewhere', { sub: 'native-1', name: 'Native Person', active: true })
  const { token } = (await browser.post('/login')).json()
  await ask('opaque-elsewhere', '/login/scan', token)
  await ask('opaque-elsewhere', '/login/confirm', token)
  const kept = await instances[0].store.read(`login:${token.split('.')[0]}`)
  expect(JSON.stringify(kept?.value)).toContain('native-1')
  expect(JSON.stringify(kept?.value)).not.toContain('opaque-elsewhere')
  provider.introspected.delete('opaque-elsewhere')
  expect((await elsewhere().get(`/login/status/${token}`)).json().status).toBe('denied')
})
