// What a waiting browser costs the server: resident memory, and processor time while nothing happens.
import { gatherCrowd } from '../parts/crowd.mjs'
import { createLogins } from '../parts/logins.mjs'
import { cpuSecondsOf, residentBytesOf } from '../parts/processes.mjs'
import { startRedis } from '../parts/redis.mjs'
import { startScanIn, startServer } from '../parts/service.mjs'

export async function measureWaiters({ waiting, seconds }) {
  const redis = await startRedis()
  const logins = await createLogins(redis, waiting)
  const rows = []
  const subjects = [
    ['held poll, 25 s', 25, () => startScanIn(redis, { env: { POLL_HOLD_SECONDS: '25' } })],
    ['held poll, 2 s', 2, () => startScanIn(redis)],
    ['plain poll every 2 s', 0, () => startScanIn(redis, { env: { POLL_HOLD_SECONDS: '0' } })],
    ['WebSocket', 0, () => startServer('websocket-push', { REDIS_URL: redis.url })],
  ]
  for (const [name, holdSeconds, startIt] of subjects) {
    const server = await startIt()
    // A server that has served before has its code compiled and its heap grown: so it serves a first crowd.
    const warmUp = await gatherCrowd({
      ...orderOf(name, server, holdSeconds),
      logins: logins.slice(0, 200),
      arriveOverMs: 200,
    })
    await warmUp.stop()
    const before = residentBytesOf(server.pid)
    const crowd = await gatherCrowd({ ...orderOf(name, server, holdSeconds), logins })
    const cpuBefore = cpuSecondsOf(server.pid)
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    const cpuShare = (cpuSecondsOf(server.pid) - cpuBefore) / seconds
    rows.push({
      name,
      waiting,
      bytesAWaiter: (residentBytesOf(server.pid) - before) / waiting,
      cpuPercent: cpuShare * 100,
    })
    await crowd.stop()
    await server.stop()
  }
  await redis.stop()
  return rows
}

function orderOf(name, { port }, holdSeconds) {
  return { kind: name === 'WebSocket' ? 'websocket-push' : 'held', port, holdSeconds, changes: 1 }
}
