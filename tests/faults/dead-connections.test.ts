import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { createFaultyLine, type FaultyLine } from '../support/faulty-line.ts'
import { createClient } from '../support/http-client.ts'
import { startLogin } from '../support/login-flow.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { type Service, startService } from '../support/service.ts'

/** S3: a connection to Redis that answers no more is replaced by itself, without anybody closing it. */

let redis: RedisServer
let line: FaultyLine
let service: Service

beforeAll(async () => {
  redis = await startRedis()
  line = await createFaultyLine(redis.port)
  service = await startService({ REDIS_URL: `redis://127.0.0.1:${line.port}` })
})

afterAll(async () => {
  await line.mend()
  await service.stop()
  await line.close()
  await redis.stop()
})

const readyz = async () => (await createClient(service.url).get('/readyz')).status

async function expectLoginGoesOn(token: string, browser = createClient(service.url)): Promise<void> {
  await eventually('the service works again', async () => (await readyz()) === 200)
  expect((await browser.get(`/login/status/${token}`)).json).toMatchObject({ status: 'pending' })
}

test('half-open connections are replaced, and nobody had to tell', async () => {
  const browser = createClient(service.url)
  const token = await startLogin(browser)
  line.halfOpen()
  expect(await readyz()).toBe(503)
  await expectLoginGoesOn(token, browser)
})

test('connections that hang are replaced, also when the next ones hang too', async () => {
  const browser = createClient(service.url)
  const token = await startLogin(browser)
  const before = line.taken()
  line.hang()
  line.blackHole()
  expect(await readyz()).toBe(503)
  // Two that were made anew, and hang in their turn.
  while (line.taken() < before + 2) await Promise.race([line.spoke('client'), readyz()])
  await line.mend()
  await expectLoginGoesOn(token, browser)
})

test('a Redis that stood still is worked with again once it moves', async () => {
  const browser = createClient(service.url)
  const token = await startLogin(browser)
  redis.freeze()
  expect(await readyz()).toBe(503)
  redis.thaw()
  await expectLoginGoesOn(token, browser)
})

test('a Redis that nobody listens for, for a while, is found when somebody does', async () => {
  const browser = createClient(service.url)
  const token = await startLogin(browser)
  await line.refuse()
  line.drop({ by: 'RST' })
  expect(await readyz()).toBe(503)
  await line.mend()
  await expectLoginGoesOn(token, browser)
})
