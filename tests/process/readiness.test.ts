import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { createClient, createPhone } from '../support/http-client.ts'
import { signInBrowser } from '../support/login-flow.ts'
import { ADMIN_TOKEN, createOperator } from '../support/operator.ts'
import { sendRaw } from '../support/raw-socket.ts'
import { startCluster } from '../support/redis-cluster.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { DEMO_PASSWORD, ROOT, type Service, startServiceProcess } from '../support/service.ts'

/** `/readyz` says 200 exactly when a login would work, and the log says why when it would not. */

let redis: RedisServer
let admin: Redis

beforeAll(async () => {
  redis = await startRedis()
  admin = new Redis(redis.url)
})

afterAll(async () => {
  admin.disconnect()
  await redis.stop()
})

const readyz = async ({ url }: Service) => (await createClient(url).get('/readyz')).status
/** Without those that come a minute later, and count. */
const linesAbout = ({ stdout }: Service, kind: string) =>
  stdout()
    .split('\n')
    .filter((line) => line.includes(`"trouble":"${kind}"`) && !line.includes('"times"'))
const becomesReady = (service: Service) =>
  eventually('the service is ready', async () => (await readyz(service)) === 200)

/** Asks often: the reply has to be the same, and the log is not to grow by it. */
async function expectNotReady(service: Service, kind: string, hint: string): Promise<void> {
  const client = createClient(service.url)
  for (let asked = 0; asked < 2; asked++) {
    const reply = await client.get('/readyz')
    expect([reply.status, reply.json.code]).toEqual([503, 'store_unavailable'])
  }
  expect((await client.get('/healthz')).status).toBe(200)
  expect(service.stderr()).toContain('NOT WORKING')
  expect(linesAbout(service, kind)).toEqual([expect.stringContaining(hint)])
  expect(service.stdout()).not.toContain('"stack"')
}

test('a Redis user without rights to the channel is not ready, and is once it has them', async () => {
  await admin.call('ACL', 'SETUSER', 'deaf', 'on', '>pw', '~scanin:*', 'resetchannels', '+@all')
  const service = await startServiceProcess({ REDIS_URL: `redis://deaf:pw@127.0.0.1:${redis.port}` })
  await expectNotReady(service, 'redis_channel', '&scanin:*')
  await admin.call('ACL', 'SETUSER', 'deaf', '&scanin:*')
  await becomesReady(service)
  expect(await service.stop()).toBe(0)
})

test('a Redis that lets nobody listen is not ready, and is once it does', async () => {
  await admin.call('ACL', 'SETUSER', 'no-listener', 'on', '>pw', '~scanin:*', '&scanin:*', '+@all', '-subscribe')
  const service = await startServiceProcess({ REDIS_URL: `redis://no-listener:pw@127.0.0.1:${redis.port}` })
  await expectNotReady(service, 'redis_channel', 'SUBSCRIBE')
  await admin.call('ACL', 'SETUSER', 'no-listener', '+subscribe')
  await becomesReady(service)
  expect(await service.stop()).toBe(0)
})

function documentedRights(): string[] {
  const docs = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8')
  const [, rights = ''] = /^ACL SETUSER scanin on >PASSWORD (.+)$/m.exec(docs) ?? []
  return rights.split(' ')
}

test('the user that docs/operations.md makes is enough, for more than a probe', async () => {
  await admin.call('ACL', 'SETUSER', 'just-enough', 'on', '>pw', ...documentedRights())
  const service = await startServiceProcess({
    REDIS_URL: `redis://just-enough:pw@127.0.0.1:${redis.port}`,
    RATE_LOGINS_PER_MINUTE: '5',
  })
  await becomesReady(service)
  const [browser, phone] = [createClient(service.url), await createPhone(service.url)]
  await signInBrowser(browser, phone)
  expect((await phone.delete('/sessions')).json).toEqual({ revoked: 1 })
  // A connection that took its time on a busy machine says nothing about rights.
  const troubles = [...service.stdout().matchAll(/"trouble":"(\w+)"/g)].map(([, kind]) => kind)
  expect(troubles.filter((kind) => kind !== 'redis_connection')).toEqual([])
  expect(await service.stop()).toBe(0)
})

test('that user can do nothing to what others keep in the same Redis', async () => {
  await admin.call('ACL', 'SETUSER', 'no-more', 'on', '>pw', ...documentedRights())
  const user = new Redis(`redis://no-more:pw@127.0.0.1:${redis.port}`)
  const others = [
    ['FLUSHALL'],
    ['FLUSHDB'],
    ['SWAPDB', '0', '1'],
    ['CLIENT', 'PAUSE', '1'],
    ['CLIENT', 'LIST'],
    ['KEYS', '*'],
  ]
  for (const [command = '', ...args] of [...others, ['SET', 'other:key', '1'], ['CONFIG', 'GET', 'save']]) {
    await expect(user.call(command, ...args)).rejects.toThrow(/NOPERM/)
  }
  user.disconnect()
})

