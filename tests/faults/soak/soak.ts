/**
 * `npm run soak`: 10,000 browsers that wait and 20 logins a second on two instances and one Redis, for ten minutes with a
 * fault in each, by hand. Nothing may grow once it is warm, no login may be lost, and the checker proves each one that
 * people took part in.
 *
 *     npm run soak                                              13 minutes: one to come, two to get warm, then ten
 *     npm run soak -- --seed 7                                  as it was with seed 7
 *     npm run soak -- --browsers 500 --faults 3 --every 20      a quick try
 *
 * Exits with 1 when a rule was broken. The machine should have nothing else to do.
 */
import { parseArgs } from 'node:util'
import { eventually } from '../../support/eventually.ts'
import { freePort } from '../../support/free-port.ts'
import { endAllAtExit } from '../long/end-all.ts'
import { createRandom, seedOf } from '../random.ts'
import { type Fault, faultsAt, PEACE, sleep } from '../stage/fault.ts'
import { INSTANCE_FAULTS } from '../stage/instance-faults.ts'
import { RULES, startInstances } from '../stage/instances.ts'
import { startOneRedis } from '../stage/one-redis.ts'
import { LINE_FAULTS, SERVER_FAULTS } from '../stage/redis-faults.ts'
import { run, violationsIn } from '../stage/run.ts'
import { gatherCrowd } from './crowd.ts'
import { type Figures, growthIn } from './growth.ts'
import { polls, shown, tellCrowd, tellPhases } from './report.ts'
import { COLLECTS_GARBAGE, figureOf, kindsOfKeys, openDescriptors, watch } from './watch.ts'

/** After everybody has come: as long as a login and a session last. */
const WARM_UP_ROUNDS = 2
/** A slow machine takes as many times longer for it. */
const ARRIVALS_MAY_TAKE = 10
const FAULT_MS = 10_000
/** The end of each round, in which it is measured: of a short one, half. */
const MEASURED_MS = 20_000
const PEOPLE = 100
/** At most so many at once: those who try again after a fault would keep the driver, and its line, from all else. */
const MOST_AT_ONCE = 300
/** How much is shown of the output of an instance that did not get well. */
const LAST_WORDS = 2000
/** Connections to the store, and files of the log: there may be some more or fewer of them. */
const SPARE_DESCRIPTORS = 20

/** The second instance is started anew by some faults: its memory begins anew with it. */
const JUDGED = [
  ...[figureOf(0, 'heap MiB'), figureOf(0, 'resident MiB'), figureOf(0, 'descriptors'), figureOf(1, 'descriptors')],
  ...['Redis MiB', 'Redis keys'],
]

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    browsers: { type: 'string', default: '10000' },
    logins: { type: 'string', default: '20' },
    faults: { type: 'string', default: '10' },
    every: { type: 'string', default: '60' },
  },
})
const seed = Number(values.seed)
const browsers = Number(values.browsers)
const rounds = Number(values.faults)
const roundMs = Number(values.every) * 1000

endAllAtExit()
console.log(
  `seed ${seed}: ${browsers} browsers, ${values.logins} logins a second, ${rounds} faults, one in ${values.every} s`,
)
const broken = await soak()
for (const line of broken) console.log(`BROKEN: ${line}`)
console.log(broken.length === 0 ? 'nothing was broken' : `${broken.length} rules were broken`)
process.exit(broken.length === 0 ? 0 : 1)

