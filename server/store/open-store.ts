import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { Clock } from '../clock.ts'
import { createMemoryStore } from './memory-store.ts'
import { createRecordLimiter, type Limiter } from './record-limiter.ts'
import type { RecordStore } from './record-store.ts'
import { createRedisClock } from './redis-clock.ts'
import { connectRedis, type RedisConnections } from './redis-connection.ts'
import { createRedisLimiter } from './redis-limiter.ts'
import type { RedisPlace, StoreChoice } from './redis-place.ts'
import { createRedisStore } from './redis-store.ts'
import { StoreSettingError } from './store-setting-error.ts'
import type { StoreTroubles } from './store-troubles.ts'
import { timedStore } from './timed-store.ts'

export interface OpenStoreOptions {
  choice: StoreChoice
  keyPrefix: string
  /** The process's own. */
  clock: Clock
  /** The machine's, whoever sets it. */
  wall: Clock
  /** Counts milliseconds evenly, whatever anybody sets. */
  steady: () => number
  /** How long to wait for a connection before going on without. */
  patienceMs: number
  troubles: StoreTroubles
  /** Told whatever goes wrong with a connection, again and again. */
  onError: (error: Error) => void
}

export interface OpenedStore {
  store: RecordStore
  /** The store's: the same for all who share it, and the one that ends are made and judged by. */
  clock: Clock
  makeLimiter: (name: string, points: number, durationSeconds: number) => Limiter
}

/**
 * Opens the store that was chosen, and what counts limits beside it. A Redis that is away is waited for, then gone on
 * without: it may come.
 * @throws StoreSettingError when Redis is there and waiting will not help, as with a wrong password; when the folder of
 *   a store on disk cannot be used
 */
export async function openStore(options: OpenStoreOptions): Promise<OpenedStore> {
  switch (options.choice.kind) {
    case 'embedded':
      return openMemory(options)
    case 'disk':
      return openDisk(options, options.choice.path)
    case 'redis':
      return openRedis(options, options.choice)
  }
}

function openMemory({ clock }: OpenStoreOptions): OpenedStore {
  return {
    store: createMemoryStore({ clock }),
    clock,
    makeLimiter: (keyPrefix, points, duration) => new RateLimiterMemory({ keyPrefix, points, duration }),
  }
}

/**
 * Its library is loaded only where it is used: no other start waits for it. What its processes have in common, and with
 * those of tomorrow, is the machine's clock.
 */
async function openDisk({ keyPrefix, wall: clock }: OpenStoreOptions, path: string): Promise<OpenedStore> {
  const { createDiskStore } = await import('./disk-store.ts')
  const store = await createDiskStore({ path, keyPrefix, clock })
  return {
    store,
    clock,
    makeLimiter: (name, points, durationSeconds) =>
      createRecordLimiter({ store, clock, name, points, durationSeconds }),
  }
}

async function openRedis(
  options: OpenStoreOptions,
  { place, waitReplicas }: { place: RedisPlace; waitReplicas: number },
): Promise<OpenedStore> {
  const { keyPrefix, onError } = options
  const connections = await connect(options, place, waitReplicas)
  const time = createRedisClock({ ...options, client: connections.client, key: `${keyPrefix}time` })
  if (connections.client.status === 'ready') await time.asked()
  return {
    store: timedStore(createRedisStore({ ...connections, keyPrefix, onError }), time),
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
    // What follows from the refusal is no news, and a start without a connection says so at its end.
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
