import type { OpenedStore, OpenStoreOptions } from './open-store.ts'
import { createRedisClock } from './redis-clock.ts'
import { connectRedis, type RedisConnections } from './redis-connection.ts'
import { tellEviction } from './redis-eviction.ts'
import { createRedisLimiter } from './redis-limiter.ts'
import type { RedisPlace } from './redis-place.ts'
import { createRedisStore } from './redis-store.ts'
import { StoreSettingError } from './store-setting-error.ts'
import { timedStore } from './timed-store.ts'

/** @throws StoreSettingError when Redis is there and waiting will not help, as with a wrong password */
export async function openRedis(
  options: OpenStoreOptions,
  { place, waitReplicas }: { place: RedisPlace; waitReplicas: number },
): Promise<OpenedStore> {
  const { keyPrefix, onError } = options
  const connections = await connect(options, place, waitReplicas)
  tellEviction(connections.client, onError)
  const time = createRedisClock({ ...options, client: connections.client, key: `${keyPrefix}time` })
  if (connections.client.status === 'ready') await time.asked()
  return {
    store: timedStore(createRedisStore({ ...connections, keyPrefix, onError }), time),
    use: connections.use,
    clock: time.now,
    makeLimiter: (name, points, durationSeconds) =>
      createRedisLimiter({ ...connections, keyPrefix: `${keyPrefix}rate:${name}`, points, duration: durationSeconds }),
  }
}

/** One connection for commands, one for notices, one for what waits for replicas. */
async function connect(
  { patienceMs, troubles, onError }: OpenStoreOptions,
  place: RedisPlace,
  waitReplicas: number,
): Promise<RedisConnections> {
  let refuse = (_error: Error): void => undefined
  const refused = new Promise<never>((_resolve, reject) => {
    refuse = reject
  })
  let phase: 'starting' | 'refused' | 'open' = 'starting'
  const noteError = (error: Error) => {
    const trouble = troubles.noteConnectionError(error)
    if (phase === 'starting' && trouble?.isOurs) {
      phase = 'refused'
      refuse(new StoreSettingError(trouble.text, { cause: error }))
    }
    // Not told: what follows from the refusal, and that a start has no connection, which it says at its end.
    if (phase === 'open' || (phase === 'starting' && !trouble?.isSymptom)) onError(error)
  }
  const connections = connectRedis(place, { onError: noteError, onReady: troubles.noteConnected, waitReplicas })
  try {
    await Promise.race([refused, connections.whenReady(patienceMs)])
  } catch (error) {
    connections.close()
    throw error
  }
  phase = 'open'
  return connections
}
