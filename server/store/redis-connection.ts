import { Cluster, Redis } from 'ioredis'
import type { RedisPlace, SingleRedis } from './redis-place.ts'

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
  if (client instanceof Redis) listenForDenial(client, onError)
  client.on('error', (error: Error) => {
    onError(error)
    // ioredis would go on in database 0, which is somebody else's.
    if (error.message.includes('DB index is out of range')) client.disconnect(true)
  })
  return client
}

/** A server in protected mode says so and hangs up. ioredis takes it for a password too many, and finds a broken pipe. */
function listenForDenial(client: Redis, onError: (error: Error) => void): void {
  client.on('connect', () => {
    client.stream.once('data', (data: Buffer) => {
      const reply = data.toString()
      if (reply.startsWith('-DENIED')) onError(new Error(reply.slice(1, reply.indexOf('\r'))))
    })
  })
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
  // The store does (redis-store.ts): here a refusal would be nobody's, and end the process.
  autoResubscribe: false,
  // Fewer words before the server's first: one that is closing would cut its reply off.
  disableClientInfo: true,
}

function createClient(place: RedisPlace): RedisClient {
  switch (place.kind) {
    case 'single':
      return new Redis({ ...CONNECTION_OPTIONS, ...addressOf(place), ...place.login, db: place.database })
    case 'sentinel':
      return new Redis({
        ...CONNECTION_OPTIONS,
        ...place.login,
        sentinels: [...place.sentinels],
        name: place.name,
        sentinelRetryStrategy: reconnectPause,
      })
    case 'cluster': {
      const { enableOfflineQueue, enableAutoPipelining, retryStrategy, ...redisOptions } = CONNECTION_OPTIONS
      return new Cluster([...place.nodes], {
        redisOptions: { ...redisOptions, ...place.login },
        enableOfflineQueue,
        enableAutoPipelining,
        clusterRetryStrategy: retryStrategy,
      })
    }
  }
}

function addressOf({ server }: SingleRedis) {
  if ('path' in server) return { path: server.path }
  return { host: server.host, port: server.port, ...(server.isTls ? { tls: {} } : {}) }
}

function reconnectPause(attempt: number): number {
  return Math.min(attempt * 100, LONGEST_RECONNECT_PAUSE_MS)
}

/** Resolves once commands can be sent, or after `patienceMs` without a connection: the caller looks by a probe. */
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
