import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { createFaultyLine, type FaultyLine } from '../support/faulty-line.ts'
import { untilHoldEnds } from '../support/held-poll.ts'
import { type Client, createClient, createPhone, type Reply } from '../support/http-client.ts'
import { scan, startLogin } from '../support/login-flow.ts'
import { startCluster } from '../support/redis-cluster.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { type Service, startService } from '../support/service.ts'

/**
 * S6: a confirm reaches its browser, whatever becomes of the connection on which changes are told. Holds last 25
 * seconds. In each test another browser, to which nothing happens, is held for less long: the confirm must reach its
 * browser while that one is still held.
 */

/** The longest that there is, and one that is a little shorter. */
const HOLD_SECONDS = 25
const SHORTER_SECONDS = 23
const SUBSCRIBER = { said: /subscribe/i }

let redis: RedisServer
let line: FaultyLine
/** Where the browser polls; its way to Redis is the one with faults. */
let near: Service
/** Where the phone is. */
let far: Service
let phone: Client

beforeAll(async () => {
  redis = await startRedis()
  line = await createFaultyLine(redis.port)
  const env = { POLL_HOLD_SECONDS: String(HOLD_SECONDS), PUBLIC_URL: 'http://scanin.test' }
  ;[near, far] = await Promise.all([
    startService({ ...env, REDIS_URL: `redis://127.0.0.1:${line.port}` }),
    startService({ ...env, REDIS_URL: redis.url }),
  ])
  phone = await createPhone(far.url, 'http://scanin.test')
})

afterAll(async () => {
  await line.mend()
  await Promise.all([near.stop(), far.stop()])
  await line.close()
  await redis.stop()
})

interface HeldPoll {
  token: string
  reply: Promise<Reply>
}

/** A browser whose login is scanned and whose poll is being held: the service has read the login from Redis. */
async function startHeldPoll(scannedBy = phone): Promise<HeldPoll> {
  const browser = createClient(near.url, 'http://scanin.test')
  const token = await startLogin(browser)
  await scan(scannedBy, token)
  const read = line.passed('server', { said: /mget/i })
  const reply = browser.get(`/login/status/${token}?seen=scanned&wait=${HOLD_SECONDS}`)
  await read
  return { token, reply }
}

/** A poll held for less long than the others, that nothing happens to. Begin it first. @returns whether it still is */
async function holdElsewhere(): Promise<() => boolean> {
  const bystander = createClient(near.url, 'http://scanin.test')
  const token = await startLogin(bystander)
  let isHeld = true
  const end = () => {
    isHeld = false
  }
  const ask = (seconds: number) => bystander.get(`/login/status/${token}?seen=pending&wait=${seconds}`)
  const read = line.passed('server', { said: /mget/i })
  untilHoldEnds(ask, SHORTER_SECONDS).then(end, end)
  await read
  return () => isHeld
}

async function confirm(by: Client, { token }: HeldPoll): Promise<void> {
  expect((await by.post('/login/confirm', { token })).json).toEqual({ status: 'authenticated' })
}

async function expectToldDuringHold(held: HeldPoll, isOtherHeld: () => boolean): Promise<void> {
  expect((await held.reply).json).toMatchObject({ status: 'authenticated' })
  expect(isOtherHeld()).toBe(true)
}

test('a browser whose notice was lost with a cut connection is told as soon as there is a new one', async () => {
  const [isOtherHeld, held] = [await holdElsewhere(), await startHeldPoll()]
  // Kept back, and then lost.
  line.hang(SUBSCRIBER)
  await confirm(phone, held)
  line.drop(SUBSCRIBER)
  await line.mend()
  await expectToldDuringHold(held, isOtherHeld)
})

test('a connection that is half open is found out and replaced, and who waits is told', async () => {
  const [isOtherHeld, held] = [await holdElsewhere(), await startHeldPoll()]
  line.halfOpen(SUBSCRIBER)
  await confirm(phone, held)
  await expectToldDuringHold(held, isOtherHeld)
})

test('a connection that hangs is found out and replaced, and who waits is told', async () => {
  const [isOtherHeld, held] = [await holdElsewhere(), await startHeldPoll()]
  const before = line.taken()
  line.hang(SUBSCRIBER)
  await confirm(phone, held)
  // The next one says nothing of a subscription before it is made.
  while (line.taken() === before) await line.spoke('client')
  await line.mend()
  await expectToldDuringHold(held, isOtherHeld)
})

test('what happens in the same process is told without Redis', async () => {
  const phoneHere = await createPhone(near.url, 'http://scanin.test')
  const [isOtherHeld, held] = [await holdElsewhere(), await startHeldPoll(phoneHere)]
  line.hang(SUBSCRIBER)
  await confirm(phoneHere, held)
  await expectToldDuringHold(held, isOtherHeld)
  await line.mend()
})

test('whoever listens to a node that leaves its Cluster, and answers all the same, listens to another', async () => {
  const cluster = await startCluster(2, { replicas: 1 })
  const leaving = cluster.nodes.at(-1)
  if (leaving === undefined) throw new Error('there is no such node')
  const service = await startService({ REDIS_CLUSTER: `127.0.0.1:${leaving.port}` })
  const readyz = async () => (await createClient(service.url).get('/readyz')).status
  const listeners = async () => `${await leaving.client.call('CLIENT', 'LIST', 'TYPE', 'pubsub')}`.trim()
  await eventually('it is ready', async () => (await readyz()) === 200)
  expect(await listeners()).not.toBe('')
  for (const { client } of cluster.nodes.slice(0, -1)) await client.call('CLUSTER', 'FORGET', leaving.id)
  await leaving.client.call('CLUSTER', 'RESET')
  await eventually('nobody listens there', async () => {
    await readyz()
    return (await listeners()) === ''
  })
  await eventually('it is ready again', async () => (await readyz()) === 200)
  await service.stop()
  await cluster.stop()
})
