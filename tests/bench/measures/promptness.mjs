// How long a change takes to reach the browser that waits for it: a held poll beside a WebSocket, by one Redis.
// `publish`: nothing but the push, from a record's change in Redis (a phone scans) to the browser knowing.
// `confirm`: from the phone's confirm leaving to the browser knowing; ScanIn's reply brings the session cookie with it,
// while after a WebSocket's push the browser has yet to fetch its own.
import { gatherCrowd } from '../parts/crowd.mjs'
import { createLogins, scanned, textOf } from '../parts/logins.mjs'
import { writePeople } from '../parts/people.mjs'
import { scan, signInPhone } from '../parts/phone.mjs'
import { startRedis } from '../parts/redis.mjs'
import { PASSWORD, startScanIn, startServer } from '../parts/service.mjs'
import { median, percentile } from '../parts/statistics.mjs'

const CHANGES_PER_SECOND = 100
/** Whose phones confirm: not one person's, whom no service has to sign in a hundred times a second. */
const PEOPLE = 50
/** Of a first round that nobody counts: it is the compiler that would be timed. */
const WARM_UP_CHANGES = 50

/**
 * @param holdSeconds what the service holds: the default of 2 has every browser ask again that often
 */
export async function measurePromptness({ waiting, changes, rounds, holdSeconds, change }) {
  const redis = await startRedis()
  const env = {
    POLL_HOLD_SECONDS: String(holdSeconds),
    MATCH: 'never',
    ACCOUNTS_FILE: await writePeople(PEOPLE, PASSWORD),
    DEMO_PASSWORD: '',
  }
  const scanIn = await startScanIn(redis, { env })
  const webSocket = await startServer('websocket-push', { REDIS_URL: redis.url })
  const phones = []
  for (let at = 0; at < PEOPLE; at++) phones.push(await signInPhone(scanIn, `person-${at}`))
  const results = { heldPoll: [], webSocket: [] }

  async function measureRound(kind, server, changes) {
    const logins = await createLogins(redis, waiting)
    for (const [at, login] of logins.entries()) {
      login.nextText = textOf(scanned(login.login))
      login.phoneCookie = phones[at % PEOPLE]
    }
    if (change === 'confirm' && kind === 'held') await scanSome(scanIn, logins, changes)
    const how = {
      kind,
      change,
      changes,
      changesPerSecond: CHANGES_PER_SECOND,
      holdSeconds,
      redisUrl: redis.url,
    }
    const crowd = await gatherCrowd({ ...how, port: server.port, publicUrl: scanIn.url, logins })
    return percentilesOf(await crowd.change())
  }

  for (let round = -1; round < rounds; round++) {
    for (const [name, server] of Object.entries({ heldPoll: scanIn, webSocket })) {
      const kind = name === 'webSocket' ? 'websocket' : 'held'
      const result = await measureRound(kind, server, round === -1 ? WARM_UP_CHANGES : changes)
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
