import type { Clock } from '../../clock.ts'
import type { CurrentPerson, User } from '../../identity/identity.ts'
import type { SessionService } from '../../session/session-service.ts'
import type { Phone } from '../login.ts'

export interface ApproverOptions {
  sessions: Pick<SessionService, 'mayApprove'>
  currentPerson: CurrentPerson
  clock: Clock
}

/**
 * Whom a phone speaks for at this moment, by the store and not by what is remembered: its session or bearer has to be
 * good still, and its person one of ours. `undefined`: what it approved counts no more.
 */
export type Approver = (phone: Phone, loginId: string) => Promise<User | undefined>

export function createApprover({ sessions, currentPerson, clock }: ApproverOptions): Approver {
  return async ({ id, user, goodUntil }, loginId) => {
    const isGood = goodUntil === undefined ? await sessions.mayApprove(id, loginId) : clock() < goodUntil
    return isGood ? currentPerson(user) : undefined
  }
}
