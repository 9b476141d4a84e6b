import { Redis } from 'ioredis'
import { eventually } from '../../support/eventually.ts'
import { type RedisServer, startRedis } from '../../support/redis-server.ts'
import { type SentinelSet, startSentinelSet } from '../../support/sentinel.ts'
import { type Fault, faultsAt, PEACE, sleep } from '../stage/fault.ts'
import { INSTANCE_FAULTS } from '../stage/instance-faults.ts'
import { startInstances } from '../stage/instances.ts'
import { CROWD, type Topology } from './topology.ts'

/** Of the two servers, by what the Sentinel says at the moment. */
interface Pair {
  set: SentinelSet
  servers: RedisServer[]
}

async function primaryOf({ set, servers }: Pair): Promise<number> {
  const port = await set.primaryPort()
  return servers.findIndex((server) => server.port === port)
}

/** A failover takes its time, however long the fault was to be. */
async function untilOther(pair: Pair, before: number): Promise<void> {
  await eventually('the other one is the primary', async () => (await primaryOf(pair)) === 1 - before)
}

async function untilBoth({ servers }: Pair): Promise<void> {
  await eventually('the one follows the other', async () => {
    const infos = await Promise.all(servers.map(({ url }) => replicationOf(url)))
    return infos.some((info) => /role:slave/.test(info) && /link_status:up/.test(info))
  })
}

async function replicationOf(url: string): Promise<string> {
  const client = new Redis(url, { retryStrategy: () => null, commandTimeout: 1000 })
  client.on('error', () => undefined)
  try {
    return await client.info('replication')
  } catch {
    return ''
  } finally {
    client.disconnect()
  }
}

const FAILOVERS: readonly Fault<Pair>[] = [
  {
    name: 'the primary is killed, and comes back as a replica',
    loses: 'the last writes',
    async happen(pair, ms) {
      const before = await primaryOf(pair)
      await pair.servers[before]?.stop()
      await untilOther(pair, before)
      await sleep(ms)
      const [old, other] = [pair.servers[before], pair.servers[1 - before]]
      if (old === undefined || other === undefined) return
      pair.servers[before] = await startRedis({ port: old.port, args: ['--replicaof', `127.0.0.1 ${other.port}`] })
      await untilBoth(pair)
    },
  },
  {
    name: 'the primary stands still until another takes its place',
    loses: 'the last writes',
    async happen(pair, ms) {
      const before = await primaryOf(pair)
      pair.servers[before]?.freeze()
      await untilOther(pair, before)
      await sleep(ms)
      pair.servers[before]?.thaw()
      await untilBoth(pair)
    },
  },
]

function bySentinel(name: string, waitReplicas: number): Topology {
  return {
    name,
    async start() {
      const set = await startSentinelSet()
      const pair: Pair = { set, servers: [set.primary, set.replica] }
      const instances = await startInstances(2, { ...set.env, REDIS_WAIT_REPLICAS: String(waitReplicas) }, CROWD)
      return {
        instances,
        faults: [PEACE, ...faultsAt(pair, FAILOVERS), ...faultsAt(instances, INSTANCE_FAULTS)],
        rules: { keepsConfirmed: waitReplicas > 0 },
        async stop() {
          await instances.stop()
          await Promise.all(pair.servers.map((server) => server.stop()))
          await set.stop()
        },
      }
    },
  }
}

export const SENTINEL = bySentinel('Sentinel', 0)
export const SENTINEL_THAT_WAITS = bySentinel('Sentinel, with REDIS_WAIT_REPLICAS=1', 1)
