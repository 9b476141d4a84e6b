import { ScanInError } from '../errors.ts'
import { createQueues, type Queues, type QueueTally, queueTally } from '../queues.ts'

/** The lines that passwords stand in before they are tried. */
export interface SignInQueues {
  /** For a thread to hash in: one line for all. */
  hashing: Queues
  /** At one network. One at a time: the failures of many at once are counted one by one. */
  atSite: Queues
  /** At one account that is guessed at: of all, and of one network there. */
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

/** A hash takes a thread of the four that the process has for files and names too, for some 30 ms: two are left to those. */
const HASHES_AT_ONCE = 2
const MOST_WAITING_FOR_A_HASH = 100
const MOST_WAITING_AT_A_SITE = 50
const MOST_WAITING_FOR_AN_ACCOUNT = 50
/** Of those, and of who is at it, where it is being guessed at: one network leaves half of the line to others. */
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
