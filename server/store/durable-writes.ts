import type { Cluster, Redis } from 'ioredis'
import { createDurableLine, type DurableLine, type RedisWrite } from './durable-line.ts'
import { nodeOf } from './redis-breakers.ts'
import type { HostPort } from './redis-place.ts'
import { StoreError } from './store-error.ts'

/** Writes that replicas have once they are answered, wherever their key is kept. */
export interface DurableWrites {
  /** Rejects when replicas do not have it in time; they may have it later. @returns what Redis says of the write */
  write(key: string, command: RedisWrite): Promise<unknown>
}

/** On one server, or on the primary that Sentinels name. */
export function createServerWrites(redis: Redis, replicas: number): DurableWrites {
  const line = createDurableLine({ redis, replicas })
  return { write: (_key, command) => line.write(command) }
}

interface ClusterWritesOptions {
  /** Knows which node has which slot. */
  cluster: Cluster
  /** Makes a connection to one node, which ends when it breaks. */
  connect: (node: HostPort) => Redis
  replicas: number
}

const MOST_REDIRECTS = 8
const REDIRECT = /^(MOVED|ASK) \d+ (.*):(\d+)$/

/**
 * In a Cluster: on a connection to the very node that takes the write, because only there `WAIT` knows of it.
 */
export function createClusterWrites({
  cluster,
  connect,
  replicas,
}: ClusterWritesOptions): DurableWrites & { close(): void } {
  const lines = new Map<string, { redis: Redis; line: DurableLine }>()

  function lineTo(node: string): DurableLine {
    const known = lines.get(node)
    if (known !== undefined) return known.line
    const end = node.lastIndexOf(':')
    const redis = connect({ host: node.slice(0, end), port: Number(node.slice(end + 1)) })
    const line = createDurableLine({ redis, replicas })
    lines.set(node, { redis, line })
    redis.once('end', () => {
      if (lines.get(node)?.redis === redis) lines.delete(node)
    })
    return line
  }

  /** Where a slot has moved, or is on its way, the node that is asked says which to ask instead. */
  async function writeAt(node: string, isAsking: boolean, command: RedisWrite, redirects: number): Promise<unknown> {
    try {
      return await lineTo(node).write(command, isAsking)
    } catch (error) {
      const redirect = redirectOf(error, node)
      // After any error but an `ASK`, the map of slots may be out of date.
      if (!redirect?.isAsking) cluster.refreshSlotsCache()
      if (redirect === undefined || redirects === MOST_REDIRECTS) throw error
      return writeAt(redirect.node, redirect.isAsking, command, redirects + 1)
    }
  }

  async function write(key: string, command: RedisWrite): Promise<unknown> {
    const node = nodeOf(cluster, key)
    if (node === undefined) {
      throw new StoreError('Failed to refresh slots cache: no node is known for a key', { kind: 'no_node' })
    }
    return writeAt(node, false, command, 0)
  }

  return {
    write,
    close() {
      for (const { redis } of lines.values()) redis.disconnect()
    },
  }
}

function redirectOf(error: unknown, from: string): { node: string; isAsking: boolean } | undefined {
  const [, kind, host, port] = REDIRECT.exec(error instanceof Error ? error.message : '') ?? []
  if (kind === undefined) return undefined
  // Without a host it is another port of the same one.
  return { node: `${host === '' ? from.slice(0, from.lastIndexOf(':')) : host}:${port}`, isAsking: kind === 'ASK' }
}
