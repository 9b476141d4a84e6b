import type { Clock } from '../clock.ts'
import { hasCode, ScanInError } from '../errors.ts'
import { hashSecret } from '../hashes.ts'
import { addressBlock } from '../http/client-address.ts'
import { createFailureLimit, createNetworkFailures, type Excess } from '../http/failure-limits.ts'
import { createQueues, giveUpTime } from '../http/queues.ts'
import type { MakeLimiter } from '../http/rate-limits.ts'
import type { QueueTally } from '../http/tallies.ts'
import type { User } from '../identity/identity.ts'
import { foldId } from '../identity/names.ts'
import type { RecordStore } from '../store/record-store.ts'
import { createFamiliarPlaces } from './familiar-places.ts'

export interface SignInGuardOptions {
  store: RecordStore
  clock: Clock
  makeLimiter: MakeLimiter
  /** Failures a minute and address; 0: nothing is counted. */
  failuresPerMinute: number
  /** Lets time pass in a line. */
  pause: (ms: number) => Promise<void>
  /** Lets time pass before a refusal, where nobody waits for it. */
  linger: (ms: number) => Promise<void>
  /** Of its lines. */
  queues?: SignInQueues | undefined
}

export interface SignInQueues {
  /** For a thread to hash in. */
  hashing: QueueTally
  /** At one network, and at one account that is guessed at. */
  sites: QueueTally
  accounts: QueueTally
  /** At one network, where too many were wrong. */
  slow: QueueTally
}

export interface SignInAttempt {
  username: string
  /** The client's. */
  address: string
  /** Checks the password; `undefined`: wrong. Costs a hash. */
  verify: () => Promise<User | undefined>
  /** Asks the store whether it is good for nothing, right or wrong: meanwhile, and in no line for threads. */
  isOut: () => Promise<boolean>
}

/**
 * Lets a password be tried, and counts the wrong ones: by address, by the networks around it and by account.
 * @returns whose password it was
 * @throws ScanInError `invalid_credentials`; `slow_down` after too many wrong ones; `overloaded` where too many try at once
 */
export type SignInGuard = (attempt: SignInAttempt) => Promise<User>

/** An account may fail from several places at once before anybody has to wait. */
const ACCOUNT_FACTOR = 2

/**
 * How long a try waits at an account that is being guessed at: the longer, the more tries went wrong this minute. One
 * after the other, that is some hundred a minute and process at the most, from however many addresses.
 */
const PAUSE_A_FAILURE_MS = 5
const LONGEST_PAUSE_MS = 500
const MOST_WAITING_FOR_AN_ACCOUNT = 50
/** Of those, and of who is at it, where it is being guessed at: one network leaves half of the line to others. */
const MOST_AT_AN_ACCOUNT_OF_A_SITE = 25
/** A good part of how long such a queue takes at the most. */
const FULL_QUEUE_SECONDS = 10

/** A hash takes a thread of the four that the process has for files and names too, for some 30 ms: two are left to those. */
const HASHES_AT_ONCE = 2
const MOST_WAITING_FOR_A_HASH = 100
/** An IPv4 address, or the widest network that failures are counted by. */
const SITE_PREFIX = 48
const MOST_WAITING_AT_A_SITE = 50

/**
 * Who tries where others were wrong too often does so one after the other, each after a pause: some thirty a minute and
 * process are tried from there in all, and a page waits for ten seconds. Whose own tries were wrong there is one of those.
 */
const SLOW_STEP_MS = 250
const LONGEST_SLOW_MS = 2500
const MOST_WAITING_SLOWLY = 2
const MOST_OWN_FAILURES = 3

/** Whoever is slowed is told no sooner than after this, or this many times as long as the last try took. */
const LEAST_SLOW_MS = SLOW_STEP_MS
const LEAST_SLOW_TRIES = 2

const overloaded = () => new ScanInError('overloaded')
const lineIsFull = () => new ScanInError('slow_down', { retryAfterSeconds: FULL_QUEUE_SECONDS })

/**
 * Nobody is locked out, and the right password is not refused for others' sake (OWASP Authentication Cheat Sheet):
 * - Where an address failed too often, an account that failed there itself is refused for the rest of the minute; others
 *   are tried one at a time, after a pause. The right password gets in; a wrong one is told to slow down.
 * - An account that fails too often, from wherever, takes tries one at a time, each after a pause that grows with the
 *   failures. The right password still gets in; a wrong one is told to slow down. Who is refused or slowed where they are
 *   waits there, and not in this line.
 * - Where an account was signed in to within 30 days, of the last few places, a password is looked at before all that, as
 *   long as few were wrong there. The right one gets in at once. A wrong one is then answered as any other there, at the
 *   same time and in the same words: nobody is told who there is, and who was there.
 */
