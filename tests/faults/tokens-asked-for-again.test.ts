import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { FastifyInstance } from 'fastify'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { createClients, parseClients } from '../../server/oauth/clients-file.ts'
import { createMemoryStore } from '../../server/store/memory-store.ts'
import type { RecordStore } from '../../server/store/record-store.ts'
import { createInjectPhone, createTestApp, type InjectClient, type TestParts } from '../support/app.ts'
import { DEVICE_GRANT, SPA, TV } from '../support/clients-file.ts'
import { createFailingStore, type FailingStore, type Loss } from '../support/failing-store.ts'
import { authorizePath, VERIFIER } from '../support/oauth-flow.ts'
import { spreadStore } from '../support/spread-store.ts'

/** S1: what a device or an application was told to ask for again is given: nothing is used up by what gave nothing. */

const COLLECT_SECONDS = 60
const LOSSES: readonly Loss[] = ['before', 'after']

interface Deployment {
  failing: FailingStore
  signIn(): Promise<InjectClient>
  /** Asks one instance, and from `pass` on another one, which knows nothing but what is in the store. */
  ask(path: string, fields: Record<string, string>): Promise<Answer>
  userinfo(token: string | undefined): Promise<number>
  pass(seconds: number): void
  /** Back to now, and to the first instance. */
  goBack(): void
  close(): Promise<void>
}

interface Answer {
  status: number
  json: Record<string, string>
}

async function start(asKept: (store: RecordStore) => RecordStore, parts: TestParts = {}): Promise<Deployment> {
  // The library goes by the process's own clock.
  const time = { now: Date.now() }
  const failing = createFailingStore(createMemoryStore({ clock: () => time.now }))
  const clients = createClients()
  clients.replace(parseClients(JSON.stringify([TV, SPA])))
  const env = { CLIENTS_FILE: 'clients.json', MATCH: 'never', COLLECT_SECONDS: String(COLLECT_SECONDS) }
  const instance = async () => (await createTestApp(env, { clients, store: asKept(failing.store), ...parts }, time)).app
  const [first, other] = [await instance(), await instance()]
  let asked: FastifyInstance = first
  return {
    failing,
    signIn: () => createInjectPhone(first),
    async ask(path, fields) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const payload = String(new URLSearchParams(fields))
      const reply = await asked.inject({ method: 'POST', url: path, headers, payload })
      return { status: reply.statusCode, json: reply.json() }
    },
    async userinfo(token) {
      const headers = { authorization: `Bearer ${token}` }
      return (await asked.inject({ url: '/oauth/userinfo', headers })).statusCode
    },
    pass(seconds) {
      time.now += seconds * 1000
      asked = other
    },
    goBack() {
      time.now = Date.now()
      asked = first
    },
    async close() {
      await Promise.all([first.close(), other.close()])
    },
  }
}

/** Asks for tokens by something that may be used once. */
type Ask = () => Promise<Answer>

async function deviceCode({ ask, signIn }: Deployment): Promise<Ask> {
  const { json } = await ask('/oauth/device_authorization', { client_id: 'tv', scope: 'openid profile' })
  const phone = await signIn()
  const { token } = (await phone.post('/login/scan', { user_code: json['user_code'] })).json()
  expect((await phone.post('/login/confirm', { token })).json()).toEqual({ status: 'authenticated' })
  const fields = { grant_type: DEVICE_GRANT, device_code: json['device_code'] ?? '', client_id: 'tv' }
  return () => ask('/oauth/token', fields)
}

async function authorizationCode({ ask, signIn }: Deployment): Promise<Ask> {
  const { headers } = await (await signIn()).get(authorizePath(SPA))
  const code = new URL(String(headers.location)).searchParams.get('code') ?? ''
  const fields = { code, code_verifier: VERIFIER, redirect_uri: SPA.redirect_uris[0] ?? '' }
  return () => ask('/oauth/token', { grant_type: 'authorization_code', client_id: 'spa', ...fields })
}

function refreshing({ ask }: Deployment, { json }: Answer, client_id = 'spa'): Ask {
  const fields = { grant_type: 'refresh_token', refresh_token: json['refresh_token'] ?? '', client_id }
  return () => ask('/oauth/token', fields)
}

const firstRefreshToken = async (at: Deployment) => refreshing(at, await (await authorizationCode(at))())
const laterRefreshToken = async (at: Deployment) => refreshing(at, await (await firstRefreshToken(at))())

const [TOGETHER, SPREAD] = [(store: RecordStore) => store, spreadStore]
/** Devices ask every five seconds, or more seldom. */
const LONG_AWAY = COLLECT_SECONDS - 1

