// How long a change takes to reach the browser that waits for it: a held poll beside a WebSocket, by one Redis.
// `publish`: nothing but the push, from a record's change in Redis (a phone scans) to the browser knowing.
// `sign-in`: the whole of it, from the phone's confirm leaving to the browser's page having the session and the person's
// data. With the held poll one reply brings both. After a WebSocket's push the browser sends a request for them: the same
// service, routes, checks, records and Redis (servers/websocket-login.mjs).
import { gatherCrowd } from '../parts/crowd.mjs'
import { createLogins, scanned, textOf } from '../parts/logins.mjs'
import { writePeople } from '../parts/people.mjs'
import { scan, signInPhone, signOutBrowsers } from '../parts/phone.mjs'
import { startRedis } from '../parts/redis.mjs'
import { PASSWORD, serviceEnv, startScanIn, startServer } from '../parts/service.mjs'
import { median, percentile } from '../parts/statistics.mjs'

const CHANGES_PER_SECOND = 100
/** Several people confirm: no service has to sign one person in a hundred times a second. */
const PEOPLE = 50
/** Changes of a first round that does not count: the compiler would be timed. */
const WARM_UP_CHANGES = 50

/** The server to be compared with, which is also what its crowd is called. */
const RIVALS = { publish: 'websocket-push', 'sign-in': 'websocket-login' }

/**
 * @param holdSeconds what the service holds: the default of 2 has every browser ask again that often
 * @param roundTripMs how far browsers are from the server; the phone is near
 */
export async function measurePromptness({ waiting, changes, rounds, holdSeconds, change, roundTripMs = 0 }) {
  const redis = await startRedis()
  const env = {
    POLL_HOLD_SECONDS: String(holdSeconds),
    MATCH: 'never',
    ACCOUNTS_FILE: await writePeople(PEOPLE, PASSWORD),
    DEMO_PASSWORD: '',
  }
  const scanIn = await startScanIn(redis, { env })
  const kinds = { heldPoll: 'held', webSocket: RIVALS[change] }
  const webSocket = await startServer(kinds.webSocket, { ...serviceEnv(redis, scanIn.url), ...env })
  const phones = []
  for (let at = 0; at < PEOPLE; at++) phones.push(await signInPhone(scanIn, `person-${at}`))
  const results = { heldPoll: [], webSocket: [] }

  async function measureRound(kind, server, changes) {
    const logins = await createLogins(redis, waiting)
    for (const [at, login] of logins.entries()) {
      login.nextText = textOf(scanned(login.login))
      login.phoneCookie = phones[at % PEOPLE]
    }
    if (change === 'sign-in') await scanSome(scanIn, logins, changes)
    const how = {
      kind,
      change,
      changes,
      changesPerSecond: CHANGES_PER_SECOND,
      holdSeconds,
      delayMs: roundTripMs / 2,
      redisUrl: redis.url,
    }
    const crowd = await gatherCrowd({ ...how, port: server.port, publicUrl: scanIn.url, logins })
    const result = percentilesOf(await crowd.change())
    // Keeps the lists of sessions as long in every round as in the one before.
    if (change === 'sign-in') await Promise.all(phones.map((cookie) => signOutBrowsers(scanIn, cookie)))
    return result
  }

  for (let round = -1; round < rounds; round++) {
    for (const [name, server] of Object.entries({ heldPoll: scanIn, webSocket })) {
      const result = await measureRound(kinds[name], server, round === -1 ? WARM_UP_CHANGES : changes)
      if (round >= 0) results[name].push(result)
    }
  }
  for (const server of [scanIn, webSocket]) await server.stop()
  await redis.stop()
  const row = (name) => ({
    p50Ms: median(results[name].map(({ p50 }) => p50)),
    p99Ms: median(results[name].map(({ p99 }) => p99)),
  })
  const ratio = (share) =>
    median(results.heldPoll.map((result, round) => result[share] / results.webSocket[round][share]))
  return {
    waiting,
    changes,
    holdSeconds,
    change,
    roundTripMs,
    heldPoll: row('heldPoll'),
    webSocket: row('webSocket'),
    p50Ratio: ratio('p50'),
    p99Ratio: ratio('p99'),
  }
}

/** What the phone does before it confirms, to those whose confirmation will be timed. */
async function scanSome(scanIn, logins, changes) {
  const every = Math.floor(logins.length / changes)
  for (let at = 0; at < logins.length; at += every) await scan(scanIn, logins[at].phoneCookie, logins[at].token)
}

function percentilesOf({ millis, lost }) {
  if (lost > 0) throw new Error(`${lost} changes never reached a browser`)
  return { p50: percentile(millis, 0.5), p99: percentile(millis, 0.99) }
}
