import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { RedisClient } from '../../../server/store/redis-clients.ts'
import { connectRedis } from '../../../server/store/redis-connection.ts'
import { createRedisStore } from '../../../server/store/redis-store.ts'
import { eventually } from '../../support/eventually.ts'
import { createFaultyLine } from '../../support/faulty-line.ts'
import { PATIENCE_MS } from '../../support/patience.ts'
import { placeOf, type RedisServer, startRedis } from '../../support/redis-server.ts'

const later = () => Date.now() + 60_000

async function openStore(url: string, waitReplicas = 0) {
  const connections = connectRedis(placeOf(url), { onError: () => undefined, waitReplicas })
  await connections.whenReady(PATIENCE_MS)
  return { client: connections.client, store: createRedisStore({ ...connections, keyPrefix: 'scanin:' }) }
}

describe('on one Redis', () => {
  let redis: RedisServer
  let opened: Awaited<ReturnType<typeof openStore>>
  beforeAll(async () => {
    redis = await startRedis()
    opened = await openStore(redis.url)
  })
  afterAll(async () => {
    await opened.store.close()
    await redis.stop()
  })

  test('every key has the prefix and a TTL', async () => {
    await opened.store.write('one', 1, { expiresAt: later() })
    await opened.store.write('two', 2, { expiresAt: later(), ifVersion: null })
    const keys = await opened.client.keys('*')
    expect(keys.sort()).toEqual(['scanin:one', 'scanin:two'])
    for (const key of keys) expect(await opened.client.pttl(key)).toBeGreaterThan(0)
  })

  test('the reads of one turn go out as one command', async () => {
    const before = await commandsOf(opened.client)
    await Promise.all(Array.from({ length: 100 }, (_, at) => opened.store.read(`key ${at}`)))
    const after = await commandsOf(opened.client)
    expect(after.get('mget')).toBe((before.get('mget') ?? 0) + 1)
    expect(after.get('get') ?? 0).toBe(before.get('get') ?? 0)
  })

  test('creating costs no script and no notice', async () => {
    const before = await commandsOf(opened.client)
    await opened.store.write('fresh', 1, { expiresAt: later(), ifVersion: null })
    const after = await commandsOf(opened.client)
    expect(after.get('set')).toBe((before.get('set') ?? 0) + 1)
    expect(after.get('publish') ?? 0).toBe(before.get('publish') ?? 0)
  })

  test('what is written together is written or refused as one where there is no room', async () => {
    const { client, store } = opened
    for (const key of ['a', 'b']) await store.write(key, 'long enough', { expiresAt: later() })
    const write = (key: string, value: string) => ({ key, value, expiresAt: later() })
    await client.config('SET', 'maxmemory', '1')
    const growing = store.writeTogether([write('a', 'short'), write('new', 'short')])
    await expect(growing).rejects.toMatchObject({ code: 'store_unavailable' })
    expect([(await store.read('a'))?.value, await store.read('new')]).toEqual(['long enough', undefined])
    expect(await store.writeTogether([write('a', 'short'), write('b', 'short')])).toBe(true)
    expect([(await store.read('a'))?.value, (await store.read('b'))?.value]).toEqual(['short', 'short'])
    await client.config('SET', 'maxmemory', '0')
  })

  test('a durable write without the replicas it asks for is unavailable', async () => {
    const strict = await openStore(redis.url, 1)
    const write = strict.store.write('durable', 1, { expiresAt: later(), durable: true })
    await expect(write).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(await strict.store.write('plain', 1, { expiresAt: later() })).toBe(true)
    await strict.store.close()
  })

  test('a durable write is answered once a replica has it', async () => {
    const replica = await startRedis({ args: ['--replicaof', `127.0.0.1 ${redis.port}`] })
    await eventually('the replica is in step', async () => /state=online/.test(await opened.client.info('replication')))
    const strict = await openStore(redis.url, 1)
    // A busy replica may be later than a write is waited for, which is refused then.
    const key = await eventually('one is answered', async () => {
      const tried = `replicated-${randomUUID()}`
      const isWritten = strict.store.write(tried, 'x', { expiresAt: later(), durable: true })
      return (await isWritten.catch(() => false)) && tried
    })
    const reader = await openStore(replica.url)
    expect((await reader.store.read(key))?.value).toBe('x')
    await Promise.all([strict.store.close(), reader.store.close()])
    await replica.stop()
  })
})

test('a connection that tells of changes stays, also where it tells of one before that is answered', async () => {
  const redis = await startRedis()
  const [slow, toListen] = [await createFaultyLine(redis.port), await createFaultyLine(redis.port)]
  slow.delay(100)
  const open = (port: number) => connectRedis(placeOf(`redis://127.0.0.1:${port}`), { onError: () => undefined })
  const [connections, { subscriber, close }] = [open(slow.port), open(toListen.port)]
  await connections.whenReady(PATIENCE_MS)
  const store = createRedisStore({ ...connections, subscriber, keyPrefix: 'scanin:' })
  await store.write('key', 1, { expiresAt: later() })
  const ifVersion = (await store.read('key'))?.version
  let told = 0
  store.watch('key', () => told++)
  const answered = store.write('key', 2, { expiresAt: later(), ...(ifVersion && { ifVersion }) })
  await eventually('it is told', () => told > 0)
  expect(await answered).toBe(true)
  const before = toListen.taken()
  for (let pings = 0; pings < 6; pings++) await toListen.passed('client', { said: /subscribe/i })
  expect(toListen.taken()).toBe(before)
  close()
  await store.close()
  await Promise.all([slow.close(), toListen.close()])
  await redis.stop()
})

test('a Redis that goes away is unavailable at once, and everything works again when it is back', async () => {
  const first = await startRedis()
  const { store } = await openStore(first.url)
  await store.write('key', 1, { expiresAt: later() })
  await first.stop()
  await eventually('the loss is noticed', () =>
    store.read('key').then(
      () => false,
      () => true,
    ),
  )
  await expect(store.write('key', 2, { expiresAt: later() })).rejects.toMatchObject({ code: 'store_unavailable' })

  const second = await startRedis({ port: first.port })
  await eventually('the store is back', () =>
    store.read('key').then(
      () => true,
      () => false,
    ),
  )
  await store.write('key', 3, { expiresAt: later() })
  let told = 0
  const stop = store.watch('key', () => told++)
  // The subscription is renewed by itself; until then a notice is lost, which a watcher has to live with.
  await eventually('notices come again', async () => {
    await store.write('key', Math.random(), { expiresAt: later() })
    return told > 0
  })
  stop()
  await store.close()
  await second.stop()
})

async function commandsOf(client: RedisClient): Promise<Map<string, number>> {
  const stats = await client.info('commandstats')
  return new Map([...stats.matchAll(/cmdstat_(\w+):calls=(\d+)/g)].map(([, name = '', calls]) => [name, Number(calls)]))
}
