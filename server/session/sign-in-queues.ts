import { ScanInError } from '../errors.ts'
import { createQueues, type Queues, type QueueTally, queueTally } from '../queues.ts'

/** The lines that passwords stand in before they are tried. */
export interface SignInQueues {
  /** One line for all, who wait for a thread to hash in. */
  hashing: Queues
  /** At one network. One at a time: the failures of many at once are counted one by one. */
  atSite: Queues
  /** At one account: from everywhere and, where it is guessed at, from one network. */
  atAccount: Queues
  atAccountOfSite: Queues
  /** At one network, where too many were wrong. */
  slowly: Queues
}

/** What stands in them. */
export interface SignInTallies {
  hashing: QueueTally
  sites: QueueTally
  accounts: QueueTally
  slow: QueueTally
}

/** A hash takes one of the process's four threads for some 30 ms. Files and names need threads too: two are left. */
const HASHES_AT_ONCE = 2
const MOST_WAITING_FOR_A_HASH = 100
const MOST_WAITING_AT_A_SITE = 50
const MOST_WAITING_FOR_AN_ACCOUNT = 50
/** Of one network, waiting or being tried, at an account that is guessed at: half of the line is left to others. */
const MOST_AT_AN_ACCOUNT_OF_A_SITE = 25
const MOST_WAITING_SLOWLY = 2
/** A good part of how long such a queue takes at the most. */
const FULL_QUEUE_SECONDS = 10

const overloaded = () => new ScanInError('overloaded')
const lineIsFull = () => new ScanInError('slow_down', { retryAfterSeconds: FULL_QUEUE_SECONDS })

export function createSignInTallies(): SignInTallies {
  return { hashing: queueTally(), sites: queueTally(), accounts: queueTally(), slow: queueTally() }
}

export function createSignInQueues(tallies = createSignInTallies()): SignInQueues {
  return {
    hashing: createQueues({
      atOnce: HASHES_AT_ONCE,
      mostWaiting: MOST_WAITING_FOR_A_HASH,
      refusal: overloaded,
      tally: tallies.hashing,
    }),
    atSite: createQueues({
      atOnce: 1,
      mostWaiting: MOST_WAITING_AT_A_SITE,
      refusal: overloaded,
      tally: tallies.sites,
    }),
    atAccount: createQueues({
      atOnce: 1,
      mostWaiting: MOST_WAITING_FOR_AN_ACCOUNT,
      refusal: lineIsFull,
      tally: tallies.accounts,
    }),
    atAccountOfSite: createQueues({
      atOnce: MOST_AT_AN_ACCOUNT_OF_A_SITE,
      mostWaiting: 0,
      refusal: lineIsFull,
    }),
    slowly: createQueues({
      atOnce: 1,
      mostWaiting: MOST_WAITING_SLOWLY,
      refusal: lineIsFull,
      tally: tallies.slow,
    }),
  }
}
