import { type Cluster, Command, type Redis } from 'ioredis'
import { createPatience, type Patience } from './patience.ts'

/** The patience with whoever keeps a key. */
export type PatienceFor = (key: string) => Patience

export function serverPatience(redis: Redis): PatienceFor {
  const patience = createPatience({ probe: () => redis.ping() })
  return () => patience
}

/** One node that hangs is no reason to give up the others. */
export function clusterPatience(cluster: Cluster): PatienceFor {
  const byNode = new Map<string, Patience>()
  return (key) => {
    const node = nodeOf(cluster, key) ?? ''
    let patience = byNode.get(node)
    if (patience === undefined) {
      // Of a node that has left nothing is expected.
      const probe = async () => cluster.nodes('master').find(isAt(node))?.ping()
      patience = createPatience({ probe })
      byNode.set(node, patience)
    }
    return patience
  }
}

/** `host:port` of the node that takes a key's commands. `undefined`: none is known by now. */
export function nodeOf(cluster: Cluster, key: string): string | undefined {
  return cluster.slots[new Command('exists', [key]).getSlot()]?.[0]
}

function isAt(node: string): (redis: Redis) => boolean {
  return ({ options: { host, port } }) => `${host}:${port}` === node
}
