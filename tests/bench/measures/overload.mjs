// More browsers than one core can answer every two seconds, by hand: node tests/bench/measures/overload.mjs [BROWSERS]
// The core is a slow one, Node without its compiler (--jitless): on a whole one it takes more connections to overload the
// service than one machine's loopback has, and more than one core of load to ask.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogins } from '../parts/logins.mjs'
import { writePeople } from '../parts/people.mjs'
import { scan, signInPhone } from '../parts/phone.mjs'
import { LOAD_CORE, start, stopAll } from '../parts/processes.mjs'
import { startRedis } from '../parts/redis.mjs'
import { PASSWORD, startScanIn } from '../parts/service.mjs'
import { percentile, rounded } from '../parts/statistics.mjs'

const BROWSERS = Number(process.argv[2] ?? 7500)
const CHANGES = 300
const PEOPLE = 20
const ORDER = { stay: 400, arriveOverMs: 30_000, settleMs: 45_000, changesPerSecond: 10, longestReturnMs: 180_000 }

const folder = mkdtempSync(join(tmpdir(), 'scanin-overload-'))
try {
  const redis = await startRedis()
  const scanIn = await startScanIn(redis, {
    env: {
      MATCH: 'never',
      ACCOUNTS_FILE: await writePeople(PEOPLE, PASSWORD),
      DEMO_PASSWORD: '',
      NODE_OPTIONS: '--jitless',
    },
  })
  const phones = []
  for (let at = 0; at < PEOPLE; at++) phones.push(await signInPhone(scanIn, `person-${at}`))
  const logins = await createLogins(redis, BROWSERS)
  // Not among those who stay to the end: they are gone once they are signed in.
  const step = Math.floor((BROWSERS - ORDER.stay) / CHANGES)
  for (let at = 0; at < CHANGES; at++) {
    const login = logins[ORDER.stay + at * step]
    login.phoneCookie = phones[at % PEOPLE]
    await scan(scanIn, login.phoneCookie, login.token)
  }
  const file = join(folder, 'order')
  writeFileSync(file, JSON.stringify({ ...ORDER, port: scanIn.port, publicUrl: scanIn.url, logins }))
  const crowd = start(LOAD_CORE, process.execPath, [join(import.meta.dirname, '../load/obedient-crowd.mjs'), file])
  await crowd.exited
  const [, result] = /RESULT (.*)/.exec(crowd.stdout()) ?? []
  if (process.argv.includes('--seconds') || result === undefined) console.log(crowd.stdout(), crowd.stderr())
  const { statuses, millis, lost, most, settled, returned, returnSeconds } = JSON.parse(result)
  console.log({
    browsers: BROWSERS,
    offeredASecond: BROWSERS / 2,
    carriedASecond: most,
    timesTooMany: rounded(BROWSERS / 2 / most),
    settledHold: settled.told,
    settledPollsASecond: settled.polls,
    replies: statuses,
    confirmed: millis.length,
    lost,
    p50Ms: rounded(percentile(millis, 0.5)),
    p99Ms: rounded(percentile(millis, 0.99)),
    holdOnceTheyLeft: returned,
    afterSeconds: rounded(returnSeconds),
  })
} finally {
  await stopAll()
  rmSync(folder, { recursive: true, force: true })
}
process.exit(0)
