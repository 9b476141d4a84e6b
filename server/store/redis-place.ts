/** Where Redis is: one server, a set that Sentinels watch, or a Cluster. */
export type RedisPlace =
  | { kind: 'single'; url: string }
  | { kind: 'sentinel'; sentinels: readonly HostPort[]; name: string }
  | { kind: 'cluster'; nodes: readonly HostPort[] }

/** Where a server listens. */
export interface HostPort {
  host: string
  port: number
}
