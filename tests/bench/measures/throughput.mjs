// Polls of pending logins a second: by ScanIn, by what this machine can do at all, and by alternatives.
import { load, writeRequests } from '../load/wrk.mjs'
import { applicationsEnv } from '../parts/applications.mjs'
import { checkPending, createLogins, pollRequest } from '../parts/logins.mjs'
import { betterAuth, devicePolls, oidcProvider } from '../parts/peers.mjs'
import { cpuSecondsOf } from '../parts/processes.mjs'
import { callsOf, startRedis } from '../parts/redis.mjs'
import { startScanIn, startServer } from '../parts/service.mjs'
import { median, pairedRatio } from '../parts/statistics.mjs'

const LOGINS = 60_000
const DEVICE_CODES = 100

/**
 * @param starts how often everything is started anew: the compiler's result differs from one process to the next by
 *   more than what is to be told apart
 * @param rounds short rounds in turn, each time
 * @param warmUpSeconds until the code is compiled and the heap has grown, the compiler is measured
 */
export async function measureThroughput({ starts, rounds, seconds, warmUpSeconds }) {
  const redis = await startRedis()
  const applications = applicationsEnv()
  const logins = await createLogins(redis, LOGINS)
  const polls = writeRequests(logins.map((login) => pollRequest(login)))
  const results = new Map()
  const redisCosts = { micros: [], calls: 0, polls: 0 }

  async function measure({ name, server, requests, mayRefuse = false }, forSeconds) {
    const redisBefore = cpuSecondsOf(redis.pid)
    const mgetsBefore = await callsOf(redis.client, 'mget')
    const result = await load([server], requests, { seconds: forSeconds, mayRefuse })
    if (name === 'ScanIn') {
      const count = result.perSecond * forSeconds
      redisCosts.micros.push(((cpuSecondsOf(redis.pid) - redisBefore) / count) * 1e6)
      redisCosts.calls += (await callsOf(redis.client, 'mget')) - mgetsBefore
      redisCosts.polls += count
    }
    return result
  }

  for (let start = 0; start < starts; start++) {
    const sides = await startSides(redis, polls, applications)
    await checkPending(sides[0].server, logins)
    for (const side of sides) await measure(side, side.mayRefuse ? 1 : warmUpSeconds)
    for (let round = 0; round < rounds; round++) {
      for (const side of sides) {
        results.set(side.name, [...(results.get(side.name) ?? []), await measure(side, seconds)])
      }
    }
    await checkPending(sides[0].server, logins)
    for (const { server } of sides) await server.stop()
  }
  await redis.stop()

  const rows = [...results].map(([name, own]) => summary(name, own, results.get('floor'), results.get('constant')))
  return {
    logins: LOGINS,
    starts,
    rounds,
    seconds,
    rows,
    pollsARedisCommand: redisCosts.polls / redisCosts.calls,
    redisCpuMicros: median(redisCosts.micros),
  }
}

async function startSides(redis, polls, applications) {
  const env = { REDIS_URL: redis.url }
  const oidc = await startServer('oidc-provider', env)
  const better = await startServer('better-auth')
  // RFC 8628 has a pending poll answered with 400: refused, to wrk.
  const mayRefuse = true
  return [
    { name: 'ScanIn', server: await startScanIn(redis), requests: polls },
    { name: 'ScanIn, for applications too', server: await startScanIn(redis, { env: applications }), requests: polls },
    { name: 'constant', server: await startServer('constant'), requests: polls },
    { name: 'floor', server: await startServer('floor', env), requests: polls },
    { name: 'oidc-provider', server: oidc, requests: await devicePolls(oidc, oidcProvider, DEVICE_CODES), mayRefuse },
    { name: 'better-auth', server: better, requests: await devicePolls(better, betterAuth, DEVICE_CODES), mayRefuse },
  ]
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
