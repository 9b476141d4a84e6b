import type { RequestContext } from '../http/request-context.ts'
import type { User } from '../identity/identity.ts'
import type { Certainty } from '../news/telling.ts'
import type { PasskeyRefusalReason } from './refusal.ts'

/** What happened to a passkey or to a try with one, told once to whoever keeps records of it. */
export type PasskeyNews = PasskeyChange | PasskeyRefusal

export interface PasskeyChange extends Certainty {
  type: 'added' | 'removed'
  /** Public. */
  id: string
  user: User
  by: RequestContext
}

export interface PasskeyRefusal {
  type: 'refused' | 'sign_in_failed' | 'sign_in_slowed'
  why: PasskeyRefusalReason
  /** Whose phone tried, or at a sign-in whose passkey it was, as far as that is known. */
  user: User | undefined
  by: RequestContext
}

export type OnPasskeyNews = (news: PasskeyNews) => void
