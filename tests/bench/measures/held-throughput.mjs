// What a held poll costs, beside the least that it can cost with Node's HTTP. Thousands are held at once, each for a
// second, by browsers that ask again and again on connections that they have.
import { loadSettled, writeRequests } from '../load/wrk.mjs'
import { createLogins, pollRequest } from '../parts/logins.mjs'
import { startRedis } from '../parts/redis.mjs'
import { startScanIn, startServer } from '../parts/service.mjs'
import { median } from '../parts/statistics.mjs'

/** Two a connection: each login is asked for every other second. */
const LOGINS = 10_000
const CONNECTIONS = 5000
const SETTLES_SECONDS = 6

export async function measureHeldThroughput({ rounds, seconds }) {
  const redis = await startRedis()
  const logins = await createLogins(redis, LOGINS)
  const held = writeRequests(logins.map((login) => pollRequest(login, '?seen=pending&wait=1')))
  const sides = [
    { name: 'held for 1 s', server: await startScanIn(redis), costs: [] },
    { name: 'the least', server: await startServer('held-floor', { REDIS_URL: redis.url }), costs: [] },
  ]
  for (let round = 0; round < rounds; round++) {
    for (const { server, costs } of sides) {
      costs.push(
        await loadSettled(server, held, { settlesSeconds: SETTLES_SECONDS, seconds, connections: CONNECTIONS }),
      )
    }
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
