import type { ClientAddresses } from '../../http/client-address.ts'
import type { Cookies } from '../../http/cookies.ts'
import type { Pressure } from '../../http/pressure.ts'
import type { MakeLimiter, NetworkLimit } from '../../http/rate-limits.ts'
import type { RequestLog } from '../../http/request-log.ts'
import type { HeaderSets } from '../../http/security-headers.ts'
import type { Shortcut } from '../../http/shortcut/shortcut.ts'
import type { TypedApp } from '../../http/typed-app.ts'
import type { CurrentPerson, HasEnded } from '../../identity/identity.ts'
import { type QueueTally, queueTally } from '../../queues.ts'
import type { SessionService } from '../../session/session-service.ts'
import type { ApplicationOf } from '../application.ts'
import type { Holds } from '../hold/holds.ts'
import { longestLoginMs } from '../login-policy.ts'
import type { Logins } from '../logins.ts'
import { type Approver, type ApproverOptions, createApprover } from './approver.ts'
import { createBrowserLogins } from './browser-logins.ts'
import { createBrowserPolls } from './browser-polls.ts'
import { browserRoutes } from './browser-routes.ts'
import { createDigitGuard } from './digit-guard.ts'
import { type Collect, createCollect, type HandOverSessions } from './hand-over.ts'
import { createPoll } from './poll.ts'
import { createPollLane } from './poll-lane.ts'

interface BrowserRoomOptions {
  logins: Logins
  holds: Holds
  /** Whether there is room for another login. */
  pressure: Pick<Pressure, 'admit'>
  sessions: Pick<SessionService, HandOverSessions | 'approvingPerson' | 'signOut'>
  approvingTokens: ApproverOptions['approvingTokens']
  currentPerson: CurrentPerson
  hasEnded: HasEnded
  cookies: Cookies
  clientAddresses: Pick<ClientAddresses, 'of'>
  headers: HeaderSets
  /** Of pages elsewhere that may poll too. */
  allowedOrigins: readonly string[]
  log: RequestLog
  /** Counts logins that are started, by client address. */
  creationLimit: NetworkLimit
  /** Where wrong digits are counted. */
  makeLimiter: MakeLimiter
  publicUrl: string
  /** A `return_to` that may be followed, or `undefined`. */
  allowedReturn: (returnTo: string | undefined) => string | undefined
  /** For whom a login is. */
  applicationOf: ApplicationOf
}

/** What the desktop's browser calls. */
export interface BrowserRoom {
  /** Answers polls before Fastify sees them, and leaves it all else. */
  pollLane: Shortcut
  /** `POST /login`, `GET /login/status/:token`, `POST /login/match`, `POST /login/user-code`, `DELETE /login/:token`. */
  routes(app: TypedApp): void
  /** Of tries at digits. */
  queue: QueueTally
  /** For what collects a login without being a browser. */
  collect: Collect
  approver: Approver
}

/** Opens the browser's room: a login from its QR to the session that its cookie ends in. */
export function createBrowserRoom(options: BrowserRoomOptions): BrowserRoom {
  const { holds, sessions, approvingTokens, cookies, currentPerson, hasEnded } = options
  const { records, clock, policy } = options.logins
  const { paces, clients, renewing, closing, tallies } = holds
  const approver = createApprover({ sessions, approvingTokens, currentPerson, hasEnded, clock })
  const collect = createCollect({ records, sessions, approver, clock, policy })
  const polls = createBrowserPolls({ records, collect, hasEnded, clock, policy, closing, tally: tallies.browser })
  const logins = createBrowserLogins({ ...options.logins, polls, sessions })
  const poll = createPoll({ polls, cookies, clients, paces })
  const queue = queueTally()
  return {
    queue,
    collect,
    approver,
    pollLane: createPollLane({ ...options, poll, paces }),
    routes: (app) =>
      browserRoutes(app, {
        ...options,
        logins,
        poll,
        digitGuard: createDigitGuard(options.makeLimiter, queue),
        renewing,
        paces,
        verificationUri: `${options.publicUrl}/scan`,
        browserKeyMaxAge: longestLoginMs(policy) / 1000,
      }),
  }
}
