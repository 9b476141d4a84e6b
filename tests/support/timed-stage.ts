import { afterAll, beforeAll, describe } from '@jest/globals'
import { createMemoryStore } from '../../server/store/memory-store.ts'
import { createRecordLimiter } from '../../server/store/record-limiter.ts'
import { connectRedis } from '../../server/store/redis-connection.ts'
import { createRedisStore } from '../../server/store/redis-store.ts'
import { createTestApp, type TestApp, type TestParts } from './app.ts'
import { freePort } from './free-port.ts'
import { type Client, createClient, createPhone } from './http-client.ts'
import { PATIENCE_MS } from './patience.ts'
import { placeOf, type RedisServer, startRedis } from './redis-server.ts'

/** The service over HTTP on one kind of store, in this process, at a time that the test moves: its limits' minute, too. */
export interface TimedStage {
  kind: 'embedded' | 'redis'
  url(): string
  browser(): Client
  /** A phone that is signed in as the demo account. */
  phone(): Promise<Client>
  /** Moves the service's time. Redis has its own clock: what it still keeps is over for the service all the same. */
  pass(ms: number): void
}

/** How far the service's clock is ahead of Redis's: Redis must not forget early what the service should still find. */
const AHEAD_MS = 3_600_000

/**
 * Runs the same tests on the embedded store and again on a real Redis, for what is a matter of seconds: they pass when
 * the test says so, on a machine of any speed.
 * @param parts what the app is made with instead of its usual parts
 */
export function onEveryStoreInTime(
  env: Record<string, string>,
  tests: (stage: TimedStage) => void,
  parts: () => TestParts = () => ({}),
): void {
  describe.each(['embedded', 'redis'] as const)('in time, on the store "%s"', (kind) => {
    let url: string
    let testApp: TestApp
    let redis: RedisServer | undefined

    beforeAll(async () => {
      const port = await freePort()
      url = `http://127.0.0.1:${port}`
      redis = kind === 'redis' ? await startRedis() : undefined
      const time = { now: Date.now() + AHEAD_MS }
      const clock = () => time.now
      const store = redis ? await openRedisStore(redis.url) : createMemoryStore({ clock })
      const makeLimiter = (name: string, points: number, durationSeconds: number) =>
        createRecordLimiter({ store, clock, name, points, durationSeconds })
      testApp = await createTestApp({ PUBLIC_URL: url, ...env }, { store, makeLimiter, ...parts() }, time)
      await testApp.app.listen({ host: '127.0.0.1', port })
    })

    afterAll(async () => {
      await testApp?.app.close()
      await testApp?.store.close()
      await redis?.stop()
    })

    tests({
      kind,
      url: () => url,
      browser: () => createClient(url),
      phone: () => createPhone(url),
      pass(ms) {
        testApp.time.now += ms
      },
    })
  })
}

async function openRedisStore(url: string) {
  const connections = connectRedis(placeOf(url), { onError: () => undefined })
  await connections.whenReady(PATIENCE_MS)
  return createRedisStore({ ...connections, keyPrefix: 'scanin:' })
}
