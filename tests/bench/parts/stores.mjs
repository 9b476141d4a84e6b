import { startRedis } from './redis.mjs'
import { startRedisCluster } from './redis-cluster.mjs'

/**
 * The stores that instances may share: one Redis, and a Cluster of three. Each has `servers`, and a service's `env`.
 */
export async function startStores() {
  const redis = await startRedis()
  const cluster = await startRedisCluster(3)
  return {
    redis,
    cluster,
    stores: [
      { name: 'one Redis', servers: [redis], env: {} },
      { name: 'a Cluster of three', servers: cluster.nodes, env: cluster.env },
    ],
    async stop() {
      await cluster.stop()
      await redis.stop()
    },
  }
}
