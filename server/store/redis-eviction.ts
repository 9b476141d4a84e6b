import { Cluster } from 'ioredis'
import type { RedisClient } from './redis-clients.ts'
import { StoreError } from './store-error.ts'

/**
 * Tells, at each connection, if Redis makes room by forgetting: nothing else shows that a block or a passkey is gone.
 * Tells nothing where our user may not ask (`+info`), or the server does not say.
 */
export function tellEviction(client: RedisClient, onError: (error: Error) => void): void {
  async function look(): Promise<void> {
    const servers = client instanceof Cluster ? client.nodes('master') : [client]
    const infos = await Promise.all(servers.map((server) => server.info('memory').catch(() => '')))
    if (infos.some(evicts)) onError(new StoreError('Redis evicts records', { kind: 'evicts' }))
  }

  client.on('ready', look)
  if (client.status === 'ready') void look()
}

/** Without a `maxmemory` there is always room. */
function evicts(info: string): boolean {
  return /^maxmemory:[1-9]/m.test(info) && /^maxmemory_policy:(?!noeviction)/m.test(info)
}
