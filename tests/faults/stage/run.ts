import { eventually } from '../../support/eventually.ts'
import { check, print } from '../checker/check.ts'
import type { LoginHistory, Rules, Violation } from '../checker/history.ts'
import { endingOf } from '../checker/liveness.ts'
import { drive, type Played } from '../driver/drive.ts'
import { createPhonePool } from '../driver/phone-pool.ts'
import { createWire } from '../driver/wire.ts'
import { type Fault, sleep } from './fault.ts'
import type { Instances } from './instances.ts'

export interface Run {
  instances: Instances
  faults: readonly Fault[]
  rules: Rules
  seed: number
  loginsPerSecond: number
  mostAtOnce: number
  /** How long each fault lasts, and how long there is peace after it. */
  faultMs: number
  peaceMs: number
}

/** What people saw around one fault. */
export interface Phase {
  fault: string
  played: Played[]
  /** How many of them were signed in once it had begun, however much later. */
  gotIn: number
  violations: Violation[]
  /** Logins that were confirmed and then refused until their time was over, even in peace: their calls, as lines. */
  starved: string[]
}

/** A fault and when it happened, by the driver's clock. */
interface Happened {
  fault: Fault
  from: number
  until: number
}

const REPLY_PATIENCE_MS = 15_000
const clock = () => performance.now()

/** Lets people sign in while one thing after the other goes wrong, and proves what each of them saw. */
export async function run({
  instances,
  faults,
  rules,
  seed,
  loginsPerSecond,
  mostAtOnce,
  ...times
}: Run): Promise<Phase[]> {
  const wire = createWire({ patienceMs: REPLY_PATIENCE_MS })
  const service = { wire, instances: instances.origins, publicUrl: instances.publicUrl }
  const pool = createPhonePool(service, instances.people)
  await pool.signIn()
  const enough = new AbortController()
  const driven = drive({
    ...{ service, pool, seed, loginsPerSecond, mostAtOnce, clock },
    enough: enough.signal,
    // Long enough to collect all that is confirmed.
    patienceMs: rules.collectMs,
  })
  const happened: Happened[] = []
  try {
    for (const fault of faults) {
      const from = clock()
      await fault.happen(undefined, times.faultMs)
      await untilWell(instances)
      if (fault.loses === 'everything') await pool.signIn()
      happened.push({ fault, from, until: clock() })
      await sleep(times.peaceMs)
    }
  } finally {
    enough.abort()
  }
  const played = await driven
  wire.close()
  return happened.map((each, nth) => phaseOf(each, happened[nth + 1]?.from, { played, happened, rules }))
}

/** Violations by people who were there in several phases are told once. */
export function violationsIn(phases: readonly Phase[]): Violation[] {
  const byText = new Map(phases.flatMap(({ violations }) => violations).map((each) => [JSON.stringify(each), each]))
  return [...byText.values()]
}

/** However long the machine takes to get over it. */
async function untilWell({ origins }: Instances): Promise<void> {
  let said: string[] = []
  const areWell = async () => {
    said = await Promise.all(origins.map(readinessOf))
    return said.every((each) => each.startsWith('200'))
  }
  await eventually('all instances are well again', areWell).catch((cause: unknown) => {
    throw new Error(`still unwell: ${said.join('; ')}`, { cause })
  })
}

async function readinessOf(origin: string): Promise<string> {
  try {
    const reply = await fetch(`${origin}/readyz`)
    return `${reply.status} ${await reply.text()}`
  } catch (error) {
    return `${error}`
  }
}

function phaseOf(
  { fault, from }: Happened,
  until = Number.POSITIVE_INFINITY,
  { played, happened, rules }: { played: readonly Played[]; happened: readonly Happened[]; rules: Rules },
): Phase {
  const own = played.filter(({ history }) => endOf(history) >= from && history.started.from < until)
  const judged = own.map(({ history }) => {
    const itsRules = rulesFor(history, rules, happened)
    return {
      violations: check(history, itsRules),
      starved: endingOf(history, itsRules) === 'starved' ? [print(history)] : [],
    }
  })
  return {
    fault: fault.name,
    played: own,
    gotIn: own.filter(({ history }) => isGivenSession(history, from)).length,
    violations: judged.flatMap(({ violations }) => violations),
    starved: judged.flatMap(({ starved }) => starved),
  }
}

function isGivenSession({ calls }: LoginHistory, from: number): boolean {
  const first = calls.find(({ answer }) => answer?.session !== undefined)
  return first?.answer !== undefined && first.answer.at >= from
}

/** The rules with what is excused: if a store forgot something, everybody who was there at the time. */
function rulesFor(history: LoginHistory, rules: Rules, happened: readonly Happened[]): Rules {
  const during = happened.filter(({ from, until }) => endOf(history) >= from && history.started.from < until)
  const from = (loses: Fault['loses']) => during.find(({ fault }) => fault.loses === loses)?.from
  const [lostFrom, rolledBackFrom] = [from('everything'), from('the last writes')]
  return {
    ...rules,
    troubles: happened.filter(({ fault }) => fault.isPeace !== true),
    ...(lostFrom === undefined ? {} : { lostFrom }),
    ...(rolledBackFrom === undefined ? {} : { rolledBackFrom }),
  }
}

function endOf({ started, calls }: LoginHistory): number {
  return calls.reduce((end, { calledAt, answer }) => Math.max(end, answer?.at ?? calledAt), started.until)
}
