// What a poll costs with more instances, on one Redis and on a Cluster of three. All share one core, and each has its
// part of it: the processor time of a poll tells what one more instance costs.
import { load, writeRequests } from '../load/wrk.mjs'
import { checkPending, createLogins, pollRequest } from '../parts/logins.mjs'
import { copyLogins } from '../parts/redis-cluster.mjs'
import { loadWithRedis } from '../parts/redis-use.mjs'
import { startScanIn, startServer } from '../parts/service.mjs'
import { besideFloor } from '../parts/statistics.mjs'
import { startStores } from '../parts/stores.mjs'

const LOGINS = 60_000
const CONNECTIONS = 64
const WARM_UP_SECONDS = 3

/** @param most instances at once, from one on */
export async function measureInstances({ most, rounds, seconds }) {
  const { stores, redis, cluster, stop } = await startStores()
  const logins = await createLogins(redis, LOGINS)
  await copyLogins(cluster, logins)
  const requests = writeRequests(logins.map((login) => pollRequest(login)))
  const floor = await startServer('floor', { REDIS_URL: redis.url })
  const sides = []
  for (const { name, servers, env } of stores) {
    const instances = []
    for (let at = 0; at < most; at++) instances.push(await startScanIn(redis, { env }))
    for (const instance of instances) await checkPending(instance, logins)
    // All at once, so that the code of each is compiled for the small load that it will have.
    await load(instances, requests, { seconds: WARM_UP_SECONDS * 2, connections: CONNECTIONS / most })
    for (let count = 1; count <= most; count++) {
      sides.push({ name, count, servers, instances: instances.slice(0, count), results: [] })
    }
  }
  await load([floor], requests, { seconds: WARM_UP_SECONDS })

  const floors = []
  for (let round = 0; round < rounds; round++) {
    floors.push(await load([floor], requests, { seconds }))
    for (const { servers, instances, results, count } of sides) {
      const connections = Math.ceil(CONNECTIONS / count)
      results.push(await loadWithRedis(servers, instances, requests, { seconds, connections }))
    }
  }
  for (const { instances } of sides.filter(({ count }) => count === most)) {
    for (const instance of instances) await instance.stop()
  }
  await floor.stop()
  await stop()
  return sides.map(({ name, count, results }) => ({ store: name, instances: count, ...besideFloor(results, floors) }))
}
