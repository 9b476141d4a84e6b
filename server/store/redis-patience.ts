import { type Cluster, Command, type Redis } from 'ioredis'
import { createPatience, type Patience } from './patience.ts'

/** The patience with whoever keeps a key. */
export type PatienceFor = (key: string) => Patience

export interface RedisPatience {
  patienceFor: PatienceFor
  /** How much of what may be asked at a time is open, where most is: 0 to 1. */
  use(): number
}

export function serverPatience(redis: Redis): RedisPatience {
  const patience = createPatience({ probe: () => redis.ping() })
  return { patienceFor: () => patience, use: patience.use }
}

/** One node that hangs is no reason to give up the others. */
export function clusterPatience(cluster: Cluster): RedisPatience {
  const byNode = new Map<string, Patience>()

  /** Nodes come and go, each at an address of its own. One that is only cut off keeps its slots, and is still doubted. */
  function forgetAllBut(masters: ReadonlySet<string>): void {
    for (const node of byNode.keys()) if (!masters.has(node)) byNode.delete(node)
  }

  return {
    patienceFor(key) {
      const node = nodeOf(cluster, key) ?? ''
      let patience = byNode.get(node)
      if (patience === undefined) {
        // Of a node that has left nothing is expected.
        const probe = async () => cluster.nodes('master').find(isAt(node))?.ping()
        patience = createPatience({ probe })
        forgetAllBut(mastersOf(cluster))
        byNode.set(node, patience)
      }
      return patience
    },
    use: () => Math.max(0, ...[...byNode.values()].map((patience) => patience.use())),
  }
}

/** `host:port` of the node that takes a key's commands. `undefined`: none is known by now. */
export function nodeOf(cluster: Cluster, key: string): string | undefined {
  return cluster.slots[new Command('exists', [key]).getSlot()]?.[0]
}

function mastersOf({ slots }: Cluster): ReadonlySet<string> {
  return new Set(slots.flatMap((nodes) => nodes?.[0] ?? []))
}

function isAt(node: string): (redis: Redis) => boolean {
  return ({ options: { host, port } }) => `${host}:${port}` === node
}
