import { connectRedis } from '../../server/store/redis-connection.ts'
import { createRedisStore } from '../../server/store/redis-store.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { placeOf, startRedis } from '../support/redis-server.ts'
import { describeRecordStore } from './record-store.ts'

describeRecordStore('Redis', async () => {
  const redis = await startRedis()
  const open = async () => {
    const connections = connectRedis(placeOf(redis.url), { onError: () => undefined })
    await connections.whenReady(PATIENCE_MS)
    return createRedisStore({ ...connections, keyPrefix: 'a contract: ' })
  }
  return { store: await open(), neighbour: await open(), end: () => redis.stop() }
})
