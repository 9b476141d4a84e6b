/**
 * `npm run faults`: every topology and every fault for minutes, by hand. What each person saw is proved by the checker;
 * the seed that is printed makes the same people come again.
 *
 *     npm run faults                                  all, two minutes each
 *     npm run faults -- --minutes 10 --seed 7         longer, as it was with seed 7
 *     npm run faults -- --only Sentinel               topologies with this in their name
 *     REDIS_SERVER=/usr/bin/valkey-server npm run faults
 *
 * Exits with 1 when a rule was broken. The machine should have nothing else to do.
 */
import { parseArgs } from 'node:util'
import type { Violation } from '../checker/history.ts'
import { figuresOf } from '../driver/figures.ts'
import { RULES } from '../stage/instances.ts'
import { type Phase, run, violationsIn } from '../stage/run.ts'
import { CLUSTER, CLUSTER_THAT_WAITS } from './cluster-topologies.ts'
import { IN_MEMORY, ON_DISK } from './embedded-topologies.ts'
import { endAllAtExit } from './end-all.ts'
import { BY_SOCKET, BY_TLS, ONE_REDIS } from './one-redis-topologies.ts'
import { SENTINEL, SENTINEL_THAT_WAITS } from './sentinel-topologies.ts'
import type { Place, Topology } from './topology.ts'

const ALL: readonly Topology[] = [
  ...[ONE_REDIS, BY_TLS, BY_SOCKET, SENTINEL, SENTINEL_THAT_WAITS, CLUSTER, CLUSTER_THAT_WAITS],
  ...[ON_DISK, IN_MEMORY],
]

/** Rounds take turns: some faults are over in a moment, others outlast all that waits. */
const FAULT_MS: readonly [number, ...number[]] = [3000, 12_000, 6000]
const PEACE_MS = 2000
const LOGINS_PER_SECOND = 15
const MOST_AT_ONCE = 150
const MOST_SHOWN = 3

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    minutes: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
  },
})

endAllAtExit()
const seed = Number(values.seed)
const chosen = ALL.filter(({ name }) => name.includes(values.only))
let broken = 0
console.log(`seed ${seed}, ${values.minutes} minutes each`)
for (const topology of chosen) broken += await tryOut(topology)
console.log(broken === 0 ? 'nothing was broken' : `${broken} rules were broken`)
process.exit(broken === 0 ? 0 : 1)

async function tryOut({ name, start }: Topology): Promise<number> {
  console.log(`\n${name}`)
  const place = await start()
  const end = performance.now() + Number(values.minutes) * 60_000
  let found = 0
  for (let round = 0; round === 0 || performance.now() < end; round++)
    found += await playRound(place, round, place.faults)
  if (place.lastFault !== undefined) found += await playRound(place, 0, [place.lastFault])
  await place.stop()
  return found
}

async function playRound({ instances, rules }: Place, round: number, faults: Place['faults']): Promise<number> {
  const phases = await run({
    ...{ instances, faults, rules: { ...RULES, ...rules }, seed: seed + round },
    ...{ loginsPerSecond: LOGINS_PER_SECOND, mostAtOnce: MOST_AT_ONCE },
    ...{ faultMs: FAULT_MS[round % FAULT_MS.length] ?? FAULT_MS[0], peaceMs: PEACE_MS },
  })
  for (const phase of phases) tell(phase)
  const violations = violationsIn(phases)
  for (const violation of violations.slice(0, MOST_SHOWN)) console.log(indented(violation))
  if (violations.length > MOST_SHOWN) console.log(`    and ${violations.length - MOST_SHOWN} more`)
  return violations.length
}

function tell({ fault, played, starved }: Phase): void {
  const { logins, calls, signedIn, denied, replies, waits } = figuresOf(played)
  const kinds = Object.entries(replies).map(([kind, count]) => `${kind}: ${count}`)
  console.log(
    `  ${fault}: ${logins} logins, ${signedIn} signed in, ${denied} denied; ${calls} calls (${kinds.join(', ')})`,
  )
  console.log(`    confirm to session: ${waits.median} ms, p99 ${waits.p99} ms, at most ${waits.longest} ms`)
  if (starved.length > 0) console.log(`    ${starved.length} confirmed and refused in peace until its time was over`)
}

function indented({ rule, detail }: Violation): string {
  return `BROKEN: ${rule}\n${detail}`.replace(/^/gm, '    ')
}
