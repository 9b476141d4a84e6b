import type { Clock } from '../clock.ts'
import { hasCode, ScanInError } from '../errors.ts'
import { createFailureLimit, createNetworkFailures, type Excess } from '../http/failure-limits.ts'
import type { MakeLimiter } from '../http/rate-limits.ts'
import type { User } from '../identity/identity.ts'
import type { RecordStore } from '../store/record-store.ts'
import { createFamiliarPlaces } from './familiar-places.ts'
import { createFamiliarTry, type FamiliarTry } from './familiar-try.ts'
import { type PlacedAttempt, placedAttempt, type SignInAttempt } from './sign-in-attempt.ts'
import type { SignInQueues } from './sign-in-queues.ts'

interface SignInGuardOptions {
  store: RecordStore
  clock: Clock
  makeLimiter: MakeLimiter
  /** Failures a minute and address; 0: nothing is counted. */
  failuresPerMinute: number
  queues: SignInQueues
  /** Lets time pass in a line. */
  pause: (ms: number) => Promise<void>
  /** Lets time pass before a refusal, where nobody waits for it. */
  linger: (ms: number) => Promise<void>
}

/**
 * Lets a password be tried, and counts the wrong ones: by address, by the networks around it and by account.
 * @returns whose password it was
 * @throws ScanInError `invalid_credentials`; `slow_down` after too many wrong ones; `overloaded` where too many try at once
 */
export type SignInGuard = (attempt: SignInAttempt) => Promise<User>

/** What came of a try. */
type Tried =
  | { outcome: 'right'; user: User }
  /** Found wrong in its turn. `slowed`: the limit by which it is told to slow down. */
  | { outcome: 'wrong'; slowed: Excess | undefined }
  | HeldUp

/** Answered as if it was not tried: too many were wrong at its address or around it, by how much says `slowed`. */
interface HeldUp {
  outcome: 'held up'
  slowed: Excess
}

/** How a password comes into line. */
interface Turn {
  /** The password was found wrong already, and is only counted. */
  isKnownWrong: boolean
  /** It has paused for the failures at its address, which no longer hold it up. */
  hasWaited: boolean
  /** By what it is told to slow down, if it is wrong. */
  slowed?: Excess
}

/** An account may fail from several places at once before anybody has to wait. */
const ACCOUNT_FACTOR = 2

/**
 * How long a try waits at an account that is being guessed at: the longer, the more tries went wrong this minute. One
 * after the other, that is some hundred a minute and process at the most, from however many addresses.
 */
const PAUSE_A_FAILURE_MS = 5
const LONGEST_PAUSE_MS = 500

/**
 * Where others were wrong too often, tries run one after the other, each after a pause: some thirty a minute and
 * process run from there, and a page waits ten seconds. An account that was itself wrong there this often is refused.
 */
const SLOW_STEP_MS = 250
const LONGEST_SLOW_MS = 2500
const MOST_OWN_FAILURES = 3

/** A client is told to slow down no sooner than after this, or after this many times as long as the last try took. */
const LEAST_SLOW_MS = SLOW_STEP_MS
const LEAST_SLOW_TRIES = 2

/**
 * Nobody is locked out, and nobody is refused the right password because of others (OWASP Authentication Cheat Sheet):
 * - Where an address failed too often, an account that failed there itself is refused for the rest of the minute;
 *   others are tried one at a time, after a pause. The right password gets in; a wrong one is told to slow down.
 * - An account that fails too often, from wherever, takes tries one at a time, each after a pause that grows with the
 *   failures. The right password still gets in; a wrong one is told to slow down. A try that is refused or slowed at
 *   its address waits there, and not in the account's line.
 * - At one of the last few places that an account was signed in to from within 30 days, a password is checked before
 *   all that, while few were wrong there. The right one gets in at once. A wrong one is answered as any other there, at
 *   the same time and in the same words, so that nobody learns which accounts exist, or from where they were used.
 */
