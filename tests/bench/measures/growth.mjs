// Whether polls stay as fast however many logins are pending, and what a second instance adds.
import { load, writeRequests } from '../load/wrk.mjs'
import { createLogins, pollRequest } from '../parts/logins.mjs'
import { LOAD_CORE, SERVER_CORE } from '../parts/processes.mjs'
import { startRedis } from '../parts/redis.mjs'
import { startScanIn, startServer } from '../parts/service.mjs'
import { median } from '../parts/statistics.mjs'

const LOGINS_FOR_TWO = 60_000

/** By the server `unpaced-scanin`, or few logins would outrun their pace. */
export async function measureGrowth({ counts, rounds, seconds }) {
  const redis = await startRedis()
  const server = await startServer('unpaced-scanin', { REDIS_URL: redis.url })
  const logins = []
  const sizes = []
  for (const count of counts) {
    logins.push(...(await createLogins(redis, count - logins.length)))
    sizes.push({ count, requests: writeRequests(logins.map((login) => pollRequest(login))), results: [] })
  }
  await load([server], sizes[0].requests, { seconds })
  for (let round = 0; round < rounds; round++) {
    for (const { requests, results } of sizes) results.push(await load([server], requests, { seconds }))
  }
  await server.stop()
  await redis.stop()
  return sizes.map(({ count, results }) => ({
    pendingLogins: count,
    perSecond: median(results.map(({ perSecond }) => perSecond)),
    cpuMicros: median(results.map(({ cpuMicros }) => cpuMicros)),
  }))
}

/** Two cores have to do for Redis, load and both instances here: it is the processor time of a poll that tells. */
export async function measureInstances({ seconds }) {
  const redis = await startRedis()
  const logins = await createLogins(redis, LOGINS_FOR_TWO)
  const requests = writeRequests(logins.map((login) => pollRequest(login)))
  const first = await startScanIn(redis)
  const second = await startScanIn(redis, { core: SERVER_CORE === LOAD_CORE ? SERVER_CORE : LOAD_CORE })
  for (const server of [first, second]) await load([server], requests, { seconds: 1 })
  const one = await load([first], requests, { seconds })
  const two = await load([first, second], requests, { seconds, connections: 32 })
  for (const server of [first, second]) await server.stop()
  await redis.stop()
  return [
    { instances: 1, perSecond: one.perSecond, cpuMicros: one.cpuMicros },
    { instances: 2, perSecond: two.perSecond, cpuMicros: two.cpuMicros },
  ]
}
