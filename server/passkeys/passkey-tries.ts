import { ScanInError } from '../errors.ts'
import { createNetworkFailures } from '../http/failure-limits.ts'
import { createQueues } from '../http/queues.ts'
import { createNetworkLimit, createRateLimit, type MakeLimiter } from '../http/rate-limits.ts'
import type { QueueTally } from '../http/tallies.ts'
import { PasskeyRefused } from './refusal.ts'

export interface PasskeyTriesOptions {
  makeLimiter: MakeLimiter
  /** Wrong tries a minute and address, and challenges; 0: any number. */
  failuresPerMinute: number
  challengesPerMinute: number
  /** Of who waits to be verified. */
  queue?: QueueTally | undefined
}

/** What trying passkeys costs. */
export interface PasskeyTries {
  /** Counts a challenge that anybody may ask for, by address. @throws ScanInError `slow_down` */
  challenge<Result>(address: string, issue: () => Promise<Result>): Promise<Result>
  /** Counts one that a phone asks for. @throws ScanInError `slow_down` */
  challengeFor<Result>(phoneId: string, issue: () => Promise<Result>): Promise<Result>
  /**
   * Lets a passkey be tried, and counts what is refused. Nobody guesses a signature, so the right one is taken however
   * many wrong ones came from there; who is wrong too often is told so.
   * @throws ScanInError `slow_down` after too many wrong ones; `overloaded` where too many try at once
   */
  attempt<Result>(address: string, verify: () => Promise<Result>): Promise<Result>
}

/** Of one phone: each is a person's look at their device. */
const CHALLENGES_OF_A_PHONE = 30

/** Verifying is a moment's work, on the threads that files are read by. */
const VERIFIED_AT_ONCE = 2
const MOST_WAITING = 100

export function createPasskeyTries(options: PasskeyTriesOptions): PasskeyTries {
  const { makeLimiter, failuresPerMinute, challengesPerMinute } = options
  const byNetwork = createNetworkFailures(makeLimiter, 'passkeys', failuresPerMinute)
  const ofAddress = createNetworkLimit(makeLimiter, 'passkey-challenges', challengesPerMinute)
  const ofPhone = createRateLimit(makeLimiter, 'passkey-challenges-of', CHALLENGES_OF_A_PHONE)
  const refusal = () => new ScanInError('overloaded')
  const tally = options.queue
  const inTurn = createQueues({ atOnce: VERIFIED_AT_ONCE, mostWaiting: MOST_WAITING, refusal, tally })

  return {
    challenge: (address, issue) => ofAddress.spend(address, issue),
    challengeFor: (phoneId, issue) => ofPhone.spend(phoneId, issue),

    async attempt(address, verify) {
      try {
        return await inTurn('', verify)
      } catch (error) {
        if (!(error instanceof PasskeyRefused)) throw error
        const { failures, retryAfterSeconds } = await byNetwork.excess(address)
        await byNetwork.count(address)
        throw failures > 0 ? new ScanInError('slow_down', { retryAfterSeconds, cause: error }) : error
      }
    },
  }
}
