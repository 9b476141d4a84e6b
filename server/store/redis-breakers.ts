import { type Cluster, Command, type Redis } from 'ioredis'
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts'

/** The breaker for whoever keeps a key. */
export type BreakerFor = (key: string) => CircuitBreaker

export interface RedisBreakers {
  breakerFor: BreakerFor
  /** How much of what may be asked at a time is unanswered, at the node where most is: 0 to 1. */
  use(): number
}

export function serverBreaker(redis: Redis): RedisBreakers {
  const breaker = createCircuitBreaker({ probe: () => redis.ping() })
  return { breakerFor: () => breaker, use: breaker.use }
}

/** One breaker a node: a node that hangs is no reason to give up the others. */
export function clusterBreakers(cluster: Cluster): RedisBreakers {
  const byNode = new Map<string, CircuitBreaker>()

  /** Forgets nodes that have left. One that is only cut off keeps its slots and its breaker, and is still doubted. */
  function forgetAllBut(masters: ReadonlySet<string>): void {
    for (const node of byNode.keys()) if (!masters.has(node)) byNode.delete(node)
  }

  return {
    breakerFor(key) {
      const node = nodeOf(cluster, key) ?? ''
      let breaker = byNode.get(node)
      if (breaker === undefined) {
        // A node that has left is not asked, and its probe succeeds.
        const probe = async () => cluster.nodes('master').find(isAt(node))?.ping()
        breaker = createCircuitBreaker({ probe })
        forgetAllBut(mastersOf(cluster))
        byNode.set(node, breaker)
      }
      return breaker
    },
    use: () => Math.max(0, ...[...byNode.values()].map((breaker) => breaker.use())),
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
