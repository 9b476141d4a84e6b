import type { AnyContext, RequestContext } from '../http/request-context.ts'
import type { User } from '../identity/identity.ts'
import type { Certainty } from '../news/telling.ts'
import type { Session } from './session.ts'

/** What happened to a session or to a try at one, told once to whoever keeps records of it. */
export type SessionNews = SessionChange | SignInFailure

export interface SessionChange extends Certainty {
  /** `kept`: remembered, by its owner, after it was handed over. */
  type: 'opened' | 'kept' | EndReason
  /** Public. */
  id: string
  session: Session
  /** Why it was withdrawn, in a word of a closed list. */
  reason?: string
  /** Left out: a poll of which nothing is known. */
  by?: AnyContext | undefined
}

/**
 * Why a session ended before its time. `signed_out`: by itself. `revoked`: by its owner, from another one. `replaced`:
 * its cookie's place was taken. `displaced`: its owner has too many. `withdrawn`: the team's provider vouches for its
 * owner no more, no good token of theirs was shown for too long, they are blocked, or a device lost or gave back what
 * it was given. `ended`: by an operator. `account_ended`: with its owner's account, of which `account-news.ts` tells.
 */
export type EndReason = 'signed_out' | 'revoked' | 'replaced' | 'displaced' | 'withdrawn' | 'ended' | 'account_ended'

export interface SignInFailure {
  type: 'sign_in_failed' | 'sign_in_slowed'
  /** Whose account it was tried at. Left out: there is none of that name, and what was typed may be anything. */
  user: User | undefined
  by: RequestContext
}

/** Whether a session is over by it, for certain. */
export function isEnd(news: SessionNews): news is SessionChange & { type: EndReason } {
  return 'session' in news && news.type !== 'opened' && news.type !== 'kept' && !news.isUncertain
}

export type OnSessionNews = (news: SessionNews) => void