describe.each([
  { what: "a device's code", given: deviceCode, client: 'tv', asKept: TOGETHER, away: 5 },
  {
    what: "a device's code, in a Cluster, long after",
    given: deviceCode,
    client: 'tv',
    asKept: SPREAD,
    away: LONG_AWAY,
  },
  { what: 'an authorization code', given: authorizationCode, client: 'spa', asKept: TOGETHER, away: 1 },
  { what: 'the first refresh token', given: firstRefreshToken, client: 'spa', asKept: TOGETHER, away: 1 },
  { what: 'a later refresh token', given: laterRefreshToken, client: 'spa', asKept: TOGETHER, away: 1 },
])('$what', ({ given, client, asKept, away }) => {
  let at: Deployment
  beforeEach(async () => {
    at = await start(asKept)
  })
  afterEach(() => at.close())

  /** How many calls to the store it takes where nothing is cut. */
  async function callsOfOne(): Promise<number> {
    const ask = await given(at)
    at.failing.mend()
    expect((await ask()).status).toBe(200)
    return at.failing.calls()
  }

  async function cutAt(before: number, loss: Loss, ask: Ask): Promise<Answer> {
    at.failing.failAfter(before, loss)
    const answer = await ask()
    at.failing.mend()
    return answer
  }

  /**
   * The tokens, which are asked for again if need be. If they were given at once, only the call was cut that uses up
   * what they are given for.
   */
  async function givenAfter(before: number, loss: Loss, ask: Ask): Promise<Answer> {
    const cut = await cutAt(before, loss, ask)
    at.pass(away)
    expect([before, cut.status]).toEqual([before, cut.status === 200 ? 200 : 503])
    const answer = cut.status === 200 ? cut : await ask()
    expect([before, answer]).toMatchObject([before, { status: 200, json: { access_token: expect.any(String) } }])
    return answer
  }

  test.each(LOSSES)('shown again brings tokens, at whichever call the store went away, %s its effect', async (loss) => {
    const calls = await callsOfOne()
    expect(calls).toBeGreaterThan(5)
    for (let before = 0; before < calls; before++) {
      at.goBack()
      const { json } = await givenAfter(before, loss, await given(at))
      const next = await refreshing(at, { status: 200, json }, client)()
      expect([before, next.status]).toEqual([before, 200])
      for (const tokens of [json, next.json]) expect(await at.userinfo(tokens['access_token'])).toBe(200)
    }
  })

  test('shown once more after that, takes the tokens away', async () => {
    const calls = await callsOfOne()
    for (let before = 0; before < calls; before++) {
      at.goBack()
      const ask = await given(at)
      const answer = await givenAfter(before, 'after', ask)
      expect([before, (await ask()).json]).toMatchObject([before, { error: 'invalid_grant' }])
      expect(await at.userinfo(answer.json['access_token'])).toBe(401)
      expect((await refreshing(at, answer, client)()).json).toMatchObject({ error: 'invalid_grant' })
    }
  })

  test.each(LOSSES)(
    'brings tokens though the store goes away at one call after the other, %s its effect',
    async (loss) => {
      const ask = await given(at)
      const cuts: Answer[] = []
      while (cuts.at(-1)?.status !== 200) {
        cuts.push(await cutAt(cuts.length, loss, ask))
        expect([200, 503]).toContain(cuts.at(-1)?.status)
      }
      expect(cuts.length).toBeGreaterThan(5)
      expect(await at.userinfo(cuts.at(-1)?.json['access_token'])).toBe(200)
    },
  )
})

test('of two who had the same refresh token neither keeps anything once both have shown theirs, whatever was cut', async () => {
  const at = await start(TOGETHER)
  for (let before = 0; before < 12; before++) {
    const ask = await firstRefreshToken(at)
    at.failing.failAfter(before, 'before')
    const cut = await ask()
    at.failing.mend()
    const owner = cut.status === 200 ? cut : await ask()
    const thief = await ask()
    expect((await refreshing(at, owner)()).json).toMatchObject({ error: 'invalid_grant' })
    expect((await refreshing(at, thief)()).status).toBe(400)
    for (const { json } of [owner, thief]) expect(await at.userinfo(json['access_token'])).toBe(401)
  }
  await at.close()
})

test('a device whose tokens are too many for this minute gets them in another', async () => {
  const limits: RateLimiterMemory[] = []
  const makeLimiter: TestParts['makeLimiter'] = (name, points, duration) => {
    const limit = new RateLimiterMemory({ keyPrefix: name, points, duration })
    if (name === 'oauth-tokens-of') limits.push(limit)
    return limit
  }
  const at = await start(TOGETHER, { makeLimiter })
  const ask = await deviceCode(at)
  for (const limit of limits) limit.points = 0
  expect(await ask()).toMatchObject({ status: 429, json: { code: 'slow_down' } })
  at.pass(LONG_AWAY)
  for (const limit of limits) limit.points = 120
  expect((await ask()).status).toBe(200)
  await at.close()
})
