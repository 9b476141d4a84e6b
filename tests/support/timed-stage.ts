import { afterAll, beforeAll, describe } from '@jest/globals'
import { connectRedis } from '../../server/store/redis-connection.ts'
import { createRedisStore } from '../../server/store/redis-store.ts'
import { createTestApp, type TestApp } from './app.ts'
import { freePort } from './free-port.ts'
import { type Client, createClient, createPhone } from './http-client.ts'
import { PATIENCE_MS } from './patience.ts'
import { placeOf, type RedisServer, startRedis } from './redis-server.ts'

/** The service over HTTP on one kind of store, in this process, at a time that the test moves. */
export interface TimedStage {
  kind: 'embedded' | 'redis'
  url(): string
  browser(): Client
  /** A phone that is signed in as the demo account. */
  phone(): Promise<Client>
  /** Lets this much time pass for the service. Redis has its own: what it still keeps is over all the same. */
  pass(ms: number): void
}

/**
 * Runs the same tests on the embedded store and again on a real Redis, for what is a matter of seconds: they pass when
 * the test says so, on a machine of any speed.
 */
export function onEveryStoreInTime(env: Record<string, string>, tests: (stage: TimedStage) => void): void {
  describe.each(['embedded', 'redis'] as const)('in time, on the store "%s"', (kind) => {
    let url: string
    let testApp: TestApp
    let redis: RedisServer | undefined

    beforeAll(async () => {
      const port = await freePort()
      url = `http://127.0.0.1:${port}`
      redis = kind === 'redis' ? await startRedis() : undefined
      const store = redis && (await openRedisStore(redis.url))
      testApp = await createTestApp({ PUBLIC_URL: url, ...env }, store ? { store } : {})
      // Redis takes ends as times of day.
      testApp.time.now = Date.now()
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
