import type { RequestContext } from '../http/request-context.ts'
import type { User } from '../identity/identity.ts'
import type { ProviderRefusalReason } from './refusal.ts'

/** Somebody came back from the team's provider and was not signed in. Who was is told of by the session that it opens. */
export interface ProviderNews {
  why: ProviderRefusalReason
  /** As far as that is known. */
  user: User | undefined
  by: RequestContext
}

export type OnProviderNews = (news: ProviderNews) => void
