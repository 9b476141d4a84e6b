// What it costs to answer a proxy whether somebody may enter: it asks for each request to an application.
import { load, rawRequest, writeRequests } from '../load/wrk.mjs'
import { applicationsEnv } from '../parts/applications.mjs'
import { createLogins, pollRequest } from '../parts/logins.mjs'
import { writePeople } from '../parts/people.mjs'
import { startRedis } from '../parts/redis.mjs'
import { loadWithRedis } from '../parts/redis-use.mjs'
import { PASSWORD, startScanIn, startServer } from '../parts/service.mjs'
import { besideFloor } from '../parts/statistics.mjs'
import { AT_THE_WIKI, enterWiki } from '../parts/visitors.mjs'

const WARM_UP_SECONDS = 3

/** @param people signed-in people whose requests come in turn */
export async function measureForwardAuth({ people, rounds, seconds }) {
  const redis = await startRedis()
  const own = { TRUST_PROXY: '127.0.0.1', ACCOUNTS_FILE: await writePeople(people, PASSWORD), DEMO_PASSWORD: '' }
  const scanIn = await startScanIn(redis, { env: { ...applicationsEnv(), ...own } })
  const floor = await startServer('floor', { REDIS_URL: redis.url })
  const cookies = []
  for (let at = 0; at < people; at++) cookies.push(await enterWiki(scanIn, `person-${at}`))
  await checkVerified(scanIn, cookies[0])
  const logins = await createLogins(redis, people)
  const sides = [
    { name: 'verified', server: scanIn, requests: writeRequests(cookies.map(verifyRequest)), results: [] },
    { name: 'floor', server: floor, requests: writeRequests(logins.map((login) => pollRequest(login))), results: [] },
  ]
  for (const { server, requests } of sides) await load([server], requests, { seconds: WARM_UP_SECONDS })
  for (let round = 0; round < rounds; round++) {
    for (const { server, requests, results } of sides) {
      results.push(await loadWithRedis([redis], [server], requests, { seconds }))
    }
  }
  for (const { server } of sides) await server.stop()
  await redis.stop()
  return sides.map(({ name, results }) => ({ name, ...besideFloor(results, sides.at(-1).results) }))
}

function verifyRequest(cookie) {
  return rawRequest('GET', '/auth/verify', { ...AT_THE_WIKI, accept: 'text/html', cookie })
}

/** Checks that the answer is about a person: to wrk any 200 would do. */
async function checkVerified({ url }, cookie) {
  const reply = await fetch(`${url}/auth/verify`, { headers: { ...AT_THE_WIKI, cookie } })
  if (reply.headers.get('remote-name') !== 'Person 0') throw new Error(`verify: ${reply.status}`)
}
