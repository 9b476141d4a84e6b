// Whether polls stay as fast however many logins are pending, and what a second instance adds.
import { load, writeRequests } from '../load/wrk.mjs'
import { createLogins, pollRequest } from '../parts/logins.mjs'
import { LOAD_CORE, SERVER_CORE } from '../parts/processes.mjs'
import { startRedis } from '../parts/redis.mjs'
import { startScanIn, startServer } from '../parts/service.mjs'
import { median, pairedRatio } from '../parts/statistics.mjs'

const LOGINS_FOR_TWO = 60_000
const WARM_UP_SECONDS = 3

/**
 * By the server `unpaced-scanin`, or few logins would outrun their pace; beside the floor, which has as many keys to
 * look among, and as many requests to read.
 */
export async function measureGrowth({ counts, rounds, seconds }) {
  const redis = await startRedis()
  const env = { REDIS_URL: redis.url }
  const scanIn = await startServer('unpaced-scanin', env)
  const floor = await startServer('floor', env)
  const logins = []
  const sizes = []
  for (const count of counts) {
    logins.push(...(await createLogins(redis, count - logins.length)))
    const requests = writeRequests(logins.map((login) => pollRequest(login)))
    sizes.push({ count, requests, scanIn: [], floor: [] })
  }
  for (const server of [scanIn, floor]) await load([server], sizes.at(-1).requests, { seconds: WARM_UP_SECONDS })
  for (let round = 0; round < rounds; round++) {
    for (const size of sizes) {
      size.scanIn.push(await load([scanIn], size.requests, { seconds }))
      size.floor.push(await load([floor], size.requests, { seconds }))
    }
  }
  for (const server of [scanIn, floor]) await server.stop()
  await redis.stop()
  const rates = (results) => results.map(({ perSecond }) => perSecond)
  return sizes.map(({ count, ...results }) => ({
    pendingLogins: count,
    perSecond: median(rates(results.scanIn)),
    cpuMicros: median(results.scanIn.map(({ cpuMicros }) => cpuMicros)),
    floorPerSecond: median(rates(results.floor)),
    ofFloor: pairedRatio(rates(results.scanIn), rates(results.floor)),
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
