import type { Clock } from '../clock.ts'
import { type ErrorCode, ScanInError } from '../errors.ts'
import { hashSecret } from '../hashes.ts'
import { addressBlock } from '../http/client-address.ts'
import { createFailureLimit, createNetworkFailures, refuseExcess } from '../http/failure-limits.ts'
import { createQueues } from '../http/queues.ts'
import type { MakeLimiter } from '../http/rate-limits.ts'
import type { QueueTally } from '../http/tallies.ts'
import type { User } from '../identity/identity.ts'
import type { RecordStore } from '../store/record-store.ts'

export interface SignInGuardOptions {
  store: RecordStore
  clock: Clock
  makeLimiter: MakeLimiter
  /** Failures a minute and address; 0: nothing is counted. */
  failuresPerMinute: number
  /** Lets time pass. */
  pause: (ms: number) => Promise<void>
  /** Of its lines. */
  queues?: SignInQueues | undefined
}

export interface SignInQueues {
  /** For a thread to hash in. */
  hashing: QueueTally
  /** At one network, and at one account that is guessed at. */
  sites: QueueTally
  accounts: QueueTally
}

export interface SignInAttempt {
  username: string
  /** The client's. */
  address: string
  /** Checks the password; `undefined`: wrong. Costs a hash. */
  verify: () => Promise<User | undefined>
}

/**
 * Lets a password be tried, and counts the wrong ones: by address, by the networks around it and by account.
 * @returns whose password it was
 * @throws ScanInError `invalid_credentials`; `slow_down` after too many wrong ones; `overloaded` where too many try at once
 */
export type SignInGuard = (attempt: SignInAttempt) => Promise<User>

/** An account may fail from several places at once before anybody has to wait. */
const ACCOUNT_FACTOR = 2
const FAMILIAR_FOR_MS = 30 * 24 * 3600 * 1000

/**
 * How long a try waits at an account that is being guessed at: the longer, the more tries went wrong this minute. One
 * after the other, that is some hundred a minute and process at the most, from however many addresses.
 */
const PAUSE_A_FAILURE_MS = 5
const LONGEST_PAUSE_MS = 500
const MOST_WAITING_FOR_AN_ACCOUNT = 50
/** A good part of how long such a queue takes at the most. */
const FULL_QUEUE_SECONDS = 10

/** A hash takes a thread of the four that the process has for files and names too, for some 30 ms: two are left to those. */
const HASHES_AT_ONCE = 2
const MOST_WAITING_FOR_A_HASH = 100
/** An IPv4 address, or the widest network that failures are counted by. */
const SITE_PREFIX = 48
const MOST_WAITING_AT_A_SITE = 50

const overloaded = () => new ScanInError('overloaded')

/**
 * Nobody is locked out, and the right password is not refused for others' sake (OWASP Authentication Cheat Sheet):
 * - An address that failed too often is refused for the rest of the minute.
 * - An account that fails too often, from wherever, takes tries one at a time, each after a pause that grows with the
 *   failures. The right password still gets in; a wrong one is told to slow down.
 * - Where an account was signed in to within 30 days, neither counts, but that pair's own failures.
 */
export function createSignInGuard(options: SignInGuardOptions): SignInGuard {
  const { store, clock, makeLimiter, failuresPerMinute, pause, queues } = options
  const isCounted = failuresPerMinute > 0
  const byNetwork = createNetworkFailures(makeLimiter, 'sign-ins', failuresPerMinute)
  const byAccount = createFailureLimit(makeLimiter, 'sign-ins-account', failuresPerMinute * ACCOUNT_FACTOR)
  const byPair = createFailureLimit(makeLimiter, 'sign-ins-pair', failuresPerMinute)

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
    refusal: () => new ScanInError('slow_down', { retryAfterSeconds: FULL_QUEUE_SECONDS }),
    tally: queues?.accounts,
  })

  async function isFamiliar(pair: string): Promise<boolean> {
    const [record, { failures }] = await Promise.all([store.read(familiarKey(pair)), byPair.excess(pair)])
    return record !== undefined && failures === 0
  }

  return async ({ username, address, verify }) => {
    const block = addressBlock(address)
    const account = hashSecret(sameForAll(username))
    const pair = hashSecret(`${account} ${block}`)

    async function attempt(): Promise<User | undefined> {
      const user = await hashing('', verify)
      if (!isCounted) return user
      if (user === undefined)
        await Promise.all([byNetwork.count(address), byAccount.count(account), byPair.count(pair)])
      else await store.write(familiarKey(pair), true, { expiresAt: clock() + FAMILIAR_FOR_MS })
      return user
    }

    function attemptFromHere(): Promise<User | undefined> {
      return atSite(addressBlock(address, SITE_PREFIX), async () => {
        const excess = await byNetwork.excess(address)
        if (excess.failures > 0 && !(await isFamiliar(pair))) refuseExcess(excess)
        return attempt()
      })
    }

    if (!isCounted || (await isFamiliar(pair))) return rightOne(await attemptFromHere(), 'invalid_credentials')
    // In turn before anything is looked up: what fails at once from many places is counted one by one too.
    return atAccount(account, async () => {
      const { failures, retryAfterSeconds } = await byAccount.excess(account)
      if (failures === 0) return rightOne(await attemptFromHere(), 'invalid_credentials')
      await pause(Math.min(LONGEST_PAUSE_MS, failures * PAUSE_A_FAILURE_MS))
      return rightOne(await attemptFromHere(), 'slow_down', retryAfterSeconds)
    })
  }
}

function rightOne(user: User | undefined, refusal: ErrorCode, retryAfterSeconds?: number): User {
  if (user !== undefined) return user
  throw new ScanInError(refusal, retryAfterSeconds === undefined ? {} : { retryAfterSeconds })
}

/** However a user name is written, it is counted as one: coarser than names are told apart costs nothing here. */
function sameForAll(username: string): string {
  return username.normalize('NFKC').toLowerCase()
}

function familiarKey(pair: string): string {
  return `familiar:${pair}`
}
