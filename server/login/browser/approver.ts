import type { Clock } from '../../clock.ts'
import type { ApprovingTokens } from '../../identity/approving-tokens.ts'
import type { CurrentPerson, User } from '../../identity/identity.ts'
import type { SessionService } from '../../session/session-service.ts'
import type { Phone } from '../login.ts'

export interface ApproverOptions {
  sessions: Pick<SessionService, 'approvingPerson'>
  approvingTokens: Pick<ApprovingTokens, 'isGood'>
  currentPerson: CurrentPerson
  clock: Clock
}

/**
 * Whom a phone speaks for at this moment, by the store or the provider and not by what is remembered: its session or bearer
 * has to be good still, and its person one of ours. `undefined`: what it approved counts no more. Rejects where that cannot
 * be told, with `store_unavailable` or `identity_provider_unavailable`.
 */
export type Approver = (phone: Phone, loginId: string) => Promise<User | undefined>

export function createApprover({ sessions, approvingTokens, currentPerson, clock }: ApproverOptions): Approver {
  const isGoodBearer = async ({ user, sealedToken }: Phone, goodUntil: number) =>
    clock() < goodUntil && (sealedToken === undefined || approvingTokens.isGood(sealedToken, user))

  return async (phone, loginId) => {
    const { goodUntil } = phone
    if (goodUntil === undefined) return sessions.approvingPerson(phone, loginId)
    return (await isGoodBearer(phone, goodUntil)) ? currentPerson(phone.user) : undefined
  }
}
