import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './folders.mjs'
import { askForLogins, createLogins as writeLogins } from './logins.mjs'
import { gatherObediently } from './obedient-crowds.mjs'
import { writePeople } from './people.mjs'
import { signInPhone } from './phone.mjs'
import { freePort } from './ports.mjs'
import { cpuSecondsOf, residentBytesOf, stopAll } from './processes.mjs'
import { startRedis } from './redis.mjs'
import { PASSWORD, startScanIn } from './service.mjs'
import { percentile, rounded } from './statistics.mjs'

const PEOPLE = 50
const LANE = join(import.meta.dirname, '../servers/shared-lane.mjs')
/** A process's descriptors for other things than browsers' connections. */
const OTHER_FILES = 500
const MIB = 2 ** 20
const BASE_HOLD = 2

/** Where the services keep what they know, and how logins get there. */
const STORES = {
  async redis() {
    const redis = await startRedis()
    return { redis, env: {}, createLogins: (_services, count) => writeLogins(redis, count) }
  },
  async disk() {
    return { redis: undefined, env: { STORE_PATH: temporaryFolder() }, createLogins: askForLogins }
  },
}

/**
 * More browsers than can be answered every two seconds, each keeping to what it is told. Phones sign some of them in,
 * and for each of those somebody else comes to the page. Then the browsers leave in steps.
 * @param browsers how many
 * @param store `redis`, on the load's core, or `disk`: a `STORE_PATH`
 * @param instances how many services on the server's core share them
 * @param isLaneShared their connections share a real one, for when a process may not have as many descriptors
 * @param nodeOptions the service's
 * @param arriveOverMs how long their arrival takes
 * @param settleMs after that, before the first is signed in
 * @param signIn `{perSecond, seconds}`
 * @param leaving in turn: how many `stay`, and the `seconds` given to the pace to come back to what it was
 * @param onSample called every few seconds with how it is
 */
export async function overload(options) {
  try {
    return await measure(options)
  } finally {
    await stopAll()
  }
}

async function measure(options) {
  const { browsers, instances = 1, isLaneShared = false, nodeOptions, signIn, leaving, onSample } = options
  const { redis, env, createLogins } = await STORES[options.store ?? 'redis']()
  const services = await startServices(redis, { env, instances, isLaneShared, nodeOptions })
  const phones = []
  for (let at = 0; at < PEOPLE; at++) phones.push(await signInPhone(services[0], `person-${at}`))
  const logins = await createLogins(services, browsers)
  const watch = watchServices(services, redis)
  const crowd = gatherObediently(ordersFor({ ...options, services, isLaneShared, logins, phones }))
  const sampling = setInterval(() => onSample(sample()), options.sampleEveryMs ?? 5000)
  const sample = () => ({ ...watch(), ...withoutStatuses(crowd.lastSecond()) })
  try {
    await crowd.hasArrived(options.arriveOverMs)
    await pause(options.settleMs)
    const settled = sample()
    const { millis, lost } = await crowd.signIn(signIn)
    const held = { ...sample(), ...confirmed(millis, lost) }
    // Told now in case the run is stopped before its end.
    onSample(held)
    const steps = []
    for (const step of leaving) steps.push(await leave(crowd, step, sample))
    await pause(1000)
    return {
      settled,
      held,
      replies: crowd.lastSecond().statuses,
      errors: crowd.errors(),
      steps,
    }
  } finally {
    clearInterval(sampling)
  }
}

/** From the phone's confirm leaving to its browser having the session. */
function confirmed(millis, lost) {
  return {
    signedIn: millis.length,
    lost,
    p50Ms: rounded(percentile(millis, 0.5)),
    p90Ms: rounded(percentile(millis, 0.9)),
    p99Ms: rounded(percentile(millis, 0.99)),
    mostMs: rounded(Math.max(...millis)),
  }
}

/** How long the pace takes to come back once only so many stay; `undefined`: longer than it was given. */
async function leave(crowd, { stay, seconds }, sample) {
  const leftAt = performance.now()
  const passed = () => (performance.now() - leftAt) / 1000
  crowd.stay(stay)
  // What the load printed last may be from before they left.
  await pause(1500)
  let second = crowd.lastSecond()
  while (second.hold > BASE_HOLD && passed() < seconds) {
    await pause(200)
    second = crowd.lastSecond()
  }
  return { stay, backAfterSeconds: second.hold > BASE_HOLD ? undefined : rounded(passed()), ...sample() }
}

async function startServices(redis, { env: storeEnv, instances, isLaneShared, nodeOptions }) {
  const accounts = await writePeople(PEOPLE, PASSWORD)
  const env = { ...storeEnv, MATCH: 'never', ACCOUNTS_FILE: accounts, DEMO_PASSWORD: '' }
  const services = []
  for (let at = 0; at < instances; at++) {
    const lanePort = isLaneShared ? await freePort() : undefined
    const options = [nodeOptions, lanePort && `--import=${LANE}`].filter(Boolean).join(' ')
    // All are one service, so all have the address of the first, where people sign in.
    const shared = at === 0 ? {} : { PUBLIC_URL: services[0].url }
    const service = await startScanIn(redis, {
      env: { ...env, ...shared, NODE_OPTIONS: options, ...(lanePort && { LANE_PORT: String(lanePort) }) },
    })
    services.push({ ...service, lanePort })
  }
  return services
}

/** Which browsers wait where: with own connections, as many in a process as it may have descriptors for. */
function ordersFor({ services, isLaneShared, logins, phones, arriveOverMs }) {
  const aProcess = isLaneShared ? Number.POSITIVE_INFINITY : openFiles() - OTHER_FILES
  const perService = Math.max(1, Math.ceil(logins.length / services.length / aProcess))
  const count = perService * services.length
  const size = Math.ceil(logins.length / count)
  return Array.from({ length: count }, (_, at) => {
    const { port, lanePort } = services[at % services.length]
    const first = at * size
    const own = logins.slice(first, first + size).map(({ login: _record, ...known }) => known)
    return { port, lanePort, first, publicUrl: services[0].url, logins: own, phones, arriveOverMs }
  })
}

function openFiles() {
  return Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1024)
}

/**
 * @param redis the services' Redis, if any
 * @returns a function that tells the processor time since its last call, and resident memory
 */
function watchServices(services, redis) {
  const beganAt = performance.now()
  const sumOf = (measured) => services.reduce((sum, { pid }) => sum + measured(pid), 0)
  const redisSeconds = () => (redis ? cpuSecondsOf(redis.pid) : 0)
  let [at, cpu, redisCpu] = [beganAt, sumOf(cpuSecondsOf), redisSeconds()]
  return () => {
    const now = { at: performance.now(), cpu: sumOf(cpuSecondsOf), redisCpu: redisSeconds() }
    const percent = (seconds) => rounded((seconds / (now.at - at)) * 1e5, 0)
    const told = {
      at: rounded((now.at - beganAt) / 1000, 0),
      cpuPercent: percent(now.cpu - cpu),
      ...(redis && { redisPercent: percent(now.redisCpu - redisCpu) }),
      residentMiB: rounded(sumOf(residentBytesOf) / MIB, 0),
    }
    ;[at, cpu, redisCpu] = [now.at, now.cpu, now.redisCpu]
    return told
  }
}

const withoutStatuses = ({ statuses: _statuses, ...second }) => second
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
