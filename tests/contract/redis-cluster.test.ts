import { Redis } from 'ioredis'
import { connectRedis, whenReady } from '../../server/store/redis-connection.ts'
import { createRedisStore } from '../../server/store/redis-store.ts'
import { eventually } from '../support/eventually.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { describeRecordStore } from './record-store.ts'

const SLOTS = 16_384

describeRecordStore('Redis Cluster', async () => {
  const nodes = await startCluster(3)
  const place = { kind: 'cluster' as const, nodes: nodes.map(({ port }) => ({ host: '127.0.0.1', port })), login: {} }
  const open = async () => {
    const connections = connectRedis(place, { onError: () => undefined })
    await Promise.all(connections.all.map((client) => whenReady(client, PATIENCE_MS)))
    return createRedisStore({ ...connections, keyPrefix: 'contract:' })
  }
  return {
    store: await open(),
    neighbour: await open(),
    end: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  }
})

/** Nodes that share the slots, each a real Redis, and know of each other. */
async function startCluster(count: number): Promise<RedisServer[]> {
  const nodes = await Promise.all(
    Array.from({ length: count }, () => startRedis({ args: ['--cluster-enabled', 'yes'] })),
  )
  const clients = nodes.map(({ url }) => new Redis(url))
  const share = Math.ceil(SLOTS / count)
  await Promise.all(
    clients.map((client, at) =>
      client.call('CLUSTER', 'ADDSLOTSRANGE', at * share, Math.min((at + 1) * share, SLOTS) - 1),
    ),
  )
  const [first, ...others] = clients
  for (const [at] of others.entries()) await first?.call('CLUSTER', 'MEET', '127.0.0.1', nodes[at + 1]?.port ?? 0)
  await eventually('every node knows the whole cluster', async () => {
    const infos = await Promise.all(clients.map((client) => client.call('CLUSTER', 'INFO')))
    return infos.every((info) => `${info}`.includes('cluster_state:ok') && `${info}`.includes(`known_nodes:${count}`))
  })
  for (const client of clients) client.disconnect()
  return nodes
}
