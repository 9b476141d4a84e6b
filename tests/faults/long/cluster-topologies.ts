import { eventually } from '../../support/eventually.ts'
import { type ClusterNode, type RedisCluster, startCluster } from '../../support/redis-cluster.ts'
import { type Fault, faultsAt, PEACE, sleep } from '../stage/fault.ts'
import { INSTANCE_FAULTS } from '../stage/instance-faults.ts'
import { startInstances } from '../stage/instances.ts'
import { CROWD, type Topology } from './topology.ts'

/** What every instance asks for all the time: the node that has it is one that matters. */
const SOME_KEY = 'scanin:time'
const KEYS_AT_ONCE = 100

async function rolesOf({ nodes }: RedisCluster): Promise<string[]> {
  return Promise.all(nodes.map(({ client }) => client.info('replication').catch(() => '')))
}

async function untilAllFollow(cluster: RedisCluster): Promise<void> {
  await eventually('every replica follows its master', async () => {
    const roles = await rolesOf(cluster)
    const replicas = roles.filter((info) => /role:slave/.test(info))
    return (
      roles.every((info) => info !== '') &&
      replicas.length === 3 &&
      replicas.every((info) => /link_status:up/.test(info))
    )
  })
}

/** Moves a slot with all that is in it, as `redis-cli --cluster reshard` does, while clients ask for it. */
async function moveSlot(
  from: ClusterNode,
  to: ClusterNode,
  slot: number,
  nodes: readonly ClusterNode[],
): Promise<void> {
  await to.client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id)
  await from.client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id)
  for (;;) {
    const keys: unknown = await from.client.call('CLUSTER', 'GETKEYSINSLOT', slot, KEYS_AT_ONCE)
    if (!Array.isArray(keys) || keys.length === 0) break
    await from.client.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, 'KEYS', ...keys.map(String))
  }
  const masters = await Promise.all(
    nodes.map(async ({ client }) => /role:master/.test(await client.info('replication'))),
  )
  for (const node of [to, from, ...nodes.filter((_node, at) => masters[at])]) {
    await node.client.call('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
  }
}

const CLUSTER_FAULTS: readonly Fault<RedisCluster>[] = [
  {
    name: 'slots move to another master',
    async happen(cluster, ms) {
      const until = performance.now() + ms
      for (let nth = 0; performance.now() < until; nth++) {
        const from = await cluster.masterOf(`${SOME_KEY}${nth}`)
        const to = await anotherMaster(cluster, from)
        await moveSlot(from, to, await cluster.slotOf(`${SOME_KEY}${nth}`), cluster.nodes)
      }
    },
  },
  {
    name: 'a master stands still until its replica takes its place',
    loses: 'the last writes',
    async happen(cluster, ms) {
      const master = await cluster.masterOf(SOME_KEY)
      master.freeze()
      await eventually('its replica has taken over', async () => (await cluster.masterOf(SOME_KEY)) !== master)
      await sleep(ms)
      master.thaw()
      await untilAllFollow(cluster)
    },
  },
]

async function anotherMaster(cluster: RedisCluster, than: ClusterNode): Promise<ClusterNode> {
  const roles = await rolesOf(cluster)
  const other = cluster.nodes.find((node, at) => node !== than && /role:master/.test(roles[at] ?? ''))
  if (other === undefined) throw new Error('there is no other master')
  return other
}

/** Last, for it does not come back. */
const KILLED: Fault<RedisCluster> = {
  name: 'a master is killed',
  loses: 'the last writes',
  async happen(cluster, ms) {
    const master = await cluster.masterOf(SOME_KEY)
    master.client.disconnect()
    await master.stop()
    await sleep(ms)
  },
}

function inCluster(name: string, waitReplicas: number): Topology {
  return {
    name,
    async start() {
      const cluster = await startCluster(3, { replicas: 1 })
      const instances = await startInstances(2, { ...cluster.env, REDIS_WAIT_REPLICAS: String(waitReplicas) }, CROWD)
      return {
        instances,
        faults: [PEACE, ...faultsAt(cluster, CLUSTER_FAULTS), ...faultsAt(instances, INSTANCE_FAULTS)],
        // If writes need a replica, a killed master leaves nobody to be one: then there is no such fault.
        ...(waitReplicas === 0 ? { lastFault: faultsAt(cluster, [KILLED])[0] } : {}),
        rules: { keepsConfirmed: waitReplicas > 0 },
        async stop() {
          await instances.stop()
          await cluster.stop()
        },
      }
    },
  }
}

export const CLUSTER = inCluster('a Cluster of three and three', 0)
export const CLUSTER_THAT_WAITS = inCluster('a Cluster of three and three, with REDIS_WAIT_REPLICAS=1', 1)