export function createSignInGuard(options: SignInGuardOptions): SignInGuard {
  const { makeLimiter, failuresPerMinute, queues, pause, linger } = options
  const places = createFamiliarPlaces(options)
  const isCounted = failuresPerMinute > 0
  const byNetwork = createNetworkFailures(makeLimiter, 'sign-ins', failuresPerMinute)
  const byAccount = createFailureLimit(makeLimiter, 'sign-ins-account', failuresPerMinute * ACCOUNT_FACTOR)
  const byPair = createFailureLimit(makeLimiter, 'sign-ins-pair', failuresPerMinute)
  const ownFailures = Math.min(failuresPerMinute, MOST_OWN_FAILURES)
  const tryFamiliar: FamiliarTry = isCounted
    ? createFamiliarTry({ ...options, places, check })
    : async () => ({ outcome: 'not_tried' })

  /** How long the last try took, with its wait for a thread. */
  let lastTryMs = 0

  /** A refusal without a try comes no sooner than one after a try, so it does not tell where an account is familiar. */
  function lingerSince(cameAt: number): Promise<void> {
    const leastMs = Math.min(LONGEST_SLOW_MS, Math.max(LEAST_SLOW_MS, LEAST_SLOW_TRIES * lastTryMs))
    return linger(Math.max(0, leastMs - (performance.now() - cameAt)))
  }

  async function check({ account, pair, verify, isOut, giveUpAt }: PlacedAttempt): Promise<User | undefined> {
    const begunAt = performance.now()
    const [found, isNobody] = await Promise.all([queues.hashing('', verify, giveUpAt), isOut()])
    lastTryMs = performance.now() - begunAt
    const user = isNobody ? undefined : found
    if (user !== undefined && isCounted) await places.note(account, pair)
    return user
  }

  async function inTheWay({ address }: PlacedAttempt, { hasWaited }: Turn): Promise<HeldUp | undefined> {
    if (hasWaited) return undefined
    const slowed = await byNetwork.excess(address)
    return slowed.failures === 0 ? undefined : { outcome: 'held up', slowed }
  }

  async function checkAndCount(attempt: PlacedAttempt, turn: Turn): Promise<Tried> {
    const heldUp = await inTheWay(attempt, turn)
    if (heldUp !== undefined) return heldUp
    const user = turn.isKnownWrong ? undefined : await check(attempt)
    if (user !== undefined) return { outcome: 'right', user }
    const { address, account, pair } = attempt
    await Promise.all([byNetwork.count(address), byAccount.count(account), byPair.count(pair)])
    return { outcome: 'wrong', slowed: turn.slowed }
  }

  function tryAtAddress(attempt: PlacedAttempt, turn: Turn): Promise<Tried> {
    // A password that is known to be wrong has stood in its address's line already.
    if (turn.isKnownWrong) return checkAndCount(attempt, turn)
    return queues.atSite(attempt.site, () => checkAndCount(attempt, turn), attempt.giveUpAt)
  }

  /** In the line of an account, which does not wait for a try that would be held up at its address after it. */
  async function tryAtAccount(attempt: PlacedAttempt, turn: Turn): Promise<Tried> {
    const heldUp = await inTheWay(attempt, turn)
    if (heldUp !== undefined) return heldUp
    const slowed = await byAccount.excess(attempt.account)
    if (slowed.failures === 0) return tryAtAddress(attempt, turn)
    await pause(Math.min(LONGEST_PAUSE_MS, slowed.failures * PAUSE_A_FAILURE_MS))
    return tryAtAddress(attempt, { ...turn, slowed })
  }

  async function tryInLine(attempt: PlacedAttempt, turn: Turn): Promise<Tried> {
    const { account, site, giveUpAt } = attempt
    // Before any line, so that a try that is held up takes nobody's place in one.
    const heldUp = await inTheWay(attempt, turn)
    if (heldUp !== undefined) return heldUp
    if (!isCounted) return tryAtAddress(attempt, turn)
    // Checked again in turn, so that tries that fail at once from many places are counted one by one too.
    const inLine = () => queues.atAccount(account, () => tryAtAccount(attempt, turn), giveUpAt)
    const isGuessedAt = (await byAccount.excess(account)).failures > 0
    return isGuessedAt ? queues.atAccountOfSite(`${account} ${site}`, inLine) : inLine()
  }

  /** A try that is held up at its address stays so if its account was wrong there too; else it runs after a pause. */
  async function tryWithPause(attempt: PlacedAttempt): Promise<Tried> {
    const look = await tryFamiliar(attempt)
    if (look.outcome === 'right') return look
    const isKnownWrong = look.outcome === 'known_wrong'
    const first = await tryInLine(attempt, { isKnownWrong, hasWaited: false })
    if (first.outcome !== 'held up') return first
    if ((await byPair.excess(attempt.pair, ownFailures)).failures > 0) return first
    const { slowed } = first
    // In no other line meanwhile, so that nobody there waits for it.
    const pauseMs = Math.min(LONGEST_SLOW_MS, slowed.failures * SLOW_STEP_MS)
    await queues.slowly(attempt.site, () => pause(pauseMs), attempt.giveUpAt)
    const again = isKnownWrong ? look : await tryFamiliar(attempt)
    if (again.outcome === 'right') return again
    return tryInLine(attempt, { isKnownWrong: again.outcome === 'known_wrong', hasWaited: true, slowed })
  }

  return async (asked) => {
    const attempt = placedAttempt(asked)
    const tried = await tryWithPause(attempt).catch(async (error) => {
      // There was no room in a line.
      if (hasCode(error, 'slow_down')) await lingerSince(attempt.cameAt)
      throw error
    })
    if (tried.outcome === 'right') return tried.user
    if (tried.outcome === 'held up') await lingerSince(attempt.cameAt)
    // Computed as of now, so that it does not tell how long a check took.
    throw refusalOf(tried.slowed)
  }
}

function refusalOf(slowed: Excess | undefined): ScanInError {
  if (slowed === undefined) return new ScanInError('invalid_credentials')
  return new ScanInError('slow_down', { retryAfterSeconds: slowed.retryAfterSeconds })
}
