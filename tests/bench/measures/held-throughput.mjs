// What a held poll costs beside a plain one: thousands at once, each held for a second.
import { load, writeRequests } from '../load/wrk.mjs'
import { createLogins, pollRequest } from '../parts/logins.mjs'
import { startRedis } from '../parts/redis.mjs'
import { startScanIn } from '../parts/service.mjs'

const LOGINS = 60_000
const CONNECTIONS = 5000

export async function measureHeldThroughput({ seconds }) {
  const redis = await startRedis()
  const logins = await createLogins(redis, LOGINS)
  const plain = writeRequests(logins.map((login) => pollRequest(login)))
  const held = writeRequests(logins.map((login) => pollRequest(login, '?seen=pending&wait=1')))
  const scanIn = await startScanIn(redis)
  for (const requests of [plain, held]) await load([scanIn], requests, { seconds: 1, connections: CONNECTIONS })
  const rows = []
  for (const [name, requests] of [
    ['plain', plain],
    ['held for 1 s', held],
  ]) {
    const { perSecond, cpuMicros } = await load([scanIn], requests, { seconds, connections: CONNECTIONS })
    rows.push({ name, connections: CONNECTIONS, perSecond, cpuMicros })
  }
  await scanIn.stop()
  await redis.stop()
  return rows
}
