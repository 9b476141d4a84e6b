import { Redis } from 'ioredis'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { PATIENCE_MS } from './patience.ts'
import { type RedisServer, startRedis } from './redis-server.ts'
import { argumentsOf, type RedisTls } from './redis-tls.ts'

export interface ClusterNode extends RedisServer {
  id: string
  client: Redis
}

/** Nodes that share the slots, each a real Redis, and know of each other. */
export interface RedisCluster {
  nodes: readonly ClusterNode[]
  /** What a service is told to find them by. */
  env: { REDIS_CLUSTER: string }
  /** The node that the others name as the one with the key's slot. */
  masterOf(key: string): Promise<ClusterNode>
  slotOf(key: string): Promise<number>
  stop(): Promise<void>
}

const SLOTS = 16_384

export interface ClusterOptions {
  /** Of each master. One that is silent for a second is given up. */
  replicas?: number
  /** By which a service is told to find them, at the name `localhost`. */
  tls?: RedisTls
}

export async function startCluster(masters: number, { replicas = 0, tls }: ClusterOptions = {}): Promise<RedisCluster> {
  const nodes = await Promise.all(Array.from({ length: masters * (1 + replicas) }, () => startNode(tls)))
  const clients = nodes.map(({ client }) => client)
  const share = Math.ceil(SLOTS / masters)
  await Promise.all(
    clients
      .slice(0, masters)
      .map((client, at) => client.call('CLUSTER', 'ADDSLOTSRANGE', at * share, Math.min((at + 1) * share, SLOTS) - 1)),
  )
  for (const { port, busPort } of nodes.slice(1)) {
    await clients[0]?.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort)
  }
  await eventually('every node knows the whole cluster', async () => {
    const infos = await Promise.all(clients.map((client) => client.call('CLUSTER', 'INFO')))
    return infos.every(
      (info) => `${info}`.includes('cluster_state:ok') && `${info}`.includes(`known_nodes:${nodes.length}`),
    )
  })
  for (const [at, { client }] of nodes.entries()) {
    if (at >= masters) await client.call('CLUSTER', 'REPLICATE', nodes[at % masters]?.id ?? '')
  }
  await eventually('every replica follows', async () => {
    const infos = await Promise.all(clients.slice(masters).map((client) => client.info('replication')))
    return infos.every((info) => /role:slave/.test(info) && /link_status:up/.test(info))
  })

  const slotOf = async (key: string) => Number(await firstThatAnswers(clients, 'CLUSTER', 'KEYSLOT', key))
  return {
    nodes,
    env: { REDIS_CLUSTER: nodes.map(({ address }) => address).join(',') },
    slotOf,
    async masterOf(key) {
      const slot = await slotOf(key)
      const ranges: unknown = await firstThatAnswers(clients, 'CLUSTER', 'SLOTS')
      if (!Array.isArray(ranges)) throw new Error('no slots')
      const [, , [, port]] = ranges.find(([from, to]) => from <= slot && slot <= to)
      const master = nodes.find((node) => node.port === port)
      if (master === undefined) throw new Error(`no node at ${port}`)
      return master
    },
    async stop() {
      for (const client of clients) client.disconnect()
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

async function startNode(tls: RedisTls | undefined) {
  const [busPort, tlsPort] = [await freePort(), await freePort()]
  const byTls = tls && {
    ...tls.configuration(tlsPort),
    ...{
      'tls-cluster': 'yes',
      'cluster-announce-hostname': 'localhost',
      'cluster-preferred-endpoint-type': 'hostname',
    },
  }
  const server = await startRedis({
    args: [
      ...['--cluster-enabled', 'yes', '--cluster-port', String(busPort), '--cluster-node-timeout', '4000'],
      ...argumentsOf(byTls ?? {}),
    ],
  })
  const client = new Redis({
    ...{ port: server.port, retryStrategy: () => 50, commandTimeout: PATIENCE_MS },
    // ioredis waits for the goodbye of a node even if that is gone: that held Jest's worker up for two seconds.
    disconnectTimeout: 10,
  })
  client.on('error', () => undefined)
  const address = tls === undefined ? `127.0.0.1:${server.port}` : `rediss://localhost:${tlsPort}`
  return { ...server, address, busPort, client, id: String(await client.call('CLUSTER', 'MYID')) }
}

async function firstThatAnswers(clients: readonly Redis[], command: string, ...args: string[]): Promise<unknown> {
  return Promise.any(clients.map((client) => client.call(command, ...args)))
}
