import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '../clock.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import type { Cookies } from '../http/cookies.ts'
import { acceptForms } from '../http/form-body.ts'
import type { SiteFor } from '../http/languages.ts'
import type { MakeLimiter, NetworkLimit } from '../http/rate-limits.ts'
import type { HeaderSets } from '../http/security-headers.ts'
import type { TypedApp } from '../http/typed-app.ts'
import type { Person } from '../identity/person-key.ts'
import type { SigningKeys } from '../keys/key-set.ts'
import type { ApplicationOf } from '../login/application.ts'
import type { Approver } from '../login/browser/approver.ts'
import type { Collect } from '../login/browser/hand-over.ts'
import { longestLoginMs } from '../login/login-policy.ts'
import type { Logins } from '../login/logins.ts'
import type { CurrentSession } from '../session/current-session.ts'
import { isEnd, type OnSessionNews } from '../session/session-news.ts'
import type { SessionService } from '../session/session-service.ts'
import type { RecordStore } from '../store/record-store.ts'
import { createBackChannelLogout } from './back-channel-logout.ts'
import { type Clients, scopesAmong } from './client.ts'
import { createClientGuard } from './client-guard.ts'
import { createDeviceLogins } from './device-logins.ts'
import { requestOf } from './login-request.ts'
import { createOAuthPages } from './oauth-pages.ts'
import { createOAuthReplies } from './oauth-replies.ts'
import { oauthRoutes } from './oauth-routes.ts'
import { peopleRoutes } from './people-routes.ts'
import { createProvider } from './provider.ts'
import { createTokenFamilies } from './token-families.ts'
import { createTokenLimits } from './token-limits.ts'
import { createToldClients } from './told-clients.ts'

interface OAuthRoomOptions {
  publicUrl: string
  /** Whose pages may call what we answer. */
  allowedOrigins: readonly string[]
  clients: Clients
  /** What ID tokens are signed by. */
  keys: SigningKeys
  store: RecordStore
  clock: Clock
  makeLimiter: MakeLimiter
  logger: FastifyBaseLogger
  /** What an account signs in by: for applications that want to know. */
  usernameOf: (person: Person) => string | undefined
  siteFor: SiteFor
  headers: HeaderSets
  cookies: Cookies
  clientAddresses: Pick<ClientAddresses, 'of'>
  /** Counts logins that are started, by client address. */
  creationLimit: NetworkLimit
  logins: Logins
  collect: Collect
  approver: Approver
  current: CurrentSession
  sessions: SessionService
}

/** Signs people in to applications that speak OpenID Connect, and to devices without a browser. */
export interface OAuthRoom {
  /** `/.well-known/…`, `/oauth/…`. */
  routes(app: TypedApp): void
  applicationOf: ApplicationOf
  onSessionNews: OnSessionNews
  close(): void
}

/** RFC 8628 §3.5: a device that slept through its login's end is told `expired_token`, and so begins another. */
const KNOWN_LONGER_SECONDS = 600

/** Opens the room of `CLIENTS_FILE`'s applications. Rejects as `createProvider` does. */
export async function createOAuthRoom(options: OAuthRoomOptions): Promise<OAuthRoom> {
  const { clients, logins, logger } = options
  const devices = createDeviceLogins(options)
  const told = createToldClients(options)
  const families = createTokenFamilies(options)
  const provider = await createProvider({
    ...options,
    told,
    deviceLogin: devices.now,
    limits: createTokenLimits(options),
    families,
    deviceCodeSeconds: Math.ceil(longestLoginMs(logins.policy) / 1000) + KNOWN_LONGER_SECONDS,
  })
  const logout = createBackChannelLogout({ told, logger, provider })
  const pages = createOAuthPages({ siteFor: options.siteFor, headers: options.headers })
  const replies = createOAuthReplies({ ...options, provider, pages })
  const clientGuard = createClientGuard(options)

  return {
    routes(app) {
      acceptForms(app)
      oauthRoutes(app, { ...options, replies, devices, clientGuard })
      peopleRoutes(app, { ...options, replies, pages })
    },

    async applicationOf(returnTo) {
      const request = requestOf(returnTo)
      if (request === undefined) return undefined
      const client = clients.find(request.clientId)
      if (!client?.grantTypes.includes('authorization_code')) return undefined
      // Anybody can write an address: only one that the provider would go on with is this application's.
      const known = await (await provider()).Client.find(client.id)
      if (!known?.redirectUriAllowed(request.redirectUri)) return undefined
      return { name: client.name, scopes: scopesAmong(client, request.scope) }
    },

    onSessionNews(news) {
      if (!isEnd(news)) return
      logout.tell(news.id, news.session.user)
      // They are good for nothing any more, and end by themselves too.
      families
        .clear(news.id)
        .catch((error: unknown) => logger.warn({ session: news.id, err: error }, 'tokens of an ended session are kept'))
    },

    close: logout.close,
  }
}
