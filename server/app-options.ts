import type { FastifyBaseLogger } from 'fastify'
import type { FindAppLink } from './apps/app-links/app-links.ts'
import type { AppList } from './apps/forward-auth/app-list.ts'
import type { Logo } from './brand/logo.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config/config.ts'
import type { BuiltWeb } from './http/built-web.ts'
import type { Metrics } from './http/metrics.ts'
import type { PlaceOf } from './http/place.ts'
import type { PressureOptions } from './http/pressure.ts'
import type { MakeLimiter } from './http/rate-limits.ts'
import type { WebAppOptions } from './http/web-app.ts'
import type { OnAccountNews } from './identity/account-news.ts'
import type { Accounts } from './identity/accounts.ts'
import type { OpaqueTokens } from './identity/approving-tokens.ts'
import type { BearerVerifier } from './identity/identity.ts'
import type { SigningKeys } from './keys/key-set.ts'
import type { TroubleLog } from './log/trouble-log.ts'
import type { Clients } from './oauth/client.ts'
import type { Randomness } from './randomness.ts'
import type { RecordStore } from './store/record-store.ts'

type AskedOfAccounts = Pick<Accounts, 'verifyPassword' | 'currentPerson' | 'hasEnded' | 'accountOf' | 'usernameOf'>

/** What an app is made of: what was configured, where it is kept, and what stands outside of it. */
export interface AppOptions extends AskedOfAccounts {
  config: Config
  version: string
  /** Tells of accounts that end, and of those that are back. Left out: they do not change. */
  followAccounts?: ((onNews: OnAccountNews) => void) | undefined
  /** Applications behind forward auth. Left out: none. */
  apps?: AppList | undefined
  /** Applications that speak OpenID Connect. Left out: none of it is served. */
  clients?: Clients | undefined
  /** Where addresses are. Left out: nobody says. */
  placeOf?: PlaceOf | undefined
  /** What platforms are told of the team's native apps. Left out: nothing. */
  findAppLink?: FindAppLink | undefined
  /** Keys from a file. Left out: they are kept in the store. */
  signingKeys?: SigningKeys | undefined
  /** The team's own logo. Left out: ScanIn's. */
  logo?: Logo | undefined
  bearerVerifiers: readonly BearerVerifier[]
  /** Asks the provider again about tokens that approved a login. Left out: nobody is asked. */
  opaqueTokens?: OpaqueTokens | undefined
  store: RecordStore
  /** How much of what may be asked of the store at a time is being asked: 0 to 1. */
  storeUse: () => number
  makeLimiter: MakeLimiter
  clock: Clock
  randomness: Randomness
  logger: FastifyBaseLogger
  /** Where the store's troubles are told too; left out, requests have one of their own. */
  troubles?: TroubleLog
  /** Where what is counted is shown. Left out: nobody asks. */
  metrics?: Metrics | undefined
  schemaController?: WebAppOptions['schemaController']
  /** How much the process had to do. */
  busySince: PressureOptions['busySince']
  /** Milliseconds on a clock that nobody sets. Left out: the process's own. */
  now?: PressureOptions['now']
  /** How many clients' connections may be open at a time. */
  mostConnections: number
  web: BuiltWeb
}
