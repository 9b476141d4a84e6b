import { hasCode } from '../errors.ts'
import { createFailureLimit } from '../http/failure-limits.ts'
import type { MakeLimiter } from '../http/rate-limits.ts'
import type { User } from '../identity/identity.ts'
import type { FamiliarPlaces } from './familiar-places.ts'
import type { PlacedAttempt } from './sign-in-attempt.ts'
import type { SignInQueues } from './sign-in-queues.ts'

interface FamiliarTryOptions {
  places: Pick<FamiliarPlaces, 'has'>
  makeLimiter: MakeLimiter
  failuresPerMinute: number
  queues: Pick<SignInQueues, 'atSite'>
  /** Whose password it is, by a hash. */
  check: (attempt: PlacedAttempt) => Promise<User | undefined>
}

/** Checks a password before all limits, at a place that its account was signed in to from before. */
export type FamiliarTry = (attempt: PlacedAttempt) => Promise<FamiliarLook>

export type FamiliarLook =
  | { outcome: 'right'; user: User }
  /** The password is wrong, and needs no other check: it still has to be counted and answered like any other. */
  | { outcome: 'known_wrong' }
  /** The place is not familiar, too many were wrong there, or its line was full: to be tried like any other. */
  | { outcome: 'not_tried' }

export function createFamiliarTry(options: FamiliarTryOptions): FamiliarTry {
  const { places, makeLimiter, failuresPerMinute, queues, check } = options
  /** Counts what was wrong here, whether or not it was then counted like any other. */
  const byPair = createFailureLimit(makeLimiter, 'sign-ins-familiar', failuresPerMinute)

  const hasFewFailures = async (pair: string) => (await byPair.excess(pair)).failures === 0

  async function isFamiliar({ account, pair }: PlacedAttempt): Promise<boolean> {
    const [isKnown, isGood] = await Promise.all([places.has(account, pair), hasFewFailures(pair)])
    return isKnown && isGood
  }

  async function look(attempt: PlacedAttempt): Promise<FamiliarLook> {
    // Checked again in turn, so that passwords that fail at once are counted one by one.
    if (!(await hasFewFailures(attempt.pair))) return { outcome: 'not_tried' }
    const user = await check(attempt)
    if (user !== undefined) return { outcome: 'right', user }
    await byPair.count(attempt.pair)
    return { outcome: 'known_wrong' }
  }

  return async (attempt) => {
    if (!(await isFamiliar(attempt))) return { outcome: 'not_tried' }
    const { site, giveUpAt } = attempt
    try {
      return await queues.atSite(site, () => look(attempt), giveUpAt)
    } catch (error) {
      if (!hasCode(error, 'overloaded') || performance.now() >= giveUpAt) throw error
      return { outcome: 'not_tried' }
    }
  }
}
