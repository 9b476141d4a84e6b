import { afterAll, beforeAll } from '@jest/globals'
import { eventually } from './eventually.ts'
import { createFaultyLine, type FaultyLine } from './faulty-line.ts'
import { createClient } from './http-client.ts'
import { type RedisServer, startRedis } from './redis-server.ts'
import { type Service, startService } from './service.ts'

type AnyRedis = Pick<RedisServer, 'port' | 'stop'>

export interface ServiceOverALine<Redis extends AnyRedis> {
  readonly redis: Redis
  /** Between the two. */
  readonly line: FaultyLine
  readonly service: Service
  /** The status of `/readyz`. */
  readyz(): Promise<number>
  untilReady(): Promise<unknown>
}

/** Sets up a file of tests of one service whose way to its Redis is a line that can be made bad. */
export function setUpServiceOverALine(env?: Record<string, string>): ServiceOverALine<RedisServer>
export function setUpServiceOverALine<Redis extends AnyRedis>(
  env: Record<string, string>,
  start: () => Promise<Redis>,
): ServiceOverALine<Redis>
export function setUpServiceOverALine(
  env: Record<string, string> = {},
  start: () => Promise<AnyRedis> = startRedis,
): ServiceOverALine<AnyRedis> {
  let redis: AnyRedis
  let line: FaultyLine
  let service: Service

  beforeAll(async () => {
    redis = await start()
    line = await createFaultyLine(redis.port)
    service = await startService({ REDIS_URL: `redis://127.0.0.1:${line.port}`, ...env })
  })

  afterAll(async () => {
    await line.mend()
    await service.stop()
    await line.close()
    await redis.stop()
  })

  const readyz = async () => (await createClient(service.url).get('/readyz')).status
  return {
    get redis() {
      return redis
    },
    get line() {
      return line
    },
    get service() {
      return service
    },
    readyz,
    untilReady: () => eventually('the service works with its store', async () => (await readyz()) === 200),
  }
}
