import { afterEach, describe, expect, test } from '@jest/globals'
import type { FastifyInstance } from 'fastify'
import { createAccounts, demoAccount } from '../../server/identity/accounts.ts'
import { hashPassword } from '../../server/identity/passwords.ts'
import { sessionIdOf } from '../../server/session/session.ts'
import { createMemoryStore } from '../../server/store/memory-store.ts'
import type { RecordStore } from '../../server/store/record-store.ts'
import { createInjectClient, createTestApp, type InjectClient, PUBLIC_URL } from '../support/app.ts'
import { ADMIN_TOKEN } from '../support/operator.ts'
import { DEMO_PASSWORD } from '../support/service.ts'

/**
 * T34 who is blocked while a request of theirs is under way: two instances on one store, and the operator's block comes
 * whole before each of the other's steps at that store, one after the other. Once it is answered, they are out.
 */

const AT = { now: Date.parse('2026-01-01T00:00:00Z') }
const BEARER = { origin: PUBLIC_URL, authorization: 'Bearer of-a-native-app' }
const NATIVE = { id: 'native-1', name: 'Native Person', source: 'jwt' } as const

/** A store that lets something happen before one of its steps. */
function interruptible(store: RecordStore) {
  let left = 0
  let happen: (() => Promise<void>) | undefined
  async function step<Result>(work: () => Promise<Result>): Promise<Result> {
    const now = happen
    if (now !== undefined && left-- === 0) {
      happen = undefined
      await now()
    }
    return work()
  }
  const steps: RecordStore = {
    ...store,
    read: (...how) => step(() => store.read(...how)),
    write: (...how) => step(() => store.write(...how)),
    writeTogether: (...how) => step(() => store.writeTogether(...how)),
    remove: (...how) => step(() => store.remove(...how)),
  }
  return {
    steps,
    before(at: number, what: () => Promise<void>): void {
      ;[left, happen] = [at, what]
    },
    /** @returns whether it was there in time */
    over(): boolean {
      const hasHappened = happen === undefined
      happen = undefined
      return hasHappened
    },
  }
}

let apps: FastifyInstance[] = []
afterEach(() => Promise.all(apps.map((app) => app.close())))

async function begin() {
  const passwordHash = await hashPassword(DEMO_PASSWORD, { memoryCost: 64, timeCost: 1, parallelism: 1 })
  const accounts = createAccounts([{ ...(await demoAccount(DEMO_PASSWORD)), passwordHash }])
  const store = createMemoryStore({ clock: () => AT.now })
  const between = interruptible(store)
  const parts = {
    accounts,
    bearerVerifiers: [async () => ({ kind: 'person' as const, user: NATIVE, goodUntil: AT.now + 3_600_000 })],
  }
  const env = { MATCH: 'never', POLL_HOLD_SECONDS: '0', ADMIN_PORT: '0', ADMIN_TOKEN }
  const theirs = await createTestApp(env, { ...parts, store: between.steps }, AT)
  const operators = await createTestApp(env, { ...parts, store }, AT)
  apps = [theirs.app, operators.app]
  const headers = { host: '127.0.0.1', authorization: `Bearer ${ADMIN_TOKEN}` }
  async function ask(method: 'GET' | 'POST' | 'DELETE', who: string, what: string) {
    const url = `/users/${encodeURIComponent(who)}/${what}`
    const reply = await (operators.adminApp as FastifyInstance).inject({ method, url, headers })
    expect([200, 204]).toContain(reply.statusCode)
    return reply
  }
  return { app: theirs.app, between, ask }
}

interface Scene {
  phone: InjectClient
  browser: InjectClient
  token: string
}

type Send = (client: InjectClient, path: string, body?: object) => Promise<unknown>
type Request = (scene: Scene) => Promise<unknown>
interface Case {
  /** What was done before. */
  before: Request[]
  request: Request
}

const byCookie: Send = (client, path, body) => client.post(path, body)
const byToken: Send = (client, path, body) => client.post(path, body, { headers: BEARER })

const signIn: Request = ({ phone }) => phone.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })
const collect: Request = ({ browser, token }) => browser.get(`/login/status/${token}`)

/** Its answer is lost on the way. */
const collectInVain: Request = async (scene) => {
  const cookies = [...scene.browser.cookies]
  await collect(scene)
  scene.browser.cookies.clear()
  for (const [name, value] of cookies) scene.browser.cookies.set(name, value)
}

function casesBy(send: Send, signsIn: Request[]): Record<string, Case> {
  const scan: Request = ({ phone, token }) => send(phone, '/login/scan', { token })
  const confirm: Request = ({ phone, token }) => send(phone, '/login/confirm', { token })
  const keep: Request = ({ phone, browser }) => {
    const id = sessionIdOf(browser.cookies.get('scanin_session') ?? '')
    return send(phone, `/sessions/${id}/remember`)
  }
  return {
    scan: { before: signsIn, request: scan },
    confirmation: { before: [...signsIn, scan], request: confirm },
    'hand-over': { before: [...signsIn, scan, confirm], request: collect },
    'repeated hand-over': { before: [...signsIn, scan, confirm, collectInVain], request: collect },
    'browser that is kept': { before: [...signsIn, scan, confirm, collect], request: keep },
  }
}

describe.each<[string, string, Record<string, Case>]>([
  ['a phone', 'demo', { 'sign-in': { before: [], request: signIn }, ...casesBy(byCookie, [signIn]) }],
  ['a native app', 'jwt|native-1', casesBy(byToken, [])],
])('T34 a block that comes between any two steps, by %s', (_by, who, cases) => {
  test.each(Object.entries(cases))('of a %s: nobody is in after it, nor once it is taken back', async (_of, each) => {
    const { app, between, ask } = await begin()

    /** @returns whether the block came while the request was under way */
    async function blockBefore(step: number): Promise<boolean> {
      const scene = { phone: createInjectClient(app), browser: createInjectClient(app), token: '' }
      scene.token = (await scene.browser.post('/login')).json().token
      for (const request of each.before) await request(scene)
      between.before(step, async () => void (await ask('POST', who, 'block')))
      await each.request(scene)
      const wasInTime = between.over()
      if (!wasInTime) await ask('POST', who, 'block')
      for (const blocked of [true, false]) {
        const polled = (await scene.browser.get(`/login/status/${scene.token}`)).json().status
        const sessions = await Promise.all([scene.phone, scene.browser].map((one) => one.get('/session')))
        const seen = { polled, sessions: sessions.map(({ statusCode }) => statusCode) }
        const nobody = { polled: expect.stringMatching(/^(pending|scanned|denied|expired)$/), sessions: [401, 401] }
        expect([step, blocked, seen]).toEqual([step, blocked, nobody])
        expect((await ask('GET', who, 'sessions')).json()).toMatchObject({ blocked, sessions: [] })
        if (blocked) await ask('DELETE', who, 'block')
      }
      return wasInTime
    }

    let steps = 0
    while (await blockBefore(steps)) steps++
    expect(steps).toBeGreaterThan(2)
  })
})
