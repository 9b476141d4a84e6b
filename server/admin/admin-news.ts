import type { RequestContext } from '../http/request-context.ts'
import type { Person } from '../identity/person-key.ts'

/** What an operator did, or somebody who is none tried to, told once to whoever keeps records of it. */
export type AdminNews =
  | {
      type: 'sessions_ended' | 'blocked' | 'unblocked'
      person: Person
      /** How many ended by it. */
      sessions?: number
      /** The store did not answer: it may have happened, or not, or in part. */
      isUncertain?: true
      by: RequestContext
    }
  | { type: 'refused'; by: RequestContext }

export type OnAdminNews = (news: AdminNews) => void
