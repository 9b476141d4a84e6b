import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { RecordStore } from '../../server/store/record-store.ts'
import { connectRedis } from '../../server/store/redis-connection.ts'
import { createRedisStore } from '../../server/store/redis-store.ts'
import { updateRecord } from '../../server/store/update-record.ts'
import { eventually } from '../support/eventually.ts'
import { createFaultyLine, type FaultyLine } from '../support/faulty-line.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { type RedisCluster, startCluster } from '../support/redis-cluster.ts'

/** A Cluster of three that is reached over lines: what is sent again after a lost reply finds its own first try. */

const expiresAt = Date.now() + 3_600_000

let cluster: RedisCluster
let lines: FaultyLine[]
let store: RecordStore

beforeAll(async () => {
  cluster = await startCluster(3)
  lines = await Promise.all(cluster.nodes.map(({ port }) => createFaultyLine(port)))
  for (const [at, { client }] of cluster.nodes.entries()) {
    await client.config('SET', 'cluster-announce-port', `${lines[at]?.port}`)
  }
  await eventually('every node knows where the others are', async () => {
    const answers = await Promise.all(cluster.nodes.map(({ client }) => client.call('CLUSTER', 'NODES')))
    return answers.every((answer) => lines.every(({ port }) => `${answer}`.includes(`127.0.0.1:${port}@`)))
  })
  const nodes = lines.map(({ port }) => ({ host: '127.0.0.1', port }))
  const connections = connectRedis({ kind: 'cluster', nodes, isTls: false, login: {} }, { onError: () => undefined })
  await connections.whenReady(PATIENCE_MS)
  store = createRedisStore({ ...connections, keyPrefix: 'lost:' })
})

afterAll(async () => {
  await store.close()
  await Promise.all(lines.map((line) => line.close()))
  await cluster.stop()
})

/** What is in the Cluster, past the lines. */
async function stored(key: string): Promise<string | undefined> {
  const values = await Promise.all(cluster.nodes.map(({ client }) => client.get(`lost:${key}`).catch(() => null)))
  return values.find((value) => value !== null) ?? undefined
}

/** Does something about a record and loses the reply: connections are cut once it is done. */
async function withoutReply<Result>(key: string, act: () => Promise<Result>): Promise<Result> {
  // Waits until the node that has the record is connected.
  await eventually('the store answers', () =>
    store.read(key).then(
      () => true,
      () => false,
    ),
  )
  const before = await stored(key)
  for (const line of lines) line.hang({ from: 'server' })
  const done = act()
  done.catch(() => undefined)
  try {
    await eventually('it is done', async () => (await stored(key)) !== before)
    for (const line of lines) line.drop({ by: 'RST' })
  } finally {
    await Promise.all(lines.map((line) => line.mend()))
  }
  return done
}

test('what is asked at once of nodes that are only just being connected is done', async () => {
  const keys = Array.from({ length: 60 }, (_, at) => `many:${at}`)
  await Promise.all(keys.map((key) => store.write(key, 1, { expiresAt })))
  for (const line of lines) line.drop()
  await eventually('it is read again', () =>
    Promise.all(keys.map((key) => store.read(key))).then(
      (records) => records.every((record) => record?.value === 1),
      () => false,
    ),
  )
})

test("a record that was made, unheard, is uncertain and not taken for somebody else's", async () => {
  const made = withoutReply('made', () => store.write('made', 1, { expiresAt, ifVersion: null }))
  await expect(made).rejects.toMatchObject({ code: 'store_unavailable' })
  expect((await eventually('it is read', () => store.read('made').catch(() => undefined)))?.value).toBe(1)
})

test('a change that was written, unheard, is told as uncertain', async () => {
  await eventually('it is there', () => store.write('changed', 1, { expiresAt }).catch(() => false))
  // So that nothing has to be read first.
  const guess = await eventually('it is read', () => store.read('changed').catch(() => undefined))
  const told: string[] = []
  const next = { value: 2, expiresAt }
  const change = (value: unknown) =>
    value === 1
      ? { next, onWritten: () => told.push('written'), onUncertain: () => told.push('uncertain'), result: 'mine' }
      : { result: 'somebody else was first' }
  const changed = withoutReply('changed', () => updateRecord(store, 'changed', change, guess))
  await expect(changed).rejects.toMatchObject({ code: 'store_unavailable' })
  expect(told).toEqual(['uncertain'])
})

test('what was taken away, unheard, is not taken for what somebody else took', async () => {
  await eventually('it is there', () => store.write('taken', 1, { expiresAt }).catch(() => false))
  const found = await eventually('it is read', () => store.read('taken').catch(() => undefined))
  const taken = withoutReply('taken', () => store.remove('taken', found.version))
  await expect(taken).rejects.toMatchObject({ code: 'store_unavailable' })
})