test('a Redis user without rights to a key is not ready', async () => {
  await admin.call('ACL', 'SETUSER', 'elsewhere', 'on', '>pw', '~other:*', '&*', '+@all')
  const service = await startServiceProcess({ REDIS_URL: `redis://elsewhere:pw@127.0.0.1:${redis.port}` })
  await expectNotReady(service, 'redis_rights', 'docs/operations.md')
  expect(await service.stop()).toBe(0)
})

/** It works by its own clock, and says so: waiting for a time that is never told would be for ever. */
async function expectReadyByItsOwnClock(env: Record<string, string>): Promise<void> {
  const service = await startServiceProcess(env)
  await becomesReady(service)
  await signInBrowser(createClient(service.url), await createPhone(service.url))
  expect(linesAbout(service, 'redis_time')).toEqual([expect.stringContaining('+time')])
  expect(await service.stop()).toBe(0)
}

test('a Redis that has another name for TIME, or none, is ready', async () => {
  const nameless = await startRedis({ args: ['--rename-command', 'TIME', ''] })
  await expectReadyByItsOwnClock({ REDIS_URL: nameless.url })
  await nameless.stop()
})

describe('a Redis that evicts', () => {
  let evicting: RedisServer
  let operator: Redis

  beforeAll(async () => {
    evicting = await startRedis({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'volatile-lru'] })
    operator = new Redis(evicting.url)
  })
  afterAll(async () => {
    operator.disconnect()
    await evicting.stop()
  })

  async function expectTold(env: Record<string, string>): Promise<void> {
    const service = await startServiceProcess(env)
    await becomesReady(service)
    await eventually('it is told of', () => linesAbout(service, 'redis_evicts').length === 1)
    expect(linesAbout(service, 'redis_evicts')).toEqual([expect.stringContaining('noeviction')])
    expect(await service.stop()).toBe(0)
  }

  async function expectNothingTold(env: Record<string, string>): Promise<void> {
    const service = await startServiceProcess(env)
    await becomesReady(service)
    expect(await service.stop()).toBe(0)
    expect([...linesAbout(service, 'redis_evicts'), ...linesAbout(service, 'redis_rights')]).toEqual([])
  }

  test('is ready, and told of in the log', () => expectTold({ REDIS_URL: evicting.url }))

  test('is told of by nobody where its user may not ask', async () => {
    await operator.call('ACL', 'SETUSER', 'no-info', 'on', '>pw', '~*', '&*', '+@all', '-info')
    await expectNothingTold({ REDIS_URL: `redis://no-info:pw@127.0.0.1:${evicting.port}` })
  })

  test('is none without a maxmemory, nor with noeviction', async () => {
    await operator.config('SET', 'maxmemory', '0')
    await expectNothingTold({ REDIS_URL: evicting.url })
    await operator.config('SET', 'maxmemory', '100mb', 'maxmemory-policy', 'noeviction')
    await expectNothingTold({ REDIS_URL: evicting.url })
  })

  test('is told of in a Cluster, by whichever node', async () => {
    const cluster = await startCluster(2)
    await cluster.nodes[1]?.client.config('SET', 'maxmemory', '100mb', 'maxmemory-policy', 'allkeys-lru')
    await expectTold(cluster.env)
    await cluster.stop()
  })
})

test('in a Cluster, which is asked by a script, a user who may not ask for the time is enough', async () => {
  const cluster = await startCluster(2)
  const rights = [...documentedRights(), '+cluster|slots', '+cluster|info', '-time']
  await Promise.all(
    cluster.nodes.map(({ client }) => client.call('ACL', 'SETUSER', 'timeless', 'on', '>pw', ...rights)),
  )
  await expectReadyByItsOwnClock({ ...cluster.env, REDIS_USERNAME: 'timeless', REDIS_PASSWORD: 'pw' })
  await cluster.stop()
})

test('a full Redis is not ready, and is once it has room', async () => {
  const small = await startRedis({ args: ['--maxmemory', '1', '--maxmemory-policy', 'noeviction'] })
  const service = await startServiceProcess({ REDIS_URL: small.url })
  await expectNotReady(service, 'redis_full', 'maxmemory')
  const client = new Redis(small.url)
  await client.config('SET', 'maxmemory', '0')
  await becomesReady(service)
  client.disconnect()
  expect(await service.stop()).toBe(0)
  await small.stop()
})

