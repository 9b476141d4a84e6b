import type { ClientAddresses } from '../../http/client-address.ts'
import type { PlaceOf } from '../../http/place.ts'
import type { MakeLimiter } from '../../http/rate-limits.ts'
import type { TypedApp } from '../../http/typed-app.ts'
import type { ApprovingTokens } from '../../identity/approving-tokens.ts'
import type { AuthenticateNativeApp } from '../../identity/native-apps.ts'
import type { Passkeys } from '../../passkeys/passkeys.ts'
import { type QueueTally, queueTally } from '../../queues.ts'
import type { CurrentSession } from '../../session/current-session.ts'
import { isSecureContext } from '../../url.ts'
import type { LogoOf } from '../application.ts'
import type { Holds } from '../hold/holds.ts'
import type { ConfirmMode, MatchMode } from '../login-policy.ts'
import type { Logins } from '../logins.ts'
import { createCodeGuard } from './code-guard.ts'
import { createConfirmRule } from './confirm-rule.ts'
import { createPhoneApprovals } from './phone-approvals.ts'
import { createPhoneAuthentication } from './phone-authentication.ts'
import { type IsNewBrowser, phoneRoutes } from './phone-routes.ts'

interface PhoneRoomOptions {
  logins: Logins
  holds: Holds
  current: CurrentSession
  clientAddresses: Pick<ClientAddresses, 'of'>
  placeOf: PlaceOf
  nativeApp: AuthenticateNativeApp
  approvingTokens: ApprovingTokens
  /** Where wrong codes are counted. */
  makeLimiter: MakeLimiter
  matchMode: MatchMode
  confirmMode: ConfirmMode
  passkeys: Passkeys
  publicUrl: string
  logoOf: LogoOf
  isNewBrowser: IsNewBrowser
  /** Whole seconds that a browser is remembered for. */
  rememberFor: number
}

/** What the signed-in phone calls. */
export interface PhoneRoom {
  /**
   * `POST /login/scan`, `POST /login/confirm/options`, `POST /login/confirm`, `POST /login/deny`,
   * `GET /login/scan/:token`.
   */
  routes(app: TypedApp): void
  /** Of looks at codes. */
  queue: QueueTally
}

/** Opens the phone's room: who holds the phone decides about a login that it has scanned. */
export function createPhoneRoom(options: PhoneRoomOptions): PhoneRoom {
  const { logins, holds, makeLimiter } = options
  const approvals = createPhoneApprovals({ ...logins, closing: holds.closing, tally: holds.tallies.phone })
  const authenticatePhone = createPhoneAuthentication(options)
  const queue = queueTally()
  const codeGuard = createCodeGuard(makeLimiter, queue)
  const confirmRule = createConfirmRule({
    mode: options.confirmMode,
    isSecureContext: isSecureContext(options.publicUrl),
    passkeys: options.passkeys,
  })
  return {
    queue,
    routes: (app) => phoneRoutes(app, { ...options, ...holds, approvals, authenticatePhone, codeGuard, confirmRule }),
  }
}
