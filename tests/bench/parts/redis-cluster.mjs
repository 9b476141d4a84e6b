import { Cluster } from 'ioredis'
import { keyOf, textOf } from './logins.mjs'
import { freePort } from './ports.mjs'
import { startRedis } from './redis.mjs'

const SLOTS = 16_384
const PATIENCE_MS = 60_000

/** So many masters that share the slots, each a real Redis of the bench's, beside the load. */
export async function startRedisCluster(masters) {
  const nodes = []
  for (let at = 0; at < masters; at++) nodes.push(await startNode())
  const share = Math.ceil(SLOTS / masters)
  for (const [at, { client }] of nodes.entries()) {
    await client.call('CLUSTER', 'ADDSLOTSRANGE', at * share, Math.min((at + 1) * share, SLOTS) - 1)
  }
  for (const { port, busPort } of nodes.slice(1)) {
    await nodes[0].client.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort)
  }
  await untilKnown(nodes)
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`)
  const client = new Cluster(addresses, { enableAutoPipelining: true })
  return {
    nodes,
    client,
    /** What a service is told: this, and no other Redis. */
    env: { REDIS_CLUSTER: addresses.join(','), REDIS_URL: '' },
    async stop() {
      client.disconnect()
      for (const node of nodes) await node.stop()
    },
  }
}

/** The same logins, pending here too. */
export async function copyLogins({ client }, logins) {
  await Promise.all(
    logins.map(({ loginId, login }) => client.set(keyOf(loginId), textOf(login), 'PXAT', login.expiresAt)),
  )
}

async function startNode() {
  const busPort = await freePort()
  const redis = await startRedis(['--cluster-enabled', 'yes', '--cluster-port', busPort])
  return { ...redis, busPort }
}

async function untilKnown(nodes) {
  const end = performance.now() + PATIENCE_MS
  const isKnown = (info) => info.includes('cluster_state:ok') && info.includes(`known_nodes:${nodes.length}`)
  while (true) {
    const infos = await Promise.all(nodes.map(({ client }) => client.call('CLUSTER', 'INFO')))
    if (infos.every((info) => isKnown(String(info)))) return
    if (performance.now() > end) throw new Error(`the Cluster never came about\n${infos.join('\n')}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
