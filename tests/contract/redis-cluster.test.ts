import { connectRedis } from '../../server/store/redis-connection.ts'
import { createRedisStore } from '../../server/store/redis-store.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { startCluster } from '../support/redis-cluster.ts'
import { describeRecordStore } from './record-store.ts'

describeRecordStore('Redis Cluster', async () => {
  const cluster = await startCluster(3)
  const place = {
    kind: 'cluster' as const,
    nodes: cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
    isTls: false,
    login: {},
  }
  const open = async () => {
    const connections = connectRedis(place, { onError: () => undefined })
    await connections.whenReady(PATIENCE_MS)
    return createRedisStore({ ...connections, keyPrefix: 'contract:' })
  }
  return {
    store: await open(),
    neighbour: await open(),
    isSpread: true,
    end: cluster.stop,
  }
})