export function createSignInGuard(options: SignInGuardOptions): SignInGuard {
  const { makeLimiter, failuresPerMinute, pause, linger, queues } = options
  const familiar = createFamiliarPlaces(options)
  const isCounted = failuresPerMinute > 0
  const byNetwork = createNetworkFailures(makeLimiter, 'sign-ins', failuresPerMinute)
  const byAccount = createFailureLimit(makeLimiter, 'sign-ins-account', failuresPerMinute * ACCOUNT_FACTOR)
  const byPair = createFailureLimit(makeLimiter, 'sign-ins-pair', failuresPerMinute)
  /** Of pairs that are familiar: what was looked at before all else, whether or not it was then counted as any other. */
  const byFamiliar = createFailureLimit(makeLimiter, 'sign-ins-familiar', failuresPerMinute)
  const ownFailures = Math.min(failuresPerMinute, MOST_OWN_FAILURES)

  const hashing = createQueues({
    atOnce: HASHES_AT_ONCE,
    mostWaiting: MOST_WAITING_FOR_A_HASH,
    refusal: overloaded,
    tally: queues?.hashing,
  })
  // One at a time: the failures of many at once are counted one by one.
  const atSite = createQueues({
    atOnce: 1,
    mostWaiting: MOST_WAITING_AT_A_SITE,
    refusal: overloaded,
    tally: queues?.sites,
  })
  const atAccount = createQueues({
    atOnce: 1,
    mostWaiting: MOST_WAITING_FOR_AN_ACCOUNT,
    refusal: lineIsFull,
    tally: queues?.accounts,
  })
  const atAccountOfSite = createQueues({
    atOnce: MOST_AT_AN_ACCOUNT_OF_A_SITE,
    mostWaiting: 0,
    refusal: lineIsFull,
  })
  const slowly = createQueues({
    atOnce: 1,
    mostWaiting: MOST_WAITING_SLOWLY,
    refusal: lineIsFull,
    tally: queues?.slow,
  })

  const hasFewFailures = async (pair: string) => (await byFamiliar.excess(pair)).failures === 0

  async function isFamiliar(account: string, pair: string): Promise<boolean> {
    const [isKnown, isGood] = await Promise.all([familiar.has(account, pair), hasFewFailures(pair)])
    return isKnown && isGood
  }

  /** How long the last try took, with its wait for a thread. */
  let lastTryMs = 0

  /** What is told without a try came after one all the same, where the account is familiar: so it never comes sooner. */
  function lingerSince(cameAt: number): Promise<void> {
    const leastMs = Math.min(LONGEST_SLOW_MS, Math.max(LEAST_SLOW_MS, LEAST_SLOW_TRIES * lastTryMs))
    return linger(Math.max(0, leastMs - (performance.now() - cameAt)))
  }

  return async ({ username, address, verify, isOut }) => {
    const block = addressBlock(address)
    const site = addressBlock(address, SITE_PREFIX)
    // As accounts are told apart, so that no other spelling of one is another count; also of names that nobody can have.
    const account = hashSecret(foldId(username))
    const pair = hashSecret(`${account} ${block}`)
    const cameAt = performance.now()
    const giveUpAt = giveUpTime()
    /** It was looked at because the account is familiar here, and no more is to be found out. */
    let isKnownWrong = false

    async function attempt(): Promise<User | undefined> {
      const begunAt = performance.now()
      const [found, isNobody] = await Promise.all([hashing('', verify, giveUpAt), isOut()])
      lastTryMs = performance.now() - begunAt
      const user = isNobody ? undefined : found
      if (user !== undefined && isCounted) await familiar.note(account, pair)
      return user
    }

    async function attemptIfFewFailed(): Promise<User | undefined> {
      if (!(await hasFewFailures(pair))) return undefined
      const user = await attempt()
      if (user !== undefined) return user
      isKnownWrong = true
      await byFamiliar.count(pair)
      return undefined
    }

    /** Before anything that stands in the way here. `undefined`: it is to be answered as any other. */
    async function tryIfFamiliar(): Promise<User | undefined> {
      if (!isCounted || isKnownWrong || !(await isFamiliar(account, pair))) return undefined
      try {
        // And again in turn: what fails at once is counted one by one.
        return await atSite(site, attemptIfFewFailed, giveUpAt)
      } catch (error) {
        if (!hasCode(error, 'overloaded') || performance.now() >= giveUpAt) throw error
        return undefined
      }
    }

    /** What stands in the way of trying it from here. @param waited for this already */
    async function inTheWay(waited?: Excess): Promise<HeldUp | undefined> {
      if (waited !== undefined) return undefined
      const slowed = await byNetwork.excess(address)
      return slowed.failures === 0 ? undefined : { outcome: 'held up', slowed }
    }

    /** @param slowed by what a wrong one is told to slow down */
    function attemptFromHere(waited: Excess | undefined, slowed = waited): Promise<Tried> {
      const attemptInTurn = async (): Promise<Tried> => {
        const heldUp = await inTheWay(waited)
        if (heldUp !== undefined) return heldUp
        const user = isKnownWrong ? undefined : await attempt()
        if (user !== undefined) return { outcome: 'right', user }
        await Promise.all([byNetwork.count(address), byAccount.count(account), byPair.count(pair)])
        return { outcome: 'wrong', slowed }
      }
      // What is known to be wrong has stood in that line.
      return isKnownWrong ? attemptInTurn() : atSite(site, attemptInTurn, giveUpAt)
    }

    /** In the line of an account, where nobody is waited for who would not be tried after it. */
    async function attemptAtAccount(waited: Excess | undefined): Promise<Tried> {
      const heldUp = await inTheWay(waited)
      if (heldUp !== undefined) return heldUp
      const slowed = await byAccount.excess(account)
      if (slowed.failures === 0) return attemptFromHere(waited)
      await pause(Math.min(LONGEST_PAUSE_MS, slowed.failures * PAUSE_A_FAILURE_MS))
      return attemptFromHere(waited, slowed)
    }

    /** @param waited for this already */
    async function tryInTurn(waited?: Excess): Promise<Tried> {
      const user = await tryIfFamiliar()
      if (user !== undefined) return { outcome: 'right', user }
      // Before any line: who is refused takes nobody's place in it.
      const heldUp = await inTheWay(waited)
      if (heldUp !== undefined) return heldUp
      if (!isCounted) return attemptFromHere(waited)
      // And again in turn: what fails at once from many places is counted one by one too.
      const inLine = () => atAccount(account, () => attemptAtAccount(waited), giveUpAt)
      const isGuessedAt = (await byAccount.excess(account)).failures > 0
      return isGuessedAt ? atAccountOfSite(`${account} ${site}`, inLine) : inLine()
    }

    /** Who is held up here stays so where they were wrong too, and else is tried after a pause. */
    async function tryWithPause(): Promise<Tried> {
      const first = await tryInTurn()
      if (first.outcome !== 'held up' || (await byPair.excess(pair, ownFailures)).failures > 0) return first
      const { slowed } = first
      // In no other line meanwhile: nobody waits for who has to wait here.
      await slowly(site, () => pause(Math.min(LONGEST_SLOW_MS, slowed.failures * SLOW_STEP_MS)), giveUpAt)
      return tryInTurn(slowed)
    }

    const tried = await tryWithPause().catch(async (error) => {
      // There was no room in a line.
      if (hasCode(error, 'slow_down')) await lingerSince(cameAt)
      throw error
    })
    if (tried.outcome === 'right') return tried.user
    if (tried.outcome === 'held up') await lingerSince(cameAt)
    // As of now: how long a look has taken says nothing.
    throw refusalOf(tried.slowed)
  }
}

/** What came of a try. */
type Tried =
  | { outcome: 'right'; user: User }
  /** Found out in its turn, as of any other. `slowed`: by what it is told to slow down. */
  | { outcome: 'wrong'; slowed: Excess | undefined }
  | HeldUp

/** Answered as if it was not tried: too many were wrong around there, of which `slowed` tells. */
interface HeldUp {
  outcome: 'held up'
  slowed: Excess
}

function refusalOf(slowed: Excess | undefined): ScanInError {
  if (slowed === undefined) return new ScanInError('invalid_credentials')
  return new ScanInError('slow_down', { retryAfterSeconds: slowed.retryAfterSeconds })
}
