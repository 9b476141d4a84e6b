import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '../clock.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import type { Cookies } from '../http/cookies.ts'
import type { SiteFor } from '../http/languages.ts'
import { createNetworkLimit, type MakeLimiter } from '../http/rate-limits.ts'
import type { HeaderSets } from '../http/security-headers.ts'
import type { TypedApp } from '../http/typed-app.ts'
import type { CurrentPerson, Revalidate } from '../identity/identity.ts'
import { LONGEST_SILENCE_MS } from '../identity/longest-silence.ts'
import type { Randomness } from '../randomness.ts'
import type { CurrentSession } from '../session/current-session.ts'
import type { SignInPhone } from '../session/phone-sign-in.ts'
import type { OnSessionNews } from '../session/session-news.ts'
import type { SessionService } from '../session/session-service.ts'
import type { RecordStore } from '../store/record-store.ts'
import { createAuthorizationRequests } from './authorization-requests.ts'
import { authorizationRoutes, CALLBACK_PATH } from './authorization-routes.ts'
import { createGrantEnds } from './grant-ends.ts'
import { createGrants } from './grants.ts'
import { logoutRoute } from './logout-route.ts'
import { createLogouts } from './logouts.ts'
import type { PeopleRules } from './people.ts'
import { createProviderClient } from './provider-client.ts'
import type { OnProviderNews } from './provider-news.ts'
import { createRevalidation } from './revalidation.ts'
import { createSignInByProvider } from './sign-in.ts'
import { createTroublePages } from './trouble-pages.ts'

export interface TeamProviderOptions {
  /** Which provider it is, how it knows us, and who of its people may come in. */
  provider: PeopleRules & { clientId: string; clientSecret: string; scopes: string | undefined }
  publicUrl: string
  store: RecordStore
  clock: Clock
  randomness: Randomness
  makeLimiter: MakeLimiter
  logger: FastifyBaseLogger
  currentPerson: CurrentPerson
  sessions: Pick<SessionService, 'kindOf' | 'list' | 'withdraw'>
  current: Pick<CurrentSession, 'idInCookie'>
  /** The longest that a session may last. */
  longestSessionMs: number
  signInPhone: SignInPhone
  cookies: Cookies
  clientAddresses: Pick<ClientAddresses, 'of'>
  headers: HeaderSets
  siteFor: SiteFor
  allowedReturn: (returnTo: string | undefined) => string | undefined
  /** Ways to the provider that may begin, a minute and client address; 0: any number. */
  authorizationsPerMinute: number
  onNews: OnProviderNews
}

/** Signing in at the team's own OpenID provider, and asking it whether people are still there. */
export interface TeamProviderRoom {
  revalidate: Revalidate
  onSessionNews: OnSessionNews
  /** Looks for the provider, now that the service runs. Nobody has to wait. */
  prepare(): Promise<void>
  /** `/sign-in/oidc…` */
  routes(app: TypedApp): void
  /** Waits for what the provider is asked still, for some seconds from the first call on. */
  close(): Promise<void>
}

/**
 * Opens the room of the team's provider, which is asked nothing before `prepare` or its first use. Warns of one
 * over plain http.
 */
export function createTeamProviderRoom(options: TeamProviderOptions): TeamProviderRoom {
  const { provider: about, publicUrl, makeLimiter, logger } = options
  if (about.issuer.startsWith('http:')) {
    logger.warn(
      { issuer: about.issuer },
      'the provider is asked over plain http: who can read or change that can sign in as anybody',
    )
  }
  const provider = createProviderClient({ ...options, ...about, redirectUri: publicUrl + CALLBACK_PATH })
  const grants = createGrants({
    ...options,
    provider: about,
    keptForMs: options.longestSessionMs + 2 * LONGEST_SILENCE_MS,
  })
  const logouts = createLogouts({ ...options, issuer: about.issuer })
  const parts = { ...options, provider, grants, logouts, rules: about }
  const signIn = createSignInByProvider(parts)

  const revalidation = createRevalidation(parts)

  return {
    revalidate: revalidation.revalidate,
    onSessionNews: createGrantEnds(parts),
    prepare: provider.prepare,
    routes(app) {
      authorizationRoutes(app, {
        ...parts,
        signIn,
        authorizations: createAuthorizationRequests({ ...options, issuer: about.issuer }),
        pages: createTroublePages({ siteFor: options.siteFor, headers: options.headers }),
        limit: createNetworkLimit(makeLimiter, 'provider-trips', options.authorizationsPerMinute),
      })
      logoutRoute(app, { ...parts, issuer: about.issuer })
    },
    close: revalidation.close,
  }
}
