import type { Redis } from 'ioredis'
import { createClusterWrites, createServerWrites, type DurableWrites } from './durable-writes.ts'
import { clusterBreakers, type RedisBreakers, serverBreaker } from './redis-breakers.ts'
import {
  type ClusterPlace,
  createClusterClient,
  createNodeClient,
  createServerClient,
  createWriter,
  type RedisClient,
  reconnectingForever,
  type ServerPlace,
  withErrorReporting,
} from './redis-clients.ts'
import type { HostPort, RedisPlace } from './redis-place.ts'

/** What a store needs of a Redis. */
export interface RedisConnections extends RedisBreakers {
  client: RedisClient
  /** A connection of its own, for notices of changes alone. */
  subscriber: Redis
  /** `undefined`: nobody waits for replicas. */
  durable: DurableWrites | undefined
  /**
   * Resolves once commands can be sent, after `patienceMs` without a connection, or when closed: the caller looks by a
   * probe.
   */
  whenReady(patienceMs: number): Promise<void>
  close(): void
}

interface ConnectOptions {
  /** Told whatever goes wrong with a connection, again and again; ioredis would print it otherwise. */
  onError: (error: Error) => void
  /** Told of each new connection. */
  onReady?: () => void
  /** Replicas that must have a durable write before it is answered. */
  waitReplicas?: number
}

/** Clients that never queue: with no connection a command fails at once, and connecting goes on in the background. */
export function connectRedis(place: RedisPlace, options: ConnectOptions): RedisConnections {
  return place.kind === 'cluster' ? connectCluster(place, options) : connectServer(place, options)
}

function connectServer(place: ServerPlace, { onError, onReady, waitReplicas = 0 }: ConnectOptions): RedisConnections {
  const life = new AbortController()
  const connect = () =>
    withErrorReporting(
      reconnectingForever(createServerClient(place), () => life.signal.aborted),
      { onError, onReady },
    )
  const [client, subscriber] = [connect(), connect()]
  const writer = waitReplicas > 0 ? connect() : undefined
  const all = [client, subscriber, ...(writer === undefined ? [] : [writer])]
  return {
    client,
    subscriber,
    durable: writer && createServerWrites(writer, waitReplicas),
    ...serverBreaker(client),
    whenReady: (patienceMs) => allReady(all, patienceMs, life.signal),
    close() {
      life.abort()
      for (const each of all) each.disconnect()
    },
  }
}

function connectCluster(place: ClusterPlace, { onError, onReady, waitReplicas = 0 }: ConnectOptions): RedisConnections {
  const life = new AbortController()
  const cluster = withErrorReporting(createClusterClient(place), { onError, onReady })
  // Every node passes on the notices of all changes, so any node will do, and another one where that is silent.
  const anyNode = createNodeClient(place, () => cluster.nodes())
  const subscriber = withErrorReporting(
    reconnectingForever(anyNode, () => life.signal.aborted),
    { onError, onReady },
  )
  const connect = (node: HostPort) => withErrorReporting(createWriter(place, node), { onError })
  const durable = waitReplicas > 0 ? createClusterWrites({ cluster, connect, replicas: waitReplicas }) : undefined
  return {
    client: cluster,
    subscriber,
    durable,
    ...clusterBreakers(cluster),
    whenReady: (patienceMs) => allReady([cluster, subscriber], patienceMs, life.signal),
    close() {
      life.abort()
      for (const each of [cluster, subscriber]) each.disconnect()
      durable?.close()
    },
  }
}

async function allReady(clients: readonly RedisClient[], patienceMs: number, signal: AbortSignal): Promise<void> {
  await Promise.all(clients.map((client) => whenReady(client, patienceMs, signal)))
}

function whenReady(client: RedisClient, patienceMs: number, signal: AbortSignal): Promise<void> {
  if (client.status === 'ready' || signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      client.off('ready', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, patienceMs)
    client.on('ready', done)
    signal.addEventListener('abort', done)
  })
}
