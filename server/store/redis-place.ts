/** Where Redis is: one server, a set that Sentinels watch, or a Cluster. */
export type RedisPlace =
  | { kind: 'single'; url: string }
  | { kind: 'sentinel'; sentinels: readonly HostPort[]; name: string }
  | { kind: 'cluster'; nodes: readonly HostPort[] }

export interface HostPort {
  host: string
  port: number
}
