import { ScanInError } from '../errors.ts'
import { addressBlock } from '../http/client-address.ts'
import { createNetworkFailures } from '../http/failure-limits.ts'
import type { MakeLimiter } from '../http/rate-limits.ts'
import { createQueues, giveUpTime, type QueueTally } from '../queues.ts'
import { PasskeyRefused } from './refusal.ts'

interface PasskeyGuardOptions {
  makeLimiter: MakeLimiter
  /** Wrong tries a minute and address; 0: any number. */
  failuresPerMinute: number
  /** Of what waits to be checked by a processor. */
  queue?: QueueTally | undefined
}

/** Checks what was signed, when its turn comes: nothing is waited for in it but a processor. */
export type InTurn = <Result>(check: () => Promise<Result>) => Promise<Result>

export interface PasskeyAttempt<Result> {
  /** The client's. */
  address: string
  /** Of the phone that they are signed in by, where they are: then nobody at their address is in their way. */
  phoneId?: string | undefined
  /** @throws PasskeyRefused where it is wrong */
  verify: (inTurn: InTurn) => Promise<Result>
}

/**
 * Lets a passkey be tried, and counts what is refused. Nobody guesses a signature, so the right one is taken however
 * many wrong ones came from there; who is wrong too often is told so. Rejects as `verify` does.
 * @throws ScanInError `slow_down` after too many wrong ones; `overloaded` where too many try at once
 */
export type PasskeyGuard = <Result>(attempt: PasskeyAttempt<Result>) => Promise<Result>

/** Verifying is a moment's work, on the threads that files are read by. */
const VERIFIED_AT_ONCE = 2
const MOST_WAITING = 100
/** As sign-ins by password are kept apart: before the line for all, each site and each phone has one of its own. */
const SITE_PREFIX = 48
const MOST_WAITING_AT_A_SITE = 50

export function createPasskeyGuard(options: PasskeyGuardOptions): PasskeyGuard {
  const { makeLimiter, failuresPerMinute, queue: tally } = options
  const byNetwork = createNetworkFailures(makeLimiter, 'passkeys', failuresPerMinute)
  const refusal = () => new ScanInError('overloaded')
  const verifying = createQueues({ atOnce: VERIFIED_AT_ONCE, mostWaiting: MOST_WAITING, refusal, tally })
  const atSite = createQueues({ atOnce: 1, mostWaiting: MOST_WAITING_AT_A_SITE, refusal })

  function turnsOf(address: string, phoneId: string | undefined): InTurn {
    const site = phoneId === undefined ? `at ${addressBlock(address, SITE_PREFIX)}` : `of ${phoneId}`
    return (check) => {
      const giveUpAt = giveUpTime()
      return atSite(site, () => verifying('', check, giveUpAt), giveUpAt)
    }
  }

  return async ({ address, phoneId, verify }) => {
    try {
      return await verify(turnsOf(address, phoneId))
    } catch (error) {
      if (!(error instanceof PasskeyRefused)) throw error
      const { failures, retryAfterSeconds } = await byNetwork.excess(address)
      await byNetwork.count(address)
      throw failures > 0 ? new ScanInError('slow_down', { retryAfterSeconds, cause: error }) : error
    }
  }
}
