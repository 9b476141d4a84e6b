// Logins created a second, each with its QR drawn and its record in Redis, beside better-auth's device codes.
import { load, rawRequest, writeRequests } from '../load/wrk.mjs'
import { betterAuth, deviceStarts, oidcProvider } from '../parts/peers.mjs'
import { startRedis } from '../parts/redis.mjs'
import { startScanIn, startServer } from '../parts/service.mjs'
import { median, pairedRatio } from '../parts/statistics.mjs'

export async function measureCreation({ rounds, seconds }) {
  const redis = await startRedis()
  const start = rawRequest('POST', '/login', {
    accept: 'application/json',
    'user-agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0',
  })
  const sides = [
    { name: 'ScanIn', server: await startScanIn(redis), requests: writeRequests([start]) },
    {
      name: 'oidc-provider',
      server: await startServer('oidc-provider', { REDIS_URL: redis.url }),
      requests: deviceStarts(oidcProvider),
    },
    { name: 'better-auth', server: await startServer('better-auth'), requests: deviceStarts(betterAuth) },
  ]
  for (const { server, requests } of sides) await load([server], requests, { seconds: 1 })
  const results = new Map(sides.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const { name, server, requests } of sides) {
      results.get(name).push(await load([server], requests, { seconds }))
    }
  }
  for (const { server } of sides) await server.stop()
  await redis.stop()
  const rates = (name) => results.get(name).map(({ perSecond }) => perSecond)
  const rows = sides.map(({ name }) => ({
    name,
    perSecond: median(rates(name)),
    ofBetterAuth: pairedRatio(rates(name), rates('better-auth')),
    cpuMicros: median(results.get(name).map(({ cpuMicros }) => cpuMicros)),
    bytesAReply: results.get(name)[0].bytesAReply,
  }))
  return { rounds, seconds, rows }
}
