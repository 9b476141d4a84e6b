import type { Clock } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import { hashSecret } from '../hashes.ts'
import { type NetworkFailures, refuseExcess } from '../http/failure-limits.ts'
import type { BearerVerdict, BearerVerifier } from './identity.ts'
import { refused } from './oidc-claims.ts'
import { createShortMemory } from './short-memory.ts'

interface SparinglyOptions {
  /** Asks the provider. */
  ask: BearerVerifier
  failures: NetworkFailures
  clock: Clock
}

/** How many calls may be under way: in all, and for unknown tokens alone, so that known ones always find a place. */
export const MOST_CALLS = 16
const MOST_CALLS_FOR_UNKNOWN = 12
const RETRY_AFTER_SECONDS = 1
/** How long a refused token stays refused without asking. */
const REFUSED_FOR_MS = 10_000
/** How long others' failures at its address hold up no token that was good. The provider is asked all the same. */
const KNOWN_FOR_MS = 600_000

/** Of many calls by one key, one asks, and all get its answer; no more than `most` keys are asked about at a time. */
export type SharedCalls = (key: string, most: number, ask: () => Promise<BearerVerdict>) => Promise<BearerVerdict>

/** Their calls reject with `identity_provider_unavailable` where there are too many under way. */
export function createSharedCalls(): SharedCalls {
  const underWay = new Map<string, Promise<BearerVerdict>>()

  return async (key, most, ask) => {
    const shared = underWay.get(key)
    if (shared !== undefined) return shared
    if (underWay.size >= most) {
      throw new ScanInError('identity_provider_unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS })
    }
    const call = ask().finally(() => underWay.delete(key))
    underWay.set(key, call)
    return call
  }
}

/**
 * Asks the provider sparingly: anybody can make up tokens, and each would be a request to somebody else's service. Many
 * requests with one token are one call.
 * @throws ScanInError `identity_provider_unavailable` with too many calls under way; `slow_down` after too many failures
 */
export function sparingly({ ask, failures, clock }: SparinglyOptions): BearerVerifier {
  const known = createShortMemory<true>(clock)
  const wrong = createShortMemory<true>(clock)
  const calls = createSharedCalls()

  async function askOnce(token: string, hash: string, address: string): Promise<BearerVerdict> {
    const isKnown = known.get(hash) === true
    if (!isKnown) refuseExcess(await failures.excess(address))
    const verdict = await ask(token, address)
    if (verdict.kind === 'person') {
      known.set(hash, true, KNOWN_FOR_MS)
      return verdict
    }
    known.forget(hash)
    wrong.set(hash, true, REFUSED_FOR_MS)
    await failures.count(address)
    return verdict
  }

  return async (token, address) => {
    const hash = hashSecret(token)
    if (wrong.get(hash)) return refused('it was refused a moment ago')
    const most = known.get(hash) ? MOST_CALLS : MOST_CALLS_FOR_UNKNOWN
    return calls(hash, most, () => askOnce(token, hash, address))
  }
}
