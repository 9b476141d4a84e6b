// Whether polls stay as fast, and cost Redis as little, however many logins are pending.
import { load, writeRequests } from '../load/wrk.mjs'
import { createLogins, pollRequest } from '../parts/logins.mjs'
import { startRedis } from '../parts/redis.mjs'
import { loadWithRedis, usedBytesOf } from '../parts/redis-use.mjs'
import { startServer } from '../parts/service.mjs'
import { median, pairedRatio } from '../parts/statistics.mjs'

const WARM_UP_SECONDS = 3
/**
 * Of more logins, a sample from all over is asked for: no round comes to more of them, and wrk keeps all requests in
 * its memory.
 */
const MOST_ASKED = 100_000
/** Made in one go. */
const A_BATCH = 100_000

/**
 * Uses the server `unpaced-scanin`: few logins would outrun their pace. The floor beside it has as many keys to look
 * among, and as many requests to read.
 * @param counts of pending logins, ascending: each is measured before the next are made
 */
export async function measureGrowth({ counts, rounds, seconds }) {
  const redis = await startRedis()
  const env = { REDIS_URL: redis.url }
  const scanIn = await startServer('unpaced-scanin', env)
  const floor = await startServer('floor', env)
  const bytesBefore = await usedBytesOf(redis)
  const polls = []
  const rows = []
  let pending = 0

  /** Creates logins until so many are pending. The polls of new and old logins are sampled in the same proportion. */
  async function fillUp(count) {
    const every = Math.max(1, Math.ceil(count / MOST_ASKED))
    polls.splice(0, polls.length, ...polls.filter((_poll, at) => at % every === 0))
    while (pending < count) {
      const logins = await createLogins(redis, Math.min(A_BATCH, count - pending))
      pending += logins.length
      for (const [at, login] of logins.entries()) if (at % every === 0) polls.push(pollRequest(login))
    }
    return writeRequests(polls)
  }

  for (const count of counts) {
    const requests = await fillUp(count)
    const results = { scanIn: [], floor: [] }
    const warmUpSeconds = count === counts[0] ? WARM_UP_SECONDS : 1
    for (const server of [scanIn, floor]) await load([server], requests, { seconds: warmUpSeconds })
    for (let round = 0; round < rounds; round++) {
      results.scanIn.push(await loadWithRedis([redis], [scanIn], requests, { seconds }))
      results.floor.push(await load([floor], requests, { seconds }))
    }
    rows.push(rowOf(count, results, (await usedBytesOf(redis)) - bytesBefore))
  }
  for (const server of [scanIn, floor]) await server.stop()
  await redis.stop()
  return rows
}

function rowOf(pendingLogins, { scanIn, floor }, redisBytes) {
  const all = (results, name) => results.map((result) => result[name])
  return {
    pendingLogins,
    perSecond: median(all(scanIn, 'perSecond')),
    cpuMicros: median(all(scanIn, 'cpuMicros')),
    redisCpuMicros: median(all(scanIn, 'redisCpuMicros')),
    floorPerSecond: median(all(floor, 'perSecond')),
    ofFloor: pairedRatio(all(scanIn, 'perSecond'), all(floor, 'perSecond')),
    redisMegabytes: redisBytes / 1e6,
  }
}
