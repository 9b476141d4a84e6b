import type { Clock } from '../clock.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import type { Cookies } from '../http/cookies.ts'
import type { RateLimit } from '../http/rate-limits.ts'
import type { TypedApp } from '../http/typed-app.ts'
import type { CurrentPerson, PasswordVerifier } from '../identity/identity.ts'
import type { Randomness } from '../randomness.ts'
import type { RecordStore } from '../store/record-store.ts'
import { type CurrentSession, createCurrentSession } from './current-session.ts'
import { forwardAuthRoutes } from './forward-auth.ts'
import { sessionRoutes } from './session-routes.ts'
import { createSessionService, type SessionPolicy, type SessionService } from './session-service.ts'
import { signInRoutes } from './sign-in-routes.ts'

export interface SessionsOptions {
  store: RecordStore
  clock: Clock
  randomness: Randomness
  policy: SessionPolicy
  cookies: Cookies
  clientAddresses: Pick<ClientAddresses, 'of'>
  verifyPassword: PasswordVerifier
  currentPerson: CurrentPerson
  /** Counts tries to sign in, by client address. */
  signInLimit: RateLimit
  publicUrl: string
  /** A `return_to` that may be followed, or `undefined`. */
  allowedReturn: (returnTo: string | undefined) => string | undefined
  /** Called, and waited for, when a session that a login handed out is used for the first time. */
  onFirstUse: (loginId: string) => Promise<void>
}

/** Who is signed in where. */
export interface Sessions {
  service: SessionService
  /** The session behind a request's cookie. */
  current: CurrentSession
  /** `/sign-in`, `/sign-out`, `/session`, `/sessions`, `/auth/verify`. */
  routes(app: TypedApp): void
}

/** Opens the room of sessions: their records in `store`, their lives by `clock` and `policy`. */
export function createSessions(options: SessionsOptions): Sessions {
  const { cookies, clock } = options
  const service = createSessionService(options)
  const current = createCurrentSession(service, cookies)
  return {
    service,
    current,
    routes(app) {
      forwardAuthRoutes(app, { ...options, current })
      sessionRoutes(app, { sessions: service, current, cookies, clock })
      signInRoutes(app, { ...options, sessions: service })
    },
  }
}
