import { connectRedis, whenReady } from '../../server/store/redis-connection.ts'
import { createRedisStore } from '../../server/store/redis-store.ts'
import { placeOf, startRedis } from '../support/redis-server.ts'
import { describeRecordStore } from './record-store.ts'

describeRecordStore('Redis', async () => {
  const redis = await startRedis()
  const open = async () => {
    const { client, subscriber } = connectRedis(placeOf(redis.url), () => undefined)
    await Promise.all([whenReady(client, 5000), whenReady(subscriber, 5000)])
    return createRedisStore({ client, subscriber, keyPrefix: 'a contract: ', waitReplicas: 0 })
  }
  return { store: await open(), neighbour: await open(), end: () => redis.stop() }
})
