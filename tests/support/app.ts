import { join } from 'node:path'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { pino } from 'pino'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { buildApps } from '../../server/app.ts'
import type { AppOptions } from '../../server/app-options.ts'
import { readWeb } from '../../server/http/built-web.ts'
import { problemsOf } from '../../server/http/openapi/problem-replies.ts'
import { type Accounts, createAccounts, demoAccount } from '../../server/identity/accounts.ts'
import { hashPassword } from '../../server/identity/passwords.ts'
import { cryptoRandomness } from '../../server/randomness.ts'
import { createMemoryStore } from '../../server/store/memory-store.ts'
import type { RecordStore } from '../../server/store/record-store.ts'
import { compileOnce } from './compile-once.mjs'
import { readConfig } from './read-config.ts'
import { DEMO_PASSWORD } from './service.ts'

export const PUBLIC_URL = 'http://scanin.test'

export interface TestApp {
  app: FastifyInstance
  /** Operators', where `ADMIN_PORT` is set. */
  adminApp: FastifyInstance | undefined
  /** Of whoever collects metrics, where `METRICS_PORT` is set. */
  metricsApp: FastifyInstance | undefined
  store: RecordStore
  /** Epoch milliseconds: the app's clock, to be moved by hand. */
  time: { now: number }
}

/** What an app is made with instead of its usual parts. */
export interface TestParts extends Partial<AppOptions> {
  /** Left out: the demo account. */
  accounts?: Accounts
}

const built = readWeb(join(import.meta.dirname, '../../dist/web'))

/** Made once for all tests: hashing is made to be slow, and so is a sign-in that checks the hash. */
const demo = demoAccount(DEMO_PASSWORD).then(async (account) => {
  const passwordHash = await hashPassword(DEMO_PASSWORD, { memoryCost: 64, timeCost: 1, parallelism: 1 })
  return createAccounts([{ ...account, passwordHash }])
})

/**
 * The whole app in this process, on the embedded store and a clock that stands still.
 * @param time another app's, when both are to be at the same time
 */
export async function createTestApp(
  env: Record<string, string> = {},
  parts: TestParts = {},
  time = { now: Date.parse('2026-01-01T00:00:00Z') },
): Promise<TestApp> {
  const clock = () => time.now
  const { accounts = await demo, ...others } = parts
  const { store = createMemoryStore({ clock }), currentPerson } = others
  const { app, adminApp, metricsApp } = await buildApps({
    config: readConfig(
      { PUBLIC_URL, RATE_LOGINS_PER_MINUTE: '0', RATE_SIGN_INS_PER_MINUTE: '0', ...env },
      '127.0.0.1',
      () => '',
    ),
    store,
    makeLimiter: (name, points, duration) => new RateLimiterMemory({ keyPrefix: name, points, duration }),
    ...accounts,
    // `currentPerson` of a test knows people whom the accounts do not know.
    ...(currentPerson && { hasEnded: (user) => currentPerson(user) === undefined }),
    bearerVerifiers: [],
    clock,
    randomness: cryptoRandomness,
    logger: pino({ level: 'silent' }),
    mostConnections: 1000,
    storeUse: () => 0,
    busySince: () => 0,
    web: built,
    schemaController: compileOnce,
    version: '0.0.0',
    ...others,
  })
  for (const one of [app, adminApp]) if (one !== undefined) refuseWhatIsUndescribed(one)
  return { app, adminApp, metricsApp, store, time }
}

/** Turns every reply that the API's description does not describe into a 500, so that any test that gets one fails. */
function refuseWhatIsUndescribed(app: FastifyInstance): void {
  app.addHook('onSend', async ({ method, routeOptions }, reply, payload) => {
    const { url, schema } = routeOptions
    if (url === undefined || schema === undefined || schema.hide === true) return
    const said = `${method} ${url} answers ${reply.statusCode}, which its schema does not say`
    if (reply.statusCode < 400) {
      if (!Object.hasOwn(schema.response ?? {}, reply.statusCode)) throw new Error(said)
    } else if (method !== 'HEAD' && !String(reply.getHeader('content-type')).startsWith('text/html')) {
      const { code } = JSON.parse(String(payload))
      if (!problemsOf({ method, schema }).has(code)) throw new Error(`${said}: ${code}`)
    }
  })
}

export interface InjectClient {
  cookies: Map<string, string>
  get(url: string, options?: InjectOptions): Promise<LightMyRequestResponse>
  post(url: string, payload?: object, options?: InjectOptions): Promise<LightMyRequestResponse>
  patch(url: string, payload: object, options?: InjectOptions): Promise<LightMyRequestResponse>
  delete(url: string, options?: InjectOptions): Promise<LightMyRequestResponse>
}

/** A browser or phone of a test app: keeps cookies and comes from the public URL. */
export function createInjectClient(app: FastifyInstance): InjectClient {
  const cookies = new Map<string, string>()

  async function inject(options: InjectOptions): Promise<LightMyRequestResponse> {
    const reply = await app.inject({
      headers: { origin: PUBLIC_URL },
      cookies: Object.fromEntries(cookies),
      ...options,
    })
    for (const { name, value, maxAge } of reply.cookies) {
      if (maxAge === 0) cookies.delete(name)
      else cookies.set(name, value)
    }
    return reply
  }

  return {
    cookies,
    get: (url, options) => inject({ method: 'GET', url, ...options }),
    post: (url, payload, options) =>
      inject({ method: 'POST', url, ...(payload === undefined ? {} : { payload }), ...options }),
    patch: (url, payload, options) => inject({ method: 'PATCH', url, payload, ...options }),
    delete: (url, options) => inject({ method: 'DELETE', url, ...options }),
  }
}

/** A phone that has signed in, as the demo account if nobody else is named. */
export async function createInjectPhone(app: FastifyInstance, username = 'demo'): Promise<InjectClient> {
  const phone = createInjectClient(app)
  const reply = await phone.post('/sign-in', { username, password: DEMO_PASSWORD })
  if (reply.statusCode !== 200) throw new Error(`sign-in: ${reply.statusCode} ${reply.body}`)
  return phone
}

export interface TestPeople {
  testApp: TestApp
  browser: InjectClient
  /** Signed in as the demo account. */
  phone: InjectClient
}

/** A test app with people in front of it. */
export async function createTestPeople(env: Record<string, string> = {}, parts: TestParts = {}): Promise<TestPeople> {
  const testApp = await createTestApp(env, parts)
  return { testApp, browser: createInjectClient(testApp.app), phone: await createInjectPhone(testApp.app) }
}
