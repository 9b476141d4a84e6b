import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import type { Cookies } from '../http/cookies.ts'
import type { PlaceOf } from '../http/place.ts'
import type { MakeLimiter } from '../http/rate-limits.ts'
import type { TypedApp } from '../http/typed-app.ts'
import { blockedNames } from '../identity/blocked-people.ts'
import type { CurrentPerson, PasswordVerifier, Revalidate, User } from '../identity/identity.ts'
import type { AuthenticateNativeApp } from '../identity/native-apps.ts'
import type { Randomness } from '../randomness.ts'
import type { RecordStore } from '../store/record-store.ts'
import { type CurrentSession, createCurrentSession } from './current-session.ts'
import { createPhoneSignIn, type SignInPhone } from './phone-sign-in.ts'
import type { OnPhoneEnd } from './session-ends.ts'
import type { OnSessionNews } from './session-news.ts'
import type { SessionPolicy } from './session-opening.ts'
import { rememberRoute } from './session-remembering.ts'
import { sessionRoutes } from './session-routes.ts'
import { createSessionService, type SessionService } from './session-service.ts'
import { createSignInGuard } from './sign-in-guard.ts'
import { createSignInQueues, createSignInTallies, type SignInTallies } from './sign-in-queues.ts'
import { signInRoutes } from './sign-in-routes.ts'

interface SessionsRoomOptions {
  store: RecordStore
  clock: Clock
  randomness: Randomness
  policy: SessionPolicy
  /** How long a login may lead to its session once it is approved. */
  openingMs: number
  cookies: Cookies
  clientAddresses: Pick<ClientAddresses, 'of'>
  placeOf: PlaceOf
  nativeApp: AuthenticateNativeApp
  verifyPassword: PasswordVerifier
  currentPerson: CurrentPerson
  /** Of the team's provider. Left out: there is none. */
  revalidate?: Revalidate | undefined
  /** Where wrong passwords are counted, and how many an address may try a minute; 0: any number. */
  makeLimiter: MakeLimiter
  signInFailuresPerMinute: number
  /** Called, and waited for, when a session that a login handed out is used for the first time. */
  onFirstUse: (loginId: string) => Promise<void>
  onPhoneEnd: OnPhoneEnd
  /** Told what happens to sessions and to tries at them, each thing once. */
  onNews?: OnSessionNews | undefined
  /** Whose account a user name is. */
  accountOf: (username: string) => User | undefined
}

/** Who is signed in where. */
export interface SessionsRoom {
  service: SessionService
  /** The session behind a request's cookie. */
  current: CurrentSession
  /** For whatever else a phone may sign in by. */
  signInPhone: SignInPhone
  queues: SignInTallies
  /** `/sign-in`, `/sign-out`, `/session`, `/sessions`. */
  routes(app: TypedApp): void
}

/** Opens the room of sessions: their records in `store`, their lives by `clock` and `policy`. */
export function createSessionsRoom(options: SessionsRoomOptions): SessionsRoom {
  const { cookies, clientAddresses, nativeApp, placeOf, clock } = options
  const service = createSessionService(options)
  const current = createCurrentSession(service, cookies, clock)
  const signInPhone = createPhoneSignIn({ ...options, sessions: service, current })
  const queues = createSignInTallies()
  const guard = createSignInGuard({
    ...options,
    failuresPerMinute: options.signInFailuresPerMinute,
    queues: createSignInQueues(queues),
    pause: (ms) => setTimeout(ms),
    linger: (ms) => setTimeout(ms),
  })
  return {
    service,
    current,
    signInPhone,
    queues,
    routes(app) {
      sessionRoutes(app, { sessions: service, current, nativeApp, cookies, clientAddresses, placeOf, clock })
      rememberRoute(app, { sessions: service, current, nativeApp, clientAddresses, clock })
      const isBlockedName = blockedNames(options.accountOf, service.isBlocked)
      signInRoutes(app, { ...options, isBlockedName, signInPhone, guard })
    },
  }
}
