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

/** Looks at a password where its account is familiar, before anything that stands in the way there. */
export type FamiliarTry = (attempt: PlacedAttempt) => Promise<FamiliarLook>

export type FamiliarLook =
  | { outcome: 'right'; user: User }
  /** No more is to be found out: it is yet to be counted and answered as any other. */
  | { outcome: 'known_wrong' }
  /** Nobody was there, too many were wrong there, or there was no room: it is to be tried as any other. */
  | { outcome: 'not_tried' }

export function createFamiliarTry(options: FamiliarTryOptions): FamiliarTry {
  const { places, makeLimiter, failuresPerMinute, queues, check } = options
  /** What was looked at before all else, whether or not it was then counted as any other. */
  const byPair = createFailureLimit(makeLimiter, 'sign-ins-familiar', failuresPerMinute)

  const hasFewFailures = async (pair: string) => (await byPair.excess(pair)).failures === 0

  async function isFamiliar({ account, pair }: PlacedAttempt): Promise<boolean> {
    const [isKnown, isGood] = await Promise.all([places.has(account, pair), hasFewFailures(pair)])
    return isKnown && isGood
  }

  async function look(attempt: PlacedAttempt): Promise<FamiliarLook> {
    // And again in turn: what fails at once is counted one by one.
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
