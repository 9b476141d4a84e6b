// What a held poll costs, beside the least that it can cost with Node's HTTP. Thousands are held at once, each for a
// second, by browsers that ask again and again on connections that they have.
import { load, writeRequests } from '../load/wrk.mjs'
import { createLogins, pollRequest } from '../parts/logins.mjs'
import { cpuSecondsOf } from '../parts/processes.mjs'
import { startRedis } from '../parts/redis.mjs'
import { startScanIn, startServer } from '../parts/service.mjs'
import { median } from '../parts/statistics.mjs'

/** Two a connection: each login is asked for every other second. */
const LOGINS = 10_000
const CONNECTIONS = 5000
/** Until the code is compiled, the heap has grown, and all have connected. A browser connects once, and waits minutes. */
const SETTLES_SECONDS = 6
const LAST_WORD_SECONDS = 2

export async function measureHeldThroughput({ rounds, seconds }) {
  const redis = await startRedis()
  const logins = await createLogins(redis, LOGINS)
  const held = writeRequests(logins.map((login) => pollRequest(login, '?seen=pending&wait=1')))
  const sides = [
    { name: 'held for 1 s', server: await startScanIn(redis), costs: [] },
    { name: 'the least', server: await startServer('held-floor', { REDIS_URL: redis.url }), costs: [] },
  ]
  for (let round = 0; round < rounds; round++) {
    for (const { server, costs } of sides) costs.push(await costOfSettled(server, held, seconds))
  }
  for (const { server } of sides) await server.stop()
  await redis.stop()
  return sides.map(({ name, costs }) => ({
    name,
    connections: CONNECTIONS,
    perSecond: median(costs.map(({ perSecond }) => perSecond)),
    cpuMicros: median(costs.map(({ cpuMicros }) => cpuMicros)),
    ofTheLeast: median(costs.map(({ cpuMicros }, round) => cpuMicros / sides[1].costs[round].cpuMicros)),
  }))
}

/**
 * Of some seconds in the middle, at the rate of the whole, of which the first second has no reply: a few percent too much,
 * for both sides alike.
 */
async function costOfSettled(server, requests, seconds) {
  const whole = SETTLES_SECONDS + seconds + LAST_WORD_SECONDS
  const loading = load([server], requests, { seconds: whole, connections: CONNECTIONS })
  await pause(SETTLES_SECONDS)
  const [cpuBefore, before] = [cpuSecondsOf(server.pid), performance.now()]
  await pause(seconds)
  const [cpuSeconds, elapsed] = [cpuSecondsOf(server.pid) - cpuBefore, (performance.now() - before) / 1000]
  const { perSecond } = await loading
  return { perSecond, cpuMicros: (cpuSeconds / elapsed / perSecond) * 1e6 }
}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))
