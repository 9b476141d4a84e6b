import { type Clock, secondsUntil } from '../../clock.ts'
import type { User } from '../../identity/identity.ts'
import type { SessionService } from '../../session/session-service.ts'
import type { StoredRecord } from '../../store/record-store.ts'
import type { LoginRecords } from '../login-records.ts'
import { deriveSessionSecret } from '../token.ts'

/** The session that a login ends in, and where the page goes with it. */
export interface HandOver {
  expiresIn: number
  user: User
  redirectTo: string
  /** For `Set-Cookie` alone. */
  sessionSecret: string
  /** Whole seconds that the session's cookie is good. */
  sessionMaxAge: number
}

export interface HandOverOptions {
  records: LoginRecords
  sessions: Pick<SessionService, 'open'>
  clock: Clock
}

/** A hand-over whose reply got lost is given again for this long, or until the session is used. */
const REPEAT_FOR_MS = 10_000

/** `found` is the login's record as it was when the caller found it approved. */
export type Collect = (loginId: string, browserKey: string, found?: StoredRecord) => Promise<HandOver | undefined>

/**
 * Collects an approved login: marks it delivered, then opens its session. However many polls race, both are done once
 * and all get the same session; whoever comes after its first use gets `undefined`. The caller has checked the key.
 */
export function createCollect({ records, sessions, clock }: HandOverOptions): Collect {
  return async (loginId, browserKey, found) => {
    const outcome = await records.apply(loginId, () => ({ type: 'collect', repeatMs: REPEAT_FOR_MS }), {
      durable: true,
      guess: found,
    })
    if (outcome?.refusal !== undefined || outcome?.login.status !== 'delivered') return undefined
    const { login } = outcome
    const sessionSecret = deriveSessionSecret(browserKey, loginId)
    const sessionMaxAge = await sessions.open({
      secret: sessionSecret,
      user: login.phone.user,
      kind: 'browser',
      remember: login.remember,
      browser: login.browser,
      ip: login.ip,
      handedOverBy: loginId,
    })
    if (sessionMaxAge === undefined) return undefined
    return {
      expiresIn: secondsUntil(login.expiresAt, clock()),
      user: login.phone.user,
      redirectTo: login.returnTo ?? '/home',
      sessionSecret,
      sessionMaxAge,
    }
  }
}
