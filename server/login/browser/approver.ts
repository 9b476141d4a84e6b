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
 * Finds whom a phone speaks for now, by asking the store or the provider and not this process's memory: the phone's
 * session or bearer token has to be good still, and its person one of ours. `undefined`: what it approved no longer
 * counts. Rejects with `store_unavailable` or `identity_provider_unavailable` where nobody can say.
 */
export type Approver = (phone: Phone, loginId: string) => Promise<User | undefined>

const RETRY_AFTER_SECONDS = 1

export function createApprover(options: ApproverOptions): Approver {
  const { sessions, approvingTokens, currentPerson, hasEnded, clock } = options

  /** An unknown account has not necessarily ended: another instance may have read a newer accounts file that has it. */
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
