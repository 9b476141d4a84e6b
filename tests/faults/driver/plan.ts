import type { MatchKind } from '../../../server/login/login.ts'
import { createRandom, type Random, seedOf } from '../random.ts'

/** What people do at one login, all of it decided by the run's seed and the login's number. */
export interface LoginPlan {
  name: string
  match: MatchKind
  /** Where browser and phones are. */
  addresses: { browser: string; phone: string }
  browser: BrowserPlan
  phones: readonly PhonePlan[]
  afterwards: 'sign out' | 'revoke' | 'stay'
  /** For what is decided on the way: each of the people draws from a row of numbers of their own. */
  seed: number
}

export interface BrowserPlan {
  /** Loops that poll at once. */
  racers: 1 | 2
  /** How often a connection is dropped between a request and its reply. */
  losses: number
  /** Asks for another QR after so long; a page that is loaded anew does the same. */
  rotatesAfterMs?: number
  reloadsAfterMs?: number
  /** Ends its login, or is closed without a word. */
  leavesAfterMs?: number
  vanishesAfterMs?: number
  wrongDigits: number
}

export type PhoneAct =
  | 'confirm'
  | 'deny'
  | 'scan and vanish'
  | 'confirm unscanned'
  | 'confirm and deny'
  | 'confirm and sign out'
  | 'confirm and be revoked'

export interface PhonePlan {
  act: PhoneAct
  /** Which of the people, and which of a person's phones. */
  person: number
  phone: number
  comesAfterMs: number
  thinksForMs: number
  losses: number
  /** Scans the QR that was shown first. */
  readsFirstQr: boolean
  /** Looks how it goes on. */
  watches: boolean
}

export interface PlanOptions {
  seed: number
  people: number
  phonesOfPerson: number
}

const ACTS: readonly (readonly [PhoneAct, number])[] = [
  ['confirm', 70],
  ['confirm unscanned', 6],
  ['deny', 6],
  ['scan and vanish', 5],
  ['confirm and deny', 5],
  ['confirm and sign out', 4],
  ['confirm and be revoked', 4],
]

export function planOf(at: number, { seed, people, phonesOfPerson }: PlanOptions): LoginPlan {
  const random = createRandom(seedOf(seed, at))
  const match = random.chance(0.25) ? 'code' : 'none'
  const network = `10.${(at >> 8) % 250}.${at % 250}`
  const elsewhere = `172.${16 + ((at >> 8) % 16)}.${at % 250}`
  const person = random.integer(people)
  const first = phonePlan(random, person, random.integer(phonesOfPerson))
  return {
    name: `login ${at} of seed ${seed}`,
    match,
    addresses: { browser: `${network}.5`, phone: `${match === 'none' ? network : elsewhere}.9` },
    browser: browserPlan(random),
    phones: [first, ...rivalsOf(first, random, people, phonesOfPerson)],
    afterwards: random.weighted(AFTERWARDS, 'stay', 10),
    seed: seedOf(seed, at),
  }
}

const AFTERWARDS: readonly (readonly ['sign out' | 'revoke', number])[] = [
  ['sign out', 65],
  ['revoke', 25],
]

const RIVALS: readonly (readonly ['somebody else' | 'their other phone', number])[] = [
  ['somebody else', 8],
  ['their other phone', 6],
]

function rivalsOf({ person, phone }: PhonePlan, random: Random, people: number, phonesOfPerson: number): PhonePlan[] {
  const rival = random.weighted(RIVALS, 'nobody', 86)
  if (rival === 'nobody') return []
  if (rival === 'somebody else') return [phonePlan(random, (person + 1) % people, 0)]
  return [phonePlan(random, person, (phone + 1) % phonesOfPerson)]
}

const WRONG_DIGITS: readonly (readonly [number, number])[] = [
  [1, 20],
  [2, 10],
  [5, 5],
]

function browserPlan(random: Random): BrowserPlan {
  const after = (probability: number, mostMs: number) =>
    random.chance(probability) ? random.next() * mostMs : undefined
  const times = {
    rotatesAfterMs: after(0.25, 1500),
    reloadsAfterMs: after(0.15, 1500),
    leavesAfterMs: after(0.04, 2000),
    vanishesAfterMs: after(0.04, 2000),
  }
  return {
    racers: random.chance(0.25) ? 2 : 1,
    losses: random.chance(0.35) ? 0.15 : 0,
    wrongDigits: random.weighted(WRONG_DIGITS, 0, 65),
    ...Object.fromEntries(Object.entries(times).filter(([, ms]) => ms !== undefined)),
  }
}

function phonePlan(random: Random, person: number, phone: number): PhonePlan {
  return {
    act: random.weighted(ACTS, 'confirm'),
    person,
    phone,
    comesAfterMs: random.next() * 1200,
    thinksForMs: random.next() * 600,
    losses: random.chance(0.3) ? 0.15 : 0,
    readsFirstQr: random.chance(0.1),
    watches: random.chance(0.3),
  }
}
