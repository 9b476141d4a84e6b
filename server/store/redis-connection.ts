import { Cluster, Redis } from 'ioredis'
import type { RedisPlace } from './redis-place.ts'

export type RedisClient = Redis | Cluster

/** No command waits longer than this; the request it belongs to is then answered with `store_unavailable`. */
const COMMAND_TIMEOUT_MS = 2000
const LONGEST_RECONNECT_PAUSE_MS = 2000

/**
 * A client that never queues: with no connection a command fails at once, and connecting goes on in the background.
 * Connection errors go to `onError`; ioredis would print them otherwise.
 */
export function connectRedis(place: RedisPlace, onError: (error: Error) => void): RedisClient {
  const client = createClient(place)
  client.on('error', onError)
  return client
}

const CONNECTION_OPTIONS = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  commandTimeout: COMMAND_TIMEOUT_MS,
  connectTimeout: COMMAND_TIMEOUT_MS,
  retryStrategy: reconnectPause,
  // A failover turned our primary into a replica: find the new one.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  // What is sent in one turn of the event loop goes out in one write.
  enableAutoPipelining: true,
  // Reads have been gathered by then (redis-store.ts).
  autoPipeliningIgnoredCommands: ['mget'],
}

function createClient(place: RedisPlace): RedisClient {
  switch (place.kind) {
    case 'single':
      return place.url.startsWith('unix:')
        ? new Redis({ ...CONNECTION_OPTIONS, path: place.url.replace(/^unix:(\/\/)?/, '') })
        : new Redis(place.url, CONNECTION_OPTIONS)
    case 'sentinel':
      return new Redis({
        ...CONNECTION_OPTIONS,
        sentinels: [...place.sentinels],
        name: place.name,
        sentinelRetryStrategy: reconnectPause,
      })
    case 'cluster': {
      const { enableOfflineQueue, enableAutoPipelining, retryStrategy, ...redisOptions } = CONNECTION_OPTIONS
      return new Cluster([...place.nodes], {
        redisOptions,
        enableOfflineQueue,
        enableAutoPipelining,
        clusterRetryStrategy: retryStrategy,
      })
    }
  }
}

function reconnectPause(attempt: number): number {
  return Math.min(attempt * 100, LONGEST_RECONNECT_PAUSE_MS)
}

/** Resolves once commands can be sent, or after `patienceMs` without a connection: the caller looks by `ping`. */
export function whenReady(client: RedisClient, patienceMs: number): Promise<void> {
  if (client.status === 'ready') return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      client.off('ready', done)
      resolve()
    }
    const timer = setTimeout(done, patienceMs)
    client.on('ready', done)
  })
}
