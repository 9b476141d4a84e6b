// What one more sign-in costs a person who has many sessions already. Each session is written into a list of them;
// beyond `MAX_SESSIONS`, 50, the oldest browser's session makes way.
import { createLogins, pollRequest } from '../parts/logins.mjs'
import { writePeople } from '../parts/people.mjs'
import { confirm, scan, signInPhone } from '../parts/phone.mjs'
import { cpuSecondsOf } from '../parts/processes.mjs'
import { startRedis } from '../parts/redis.mjs'
import { PASSWORD, startScanIn } from '../parts/service.mjs'
import { median } from '../parts/statistics.mjs'

/** @param counts of sessions that a person has before, their phone's among them, ascending */
export async function measureSessionsOfOne({ counts, people }) {
  const redis = await startRedis()
  const scanIn = await startScanIn(redis, {
    env: { MATCH: 'never', ACCOUNTS_FILE: await writePeople(people, PASSWORD), DEMO_PASSWORD: '' },
  })
  const phones = []
  for (let at = 0; at < people; at++) phones.push(await signInPhone(scanIn, `person-${at}`))

  /** One more session for each of them, one after the other. */
  async function signInAll() {
    const logins = await createLogins(redis, people)
    for (const [at, { token }] of logins.entries()) await scan(scanIn, phones[at], token)
    const [cpuBefore, bytesBefore] = [cpuSecondsOf(scanIn.pid), await bytesOf(redis)]
    const millis = []
    for (const [at, login] of logins.entries()) {
      const since = performance.now()
      await confirm(scanIn, phones[at], login.token)
      await collect(scanIn, login)
      millis.push(performance.now() - since)
    }
    const cpuMicros = ((cpuSecondsOf(scanIn.pid) - cpuBefore) / people) * 1e6
    return { ms: median(millis), cpuMicros, redisBytes: ((await bytesOf(redis)) - bytesBefore) / people }
  }

  const rows = []
  let sessions = 1
  for (const count of counts) {
    for (; sessions < count; sessions++) await signInAll()
    rows.push({ sessions: count, ...(await signInAll()), listBytes: await listBytesOf(redis) })
    sessions++
  }
  await scanIn.stop()
  await redis.stop()
  return rows
}

async function collect({ url }, login) {
  const [, cookie] = /cookie: (\S+)/.exec(pollRequest(login))
  const reply = await fetch(`${url}/login/status/${login.token}`, { headers: { cookie } })
  const { status } = await reply.json()
  if (status !== 'authenticated') throw new Error(`a login is ${status}`)
}

/** What has gone to and from Redis so far. */
async function bytesOf({ client }) {
  const stats = await client.info('stats')
  return ['input', 'output'].reduce(
    (sum, way) => sum + Number(new RegExp(`total_net_${way}_bytes:(\\d+)`).exec(stats)[1]),
    0,
  )
}

async function listBytesOf({ client }) {
  const [list] = await client.keys('scanin:sessions-of:*')
  return client.strlen(list)
}
