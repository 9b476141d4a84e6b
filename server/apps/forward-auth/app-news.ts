import type { RequestContext } from '../../http/request-context.ts'
import type { Person } from '../../identity/person-key.ts'
import type { Certainty } from '../../news/telling.ts'

/** What happened at an application's gate, told once to whoever keeps records of it. */
export interface AppNews extends Pick<Certainty, 'isUncertain'> {
  /** `refused`: signed in, and not one of those who may enter. */
  type: 'entered' | 'refused' | 'left'
  origin: string
  person: Person
  /** The public id of the session that it is of. */
  session: string
  by: RequestContext
}

export type OnAppNews = (news: AppNews) => void
