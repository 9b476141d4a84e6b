import type { AnyContext } from '../http/request-context.ts'
import type { Certainty } from '../news/telling.ts'
import type { DenyReason, Login, LoginEvent } from './login.ts'

/**
 * What happened to a login, told once to whoever keeps records of it, by the call that made it happen. Of uncertain
 * news only denials are told again, once they are certain.
 */
export interface LoginNews extends Certainty {
  loginId: string
  /** `create`, `remove` and `expire` are no events of `transition`: a login begins, is given up by its browser, is too late. */
  type: LoginEvent['type'] | 'create' | 'remove' | 'expire'
  /** Left out: there was none. */
  before?: Login
  /** Left out: there is none any more. */
  after?: Login
  /** Of a `deny` that no phone's owner asked for. */
  why?: DenyReason
  /** Left out: a poll of which nothing is known, or what nobody asked for. */
  by?: AnyContext | undefined
}

export type OnLoginNews = (news: LoginNews) => void
