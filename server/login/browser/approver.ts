import type { Clock } from '../../clock.ts'
import { ScanInError } from '../../errors.ts'
import type { ApprovingTokens } from '../../identity/approving-tokens.ts'
import type { CurrentPerson, HasEnded, User } from '../../identity/identity.ts'
import type { SessionService } from '../../session/session-service.ts'
import type { Phone } from '../login.ts'

export interface ApproverOptions {
  sessions: Pick<SessionService, 'approvingPerson'>
  approvingTokens: Pick<ApprovingTokens, 'isGood'>
  currentPerson: CurrentPerson
  hasEnded: HasEnded
  clock: Clock
}

/**
 * Whom a phone speaks for at this moment, by the store or the provider and not by what is remembered: its session or bearer
 * has to be good still, and its person one of ours. `undefined`: what it approved counts no more. Rejects where that cannot
 * be told, with `store_unavailable` or `identity_provider_unavailable`.
 */
export type Approver = (phone: Phone, loginId: string) => Promise<User | undefined>

const RETRY_AFTER_SECONDS = 1

export function createApprover(options: ApproverOptions): Approver {
  const { sessions, approvingTokens, currentPerson, hasEnded, clock } = options

  /** Not knowing somebody is no end of them: another instance may have read of them already. */
  function refuseUnknown(user: User): void {
    if (currentPerson(user) !== undefined || hasEnded(user)) return
    const cause = new Error('an account that is not in the file as it was read here')
    throw new ScanInError('identity_provider_unavailable', { cause, retryAfterSeconds: RETRY_AFTER_SECONDS })
  }

  const isGoodBearer = async ({ user, sealedToken }: Phone, goodUntil: number) =>
    clock() < goodUntil && (sealedToken === undefined || approvingTokens.isGood(sealedToken, user))

  return async (phone, loginId) => {
    const { goodUntil, user } = phone
    refuseUnknown(user)
    if (goodUntil === undefined) return sessions.approvingPerson(phone, loginId)
    return (await isGoodBearer(phone, goodUntil)) ? currentPerson(user) : undefined
  }
}
