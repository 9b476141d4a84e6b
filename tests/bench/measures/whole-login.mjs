// What a whole login costs, all of it counted: made, polled as the page polls, scanned, confirmed, collected, and its
// person's data asked for. Hundreds of them, divided.
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
import { loadWebClient, signInBrowser } from '../parts/web-client.mjs'

const PEOPLE = 50
const FLOOR_SECONDS = 3
/** First ones, until the code is compiled. */
const WARM_UP = { logins: 200, arriveOverMs: 4000, scanAfterMs: 500, confirmAfterMs: 500 }

/** @param order so many `logins` that begin over `arriveOverMs`, by people who take so long to scan, and to confirm */
export async function measureWholeLogin(order) {
  const client = await loadWebClient()
  const redis = await startRedis()
  const port = await freePort()
  const accounts = { ACCOUNTS_FILE: await writePeople(PEOPLE, PASSWORD), DEMO_PASSWORD: '' }
  const env = { MATCH: 'never', PUBLIC_URL: `http://127.0.0.1:${port}`, ...accounts }
  const scanIn = await startScanIn(redis, { env })
  const wire = await countedWire(port, scanIn.port)
  const phone = { url: scanIn.url, publicUrl: wire.origin }
  const phones = []
  for (let at = 0; at < PEOPLE; at++) phones.push(await signInPhone(phone, `person-${at}`))

  /** @returns how many requests the page made */
  async function signIn(cookie, { scanAfterMs, confirmAfterMs }) {
    let approval
    const { api, sent } = await signInBrowser(client, wire.origin, (token) => {
      approval = pause(scanAfterMs)
        .then(() => scan(phone, cookie, token))
        .then(() => pause(confirmAfterMs))
        .then(() => confirm(phone, cookie, token))
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

  await signInAll(WARM_UP)
  const [usedBefore, cpuBefore, bytesBefore] = [await redisUse([redis]), cpuSecondsOf(scanIn.pid), { ...wire.bytes }]
  const requests = await signInAll(order)
  const cpuMicros = ((cpuSecondsOf(scanIn.pid) - cpuBefore) / order.logins) * 1e6
  const costs = redisCosts(usedBefore, await redisUse([redis]), order.logins)
  const floor = await floorMicros(redis)
  await scanIn.stop()
  await redis.stop()
  wire.stop()
  return {
    logins: order.logins,
    seconds: (order.scanAfterMs + order.confirmAfterMs) / 1000,
    requests: requests.reduce((sum, count) => sum + count, 0) / order.logins,
    sentBytes: (wire.bytes.sent - bytesBefore.sent) / order.logins,
    receivedBytes: (wire.bytes.received - bytesBefore.received) / order.logins,
    cpuMicros,
    inFloorRequests: cpuMicros / floor,
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