async function soak(): Promise<string[]> {
  const redis = await startOneRedis()
  const metricsPorts = [await freePort(), await freePort()]
  const instances = await startInstances(
    metricsPorts.length,
    (instance) => ({
      ...{ ...redis.env, ...COLLECTS_GARBAGE },
      METRICS_PORT: String(metricsPorts[instance]),
      POLL_INTERVAL_SECONDS: '2',
      RATE_LOGINS_PER_MINUTE: '60',
      // Sessions that nobody signs out of are forgotten by the time all is warm.
      SESSION_SECONDS: '120',
    }),
    PEOPLE,
  )
  const idle = descriptors()
  const crowd = gatherCrowd({
    ...{ instances: instances.origins, publicUrl: instances.publicUrl, browsers, seed },
    arriveOverMs: roundMs,
  })
  const measured: Figures[] = []
  let roundEndsAt = 0

  function descriptors(): number[] {
    return instances.processes().map(({ child }) => openDescriptors(child.pid ?? 0))
  }

  const arrival: Fault = {
    name: 'everybody comes',
    isPeace: true,
    async happen() {
      await eventually('all browsers have come', () => crowd.figures().begun >= browsers, roundMs * ARRIVALS_MAY_TAKE)
    },
  }

  function beginningARound(fault: Fault): Fault {
    const happen: Fault['happen'] = (nowhere, ms) => {
      roundEndsAt = performance.now() + roundMs
      return fault.happen(nowhere, ms)
    }
    return { ...fault, happen }
  }

  /** The rest of a round. */
  function peace(after: string): Fault {
    const happen = async () => {
      const measureMs = Math.min(MEASURED_MS, roundMs / 2)
      await sleep(Math.max(0, roundEndsAt - measureMs - performance.now()))
      const before = polls(crowd.figures())
      const figures = await watch({ redis, instances, metricsPorts }, measureMs)
      const seen = crowd.figures()
      const pollsPerSecond = Math.round((polls(seen) - before) / (measureMs / 1000))
      measured.push(figures)
      console.log(
        `after ${after}: ${Object.entries(figures)
          .map(([what, value]) => `${what} ${value}`)
          .join(', ')}`,
      )
      console.log(
        `  ${pollsPerSecond} polls a second, told to hold for ${seen.pace.hold} s every ${seen.pace.interval} s`,
      )
    }
    return { name: `peace after ${after}`, isPeace: true, happen }
  }

  const all = [...faultsAt(redis, [...SERVER_FAULTS, ...LINE_FAULTS]), ...faultsAt(instances, INSTANCE_FAULTS)]
  const chosen = [...Array.from({ length: WARM_UP_ROUNDS }, () => PEACE), ...inAnyOrder(all).slice(0, rounds)]
  const phases = await run({
    ...{ instances, rules: RULES, seed, mostAtOnce: MOST_AT_ONCE, loginsPerSecond: Number(values.logins) },
    faults: [arrival, ...chosen.flatMap((fault) => [beginningARound(fault), peace(fault.name)])],
    ...{ faultMs: Math.min(FAULT_MS, roundMs / 2), peaceMs: 0 },
  }).catch((error: unknown) => {
    for (const { stderr, stdout } of instances.processes()) console.log((stderr() + stdout()).slice(-LAST_WORDS))
    throw error
  })
  const crowdSaw = await crowd.leave()
  tellPhases(phases)
  tellCrowd(crowdSaw)
  console.log(`keys: ${shown(await kindsOfKeys(redis))}`)
  const broken = [
    ...violationsIn(phases).map(({ rule, login, detail }) => `${rule}: ${login}\n${detail}`),
    ...crowdSaw.lostFirst.map((how) => `a browser that waited lost its login (one of ${crowdSaw.lost}): ${how}`),
    ...growthIn(measured.slice(WARM_UP_ROUNDS), JUDGED).map(
      ({ figure, from, to }) => `grew: ${figure} from at most ${from} to at least ${to}`,
    ),
  ]
  await eventually('connections are given back', () =>
    descriptors().every((open, instance) => open <= (idle[instance] ?? 0) + SPARE_DESCRIPTORS),
  ).catch(() => broken.push(`descriptors were ${idle} before anybody came, and are ${descriptors()} now`))
  console.log(`descriptors: ${idle} before anybody came, ${descriptors()} now`)
  await instances.stop()
  await redis.stop()
  return broken
}

function inAnyOrder(faults: readonly Fault[]): Fault[] {
  const random = createRandom(seedOf(seed, -1))
  return faults
    .map((fault) => ({ fault, place: random.next() }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ fault }) => fault)
}
