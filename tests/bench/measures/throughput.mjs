// Polls of pending logins a second: ScanIn, what this machine can do at all, and what else could be had.
import { load, writeRequests } from '../load/wrk.mjs'
import { checkPending, createLogins, pollRequest } from '../parts/logins.mjs'
import { betterAuth, devicePolls, oidcProvider } from '../parts/peers.mjs'
import { callsOf, startRedis } from '../parts/redis.mjs'
import { startScanIn, startServer } from '../parts/service.mjs'
import { median, pairedRatio } from '../parts/statistics.mjs'

const LOGINS = 60_000
const DEVICE_CODES = 100
const WARM_UP_SECONDS = 4

export async function measureThroughput({ rounds, seconds, peers = true }) {
  const redis = await startRedis()
  const logins = await createLogins(redis, LOGINS)
  const polls = writeRequests(logins.map((login) => pollRequest(login)))
  const scanIn = await startScanIn(redis)
  const env = { REDIS_URL: redis.url }
  const sides = [
    { name: 'ScanIn', server: scanIn, requests: polls },
    { name: 'constant', server: await startServer('constant'), requests: polls },
    { name: 'floor', server: await startServer('floor', env), requests: polls },
  ]
  if (peers) {
    const oidc = await startServer('oidc-provider', env)
    const better = await startServer('better-auth')
    // RFC 8628 has a pending poll answered with 400: refused, to wrk.
    const mayRefuse = true
    sides.push(
      { name: 'oidc-provider', server: oidc, requests: await devicePolls(oidc, oidcProvider, DEVICE_CODES), mayRefuse },
      { name: 'better-auth', server: better, requests: await devicePolls(better, betterAuth, DEVICE_CODES), mayRefuse },
    )
  }
  await checkPending(scanIn, logins)
  // Until the code is compiled and the heap has grown, it is the compiler that is measured.
  for (const side of sides) await measure(side, side.mayRefuse ? 1 : WARM_UP_SECONDS)

  const results = new Map(sides.map(({ name }) => [name, []]))
  let scanInPolls = 0
  const mgetsBefore = await callsOf(redis.client, 'mget')
  for (let round = 0; round < rounds; round++) {
    for (const side of sides) {
      const result = await measure(side, seconds)
      results.get(side.name).push(result)
      if (side.server === scanIn) scanInPolls += result.perSecond * seconds
    }
  }
  const mgets = (await callsOf(redis.client, 'mget')) - mgetsBefore
  await checkPending(scanIn, logins)
  for (const { server } of sides) await server.stop()
  await redis.stop()

  const floor = results.get('floor')
  const rows = sides.map(({ name }) => summary(name, results.get(name), floor, results.get('constant')))
  return { logins: LOGINS, rounds, seconds, rows, pollsARedisCommand: scanInPolls / mgets }
}

function measure({ server, requests, mayRefuse = false }, seconds) {
  return load([server], requests, { seconds, mayRefuse })
}

function summary(name, own, floor, constant) {
  const rates = (results) => results.map(({ perSecond }) => perSecond)
  return {
    name,
    perSecond: median(rates(own)),
    ofFloor: pairedRatio(rates(own), rates(floor)),
    ofConstant: pairedRatio(rates(own), rates(constant)),
    cpuMicros: median(own.map(({ cpuMicros }) => cpuMicros)),
    p99Ms: median(own.map(({ p99Ms }) => p99Ms)),
    bytesAReply: own[0].bytesAReply,
  }
}