test('without the replicas that approvals wait for, the service is not ready', async () => {
  const service = await startServiceProcess({ REDIS_URL: redis.url, REDIS_WAIT_REPLICAS: '1' })
  await expectNotReady(service, 'redis_replicas', 'REDIS_WAIT_REPLICAS')
  // Nor is anything else to blame where one write waits behind another.
  const signIn = () => createClient(service.url).post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })
  const statuses = await Promise.all([1, 2, 3, 4].map(async () => (await signIn()).status))
  expect(statuses).toEqual([503, 503, 503, 503])
  expect(linesAbout(service, 'redis_connection')).toEqual([])
  expect(await service.stop()).toBe(0)
})

test('without the replicas that Redis itself asks for, the service is not ready, and its own setting is not blamed', async () => {
  const lonely = await startRedis({ args: ['--min-replicas-to-write', '1'] })
  const service = await startServiceProcess({ REDIS_URL: lonely.url })
  await expectNotReady(service, 'redis_min_replicas', 'min-replicas-to-write')
  expect(service.stdout() + service.stderr()).not.toContain('REDIS_WAIT_REPLICAS')
  expect(await service.stop()).toBe(0)
  await lonely.stop()
})

test('a replica, which takes no writes, is not ready', async () => {
  const replica = await startRedis({ args: ['--replicaof', `127.0.0.1 ${redis.port}`] })
  const service = await startServiceProcess({ REDIS_URL: replica.url })
  await expectNotReady(service, 'redis_read_only', 'REDIS_SENTINELS')
  expect(await service.stop()).toBe(0)
  await replica.stop()
})

test('a hundred probes at once are one try of the store, and leave nothing behind', async () => {
  const service = await startServiceProcess({ REDIS_URL: redis.url, KEY_PREFIX: 'flood:' })
  const runs = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0)
  const before = await runs()
  expect(await readyz(service)).toBe(200)
  const ofOne = (await runs()) - before
  expect(ofOne).toBeGreaterThan(0)
  const replies = await Promise.all(Array.from({ length: 100 }, () => readyz(service)))
  expect(new Set(replies)).toEqual(new Set([200]))
  // On a busy machine they do not arrive all at once: some wait for the next try.
  expect((await runs()) - before - ofOne).toBeLessThan(50 * ofOne)
  expect(await admin.keys('flood:*')).toEqual([])
  expect(await service.stop()).toBe(0)
})

test('probes of HTTP/1.0 need no Host, and get their connection closed; HTTP/1.1 needs one', async () => {
  const service = await startServiceProcess()
  for (const path of ['/healthz', '/readyz']) {
    const old = await sendRaw(service.port, `GET ${path} HTTP/1.0\r\n\r\n`)
    expect([path, old.status, old.headers.get('connection'), old.body]).toEqual([path, 200, 'close', '{"status":"ok"}'])
    const kept = await sendRaw(service.port, `GET ${path} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`)
    expect([kept.status, kept.headers.get('connection')]).toEqual([200, 'keep-alive'])
    expect((await sendRaw(service.port, `GET ${path} HTTP/1.1\r\n\r\n`)).status).toBe(400)
  }
  expect((await sendRaw(service.port, 'OPTIONS /healthz HTTP/1.0\r\n\r\n')).status).not.toBe(400)
  expect(await service.stop()).toBe(0)
})

test('who collects metrics by HTTP/1.0 needs no Host either, but at the port for operators, where it is told by it that nobody is a page', async () => {
  const port = await freePort()
  const operator = await createOperator()
  const service = await startServiceProcess({ METRICS_PORT: String(port), ...operator.env })
  const collected = await sendRaw(port, 'GET /metrics HTTP/1.0\r\n\r\n')
  expect([collected.status, collected.headers.get('connection')]).toEqual([200, 'close'])
  expect((await sendRaw(port, 'GET /metrics HTTP/1.1\r\n\r\n')).status).toBe(400)
  const [adminPort, shown] = [Number(operator.env.ADMIN_PORT), `Authorization: Bearer ${ADMIN_TOKEN}\r\n`]
  const nameless = await sendRaw(adminPort, `GET /metrics HTTP/1.0\r\n${shown}\r\n`)
  expect([nameless.status, JSON.parse(nameless.body).code]).toEqual([403, 'cross_site_request'])
  const named = await sendRaw(adminPort, `GET /metrics HTTP/1.0\r\nHost: localhost\r\n${shown}\r\n`)
  expect([named.status, named.headers.get('connection')]).toEqual([200, 'close'])
  expect(await service.stop()).toBe(0)
})
