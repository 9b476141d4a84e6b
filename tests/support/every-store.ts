import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from '@jest/globals'
import { type Client, createClient, createPhone } from './http-client.ts'
import { type RedisServer, startRedis } from './redis-server.ts'
import { type Service, startService } from './service.ts'

/** A running service on one kind of store, with people in front of it. */
export interface Stage {
  kind: 'embedded' | 'disk' | 'redis'
  service(): Service
  /** Where the store is, for tests that look into it. Fails on any other. */
  redis(): RedisServer
  browser(): Client
  /** A phone that is signed in as the demo account. */
  phone(): Promise<Client>
  /** One more service on the same store; it ends with the stage. */
  startAnother(env?: Record<string, string>): Promise<Service>
}

/** For what depends on what a store is: one that is on disk, too. */
export const ON_DISK_TOO = ['embedded', 'disk', 'redis'] as const

/**
 * Runs the same tests against a service of their own on the embedded store, and again on a real Redis.
 * @param env what the service is told; a function when that is only known once tests run
 */
export function onEveryStore(
  env: Record<string, string> | (() => Record<string, string>),
  tests: (stage: Stage) => void,
  kinds: readonly Stage['kind'][] = ['embedded', 'redis'],
): void {
  describe.each(kinds)('on the store "%s"', (kind) => {
    onStore(kind, env, tests)
  })
}

function onStore(
  kind: Stage['kind'],
  env: Record<string, string> | (() => Record<string, string>),
  tests: (stage: Stage) => void,
): void {
  let redis: RedisServer | undefined
  const services: Service[] = []
  let folder: string | undefined

  const store = () => ({ ...(redis ? { REDIS_URL: redis.url } : {}), ...(folder ? { STORE_PATH: folder } : {}) })

  async function start(extra: Record<string, string> = {}): Promise<Service> {
    const told = typeof env === 'function' ? env() : env
    const service = await startService({ ...store(), ...told, ...extra })
    services.push(service)
    return service
  }

  function first(): Service {
    const [service] = services
    if (service === undefined) throw new Error('the service has not been started')
    return service
  }

  beforeAll(async () => {
    redis = kind === 'redis' ? await startRedis() : undefined
    folder = kind === 'disk' ? mkdtempSync(join(tmpdir(), 'scanin-')) : undefined
    await start()
  })

  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()))
    await redis?.stop()
    if (folder !== undefined) rmSync(folder, { recursive: true })
  })

  tests({
    kind,
    service: first,
    redis() {
      if (redis === undefined) throw new Error('there is no Redis behind this stage')
      return redis
    },
    browser: () => createClient(first().url),
    phone: () => createPhone(first().url),
    startAnother: start,
  })
}

/** Services on both stores at once, for tests that mostly wait: so they wait once. */
export function onBothStoresAtOnce(env: Record<string, string> = {}): () => readonly Service[] {
  let redis: RedisServer
  let services: Service[]

  beforeAll(async () => {
    redis = await startRedis()
    services = await Promise.all([startService(env), startService({ REDIS_URL: redis.url, ...env })])
  })

  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()))
    await redis.stop()
  })

  return () => services
}
