// What a whole login costs, all of it counted: made, polled as the page polls, scanned, confirmed, collected, and its
// person's data asked for. Hundreds of them, divided; by how many instances there are, on one Redis and on a Cluster.
import { setTimeout as pause } from 'node:timers/promises'
import { load, writeRequests } from '../load/wrk.mjs'
import { countedWire } from '../parts/counted-wire.mjs'
import { createLogins, pollRequest } from '../parts/logins.mjs'
import { writePeople } from '../parts/people.mjs'
import { confirm, scan, signInPhone } from '../parts/phone.mjs'
import { freePort } from '../parts/ports.mjs'
import { cpuSecondsOf } from '../parts/processes.mjs'
import { startRedis } from '../parts/redis.mjs'
import { redisCosts, redisUse } from '../parts/redis-use.mjs'
import { PASSWORD, startScanIn, startServer } from '../parts/service.mjs'
import { startStores } from '../parts/stores.mjs'
import { loadWebClient, signInBrowser } from '../parts/web-client.mjs'

const PEOPLE = 50
const FLOOR_SECONDS = 3
/** The first logins, which do not count: they get the code compiled. */
const WARM_UP = { logins: 200, arriveOverMs: 4000, scanAfterMs: 500, confirmAfterMs: 500 }

/** @param order how many `logins` begin over `arriveOverMs`, by people who take so long to scan, and to confirm */
export async function measureWholeLogin(order) {
  const redis = await startRedis()
  const { redisCpuMicros, redisCommands, redisBytes, ...costs } = await measureOn(
    { servers: [redis], env: {} },
    { instances: 1, order, ...(await takePart()) },
  )
  const floor = await floorMicros(redis)
  await redis.stop()
  const seconds = (order.scanAfterMs + order.confirmAfterMs) / 1000
  const inFloorRequests = costs.cpuMicros / floor
  return { logins: order.logins, seconds, ...costs, inFloorRequests, redisCpuMicros, redisCommands, redisBytes }
}

/** @param most instances at once, from one on; a browser's connections go to one after the other */
export async function measureLoginByInstances({ most, ...order }) {
  const parts = await takePart()
  const { stores, stop } = await startStores()
  const rows = []
  for (const store of stores) {
    for (let instances = 1; instances <= most; instances++) {
      const costs = await measureOn(store, { instances, order, ...parts })
      rows.push({ store: store.name, instances, ...costs })
    }
  }
  await stop()
  return rows
}

/** The pages' own client, and people with accounts. */
async function takePart() {
  const client = await loadWebClient()
  return { client, accounts: { ACCOUNTS_FILE: await writePeople(PEOPLE, PASSWORD), DEMO_PASSWORD: '' } }
}

async function measureOn({ servers: redisServers, env }, { instances, client, accounts, order }) {
  // Otherwise these people would still have the sessions of the rows before, each of which adds to the cost.
  for (const { client: redis } of redisServers) await redis.flushall()
  const port = await freePort()
  const serviceEnv = { MATCH: 'never', PUBLIC_URL: `http://127.0.0.1:${port}`, ...accounts, ...env }
  const scanIns = []
  for (let at = 0; at < instances; at++) scanIns.push(await startScanIn(redisServers[0], { env: serviceEnv }))
  const wire = await countedWire(port, ...scanIns.map((scanIn) => scanIn.port))
  const phones = []
  for (let at = 0; at < PEOPLE; at++) {
    const server = { url: scanIns[at % instances].url, publicUrl: wire.origin }
    phones.push({ server, cookie: await signInPhone(server, `person-${at}`) })
  }

  /** @returns how many requests the page made */
  async function signIn({ server, cookie }, { scanAfterMs, confirmAfterMs }) {
    let approval
    const { api, sent } = await signInBrowser(client, wire.origin, (token) => {
      approval = pause(scanAfterMs)
        .then(() => scan(server, cookie, token))
        .then(() => pause(confirmAfterMs))
        .then(() => confirm(server, cookie, token))
    })
    await approval
    await api.session()
    return sent.requests
  }

  function signInAll({ logins, arriveOverMs, ...person }) {
    const all = Array.from({ length: logins }, async (_, at) => {
      await pause((at / logins) * arriveOverMs)
      return signIn(phones[at % PEOPLE], person)
    })
    return Promise.all(all)
  }

  const cpuSeconds = () => scanIns.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0)
  await signInAll({ ...WARM_UP, logins: WARM_UP.logins * instances, arriveOverMs: WARM_UP.arriveOverMs * instances })
  const [usedBefore, cpuBefore, bytesBefore] = [await redisUse(redisServers), cpuSeconds(), { ...wire.bytes }]
  const requests = await signInAll(order)
  const cpuMicros = ((cpuSeconds() - cpuBefore) / order.logins) * 1e6
  const costs = redisCosts(usedBefore, await redisUse(redisServers), order.logins)
  const bytes = { sent: wire.bytes.sent - bytesBefore.sent, received: wire.bytes.received - bytesBefore.received }
  for (const scanIn of scanIns) await scanIn.stop()
  wire.stop()
  return {
    requests: requests.reduce((sum, count) => sum + count, 0) / order.logins,
    sentBytes: bytes.sent / order.logins,
    receivedBytes: bytes.received / order.logins,
    cpuMicros,
    ...costs,
  }
}

/** What the least of requests costs in the same run. */
async function floorMicros(redis) {
  const floor = await startServer('floor', { REDIS_URL: redis.url })
  const requests = writeRequests((await createLogins(redis, 1000)).map((login) => pollRequest(login)))
  await load([floor], requests, { seconds: FLOOR_SECONDS })
  const { cpuMicros } = await load([floor], requests, { seconds: FLOOR_SECONDS })
  await floor.stop()
  return cpuMicros
}
