import type { FastifyBaseLogger } from 'fastify'
import { createRemoteJWKSet, type JWTVerifyGetKey, customFetch as joseFetch, jwtVerify } from 'jose'
import type * as Oidc from 'openid-client'
import { type Clock, isWithin } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import { boundedFetch } from '../http/bounded-fetch.ts'
import { ASYMMETRIC_ALGORITHMS } from '../identity/jws-algorithms.ts'
import { type Claims, completedBy } from '../identity/oidc-claims.ts'
import { type LogoutToken, readLogoutToken } from './logout-token.ts'
import { createProviderErrors, detailOf, type ProviderErrors, unavailable } from './provider-errors.ts'
import { isSameIssuer, wishesOf } from './provider-habits.ts'
import { ProviderRefused } from './refusal.ts'

interface ProviderClientOptions {
  issuer: string
  clientId: string
  clientSecret: string
  scopes: string | undefined
  groupsClaim: string
  /** Where the provider sends people back to. */
  redirectUri: string
  clock: Clock
  logger: Pick<FastifyBaseLogger, 'warn' | 'info'>
}

/** What one trip to the provider is known by, on both ends. */
export interface TripSecrets {
  state: string
  nonce: string
  /** PKCE's (RFC 7636). */
  verifier: string
}

/** The provider's word on somebody. */
export interface ProviderWord {
  /** Of the ID token, and of userinfo where that says more. */
  claims: Claims
  /** To ask again by, where there is one. */
  refreshToken: string | undefined
}

/** The team's provider, as an OpenID client sees it (OpenID Connect Core, RFC 9700). */
export interface ProviderClient {
  /** Asks it who it is, so that the log says early where that does not go well. */
  prepare(): Promise<void>
  /** Where a person goes to sign in. @param again they are to show anew that it is them */
  authorizationUrl(trip: TripSecrets, again: boolean): Promise<URL>
  /** What came of it. @param query that they came back with. @throws ProviderRefused */
  signIn(query: string, trip: TripSecrets): Promise<ProviderWord>
  /**
   * What the provider says of them now: no claims where it only says that they are there.
   * @param keep is given the next refresh token, where there is one, before anything else is asked: the one that was shown may
   * be good no more. Never rejects
   * @throws ProviderRefused `gone`
   */
  refresh(refreshToken: string, subject: string, keep: (next: string) => Promise<void>): Promise<Claims>
  /** @throws ProviderRefused `untrusted` */
  logoutToken(token: string): Promise<LogoutToken>
}

interface Ready {
  oidc: typeof Oidc
  config: Oidc.Configuration
  /** For what is spent by being asked. */
  patient: Oidc.Configuration
  errors: ProviderErrors
  issuer: string
  hasUserinfo: boolean
  keys: JWTVerifyGetKey
  /** For tokens that anybody may send: of these, few make us fetch keys. */
  keysForStrangers: JWTVerifyGetKey
}

const TIMEOUT_SECONDS = 5
/** A refresh token is good no more once the provider has taken it: the next one is waited for, whoever waits for us. */
const REFRESH_TIMEOUT_SECONDS = 60
/** Where its endpoints are changes seldom, and keys are looked up anew by themselves. */
const METADATA_FOR_MS = 3_600_000
const LOOK_AGAIN_MS = 60_000
const STRANGERS_COOLDOWN_MS = 10_000
const CLOCK_TOLERANCE_SECONDS = 30

/** Loads the library, and asks the provider who it is, when something is first asked of it. All throws are ScanInError or ProviderRefused. */
export function createProviderClient(options: ProviderClientOptions): ProviderClient {
  const { issuer, clientId, clientSecret, redirectUri, clock, logger } = options
  let known: { ready: Ready; at: number } | undefined
  let asking: Promise<Ready> | undefined
  let isInTrouble = false

  /** Once when it begins, and when it is over. */
  function tell(trouble: string | undefined): void {
    if (trouble !== undefined && !isInTrouble) logger.warn({ issuer, why: trouble }, 'the provider cannot be used')
    if (trouble === undefined && isInTrouble) logger.info({ issuer }, 'the provider can be used again')
    isInTrouble = trouble !== undefined
  }

  async function discover(): Promise<Ready> {
    const oidc = await import('openid-client')
    // Over plain http as well, like the service itself: the start has warned of it.
    const execute = issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : []
    const within = (seconds: number) => ({
      timeout: seconds,
      [oidc.customFetch]: fetchWithin(seconds) as Oidc.CustomFetch,
    })
    const how = { execute, ...within(TIMEOUT_SECONDS) }
    // By its own metadata alone: which way a secret is shown, and nothing else, hangs on that.
    const first = await oidc.discovery(new URL(issuer), clientId, undefined, oidc.None(), how)
    const server = first.serverMetadata()
    if (!isSameIssuer(server.issuer, issuer)) throw new UnfitProvider('OTHER_ISSUER')
    if (server.jwks_uri === undefined) throw new UnfitProvider('NO_KEYS')
    const methods = server.token_endpoint_auth_methods_supported
    const isPost = methods?.includes('client_secret_post') === true && !methods.includes('client_secret_basic')
    const auth = isPost ? oidc.ClientSecretPost(clientSecret) : oidc.ClientSecretBasic(clientSecret)
    const configured = (seconds: number) => {
      const config = new oidc.Configuration(server, clientId, undefined, auth)
      for (const extension of execute) extension(config)
      return Object.assign(config, within(seconds))
    }
    const keysAt = (cooldownDuration: number) => keysOf(new URL(server.jwks_uri ?? ''), cooldownDuration)
    return {
      ...{ oidc, errors: createProviderErrors(oidc), issuer: server.issuer },
      ...{ config: configured(TIMEOUT_SECONDS), patient: configured(REFRESH_TIMEOUT_SECONDS) },
      hasUserinfo: server.userinfo_endpoint !== undefined,
      // A provider that has just changed its keys is asked for them at once: who comes with its token has been there.
      keys: keysAt(0),
      keysForStrangers: keysAt(STRANGERS_COOLDOWN_MS),
    }
  }

  async function discoverOnce(): Promise<Ready> {
    try {
      const ready = await discover()
      known = { ready, at: clock() }
      tell(undefined)
      return ready
    } catch (error) {
      tell(error instanceof UnfitProvider ? error.message : detailOf(error))
      if (known !== undefined) {
        // Where it was is where it is, for all we know.
        known.at = clock() - METADATA_FOR_MS + LOOK_AGAIN_MS
        return known.ready
      }
      throw unavailable(error)
    } finally {
      asking = undefined
    }
  }

  async function ready(): Promise<Ready> {
    if (known !== undefined && isWithin(METADATA_FOR_MS, known.at, clock())) return known.ready
    asking ??= discoverOnce()
    return asking
  }

  /** Runs what asks the provider, and tells of an error as one of ours. */
  async function ask<Result>(task: () => Promise<Result>, as: (error: unknown) => Error): Promise<Result> {
    try {
      const result = await task()
      tell(undefined)
      return result
    } catch (error) {
      const told = error instanceof ScanInError || error instanceof ProviderRefused ? error : as(error)
      if (told instanceof ScanInError) tell(told.cause instanceof Error ? told.cause.message : 'unknown')
      throw told
    }
  }

  /** What comes straight from the provider is signed all the same: its connection may have been anybody's. */
  async function verifySignature(idToken: string, { keys, issuer }: Ready): Promise<void> {
    const checks = {
      issuer,
      audience: clientId,
      algorithms: ASYMMETRIC_ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    }
    await jwtVerify(idToken, keys, checks)
  }

  /** With what userinfo says, where the ID token leaves something out that is wanted. */
  async function completed(claims: Claims, accessToken: string, subject: string, it: Ready): Promise<Claims> {
    const wanted = ['name', 'email', options.groupsClaim.split('.')[0] ?? '']
    const isWhole = wanted.every((name) => Object.hasOwn(claims, name))
    if (!it.hasUserinfo || isWhole) return claims
    const more = await ask(() => it.oidc.fetchUserInfo(it.config, accessToken, subject), it.errors.ofUserinfo)
    return completedBy(claims, more)
  }

  return {
    async prepare() {
      await ready().catch(() => undefined)
    },

    async authorizationUrl({ state, nonce, verifier }, again) {
      const { oidc, config } = await ready()
      const supported = config.serverMetadata().scopes_supported
      return oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        ...wishesOf({ issuer, scopes: options.scopes, supported, again }),
        ...{ state, nonce },
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
    },

    async signIn(query, { state, nonce, verifier }) {
      const it = await ready()
      const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true }
      const tokens = await ask(async () => {
        const given = await it.oidc.authorizationCodeGrant(it.config, new URL(`${redirectUri}?${query}`), checks)
        await verifySignature(given.id_token ?? '', it)
        return given
      }, it.errors.ofSignIn)
      const idToken: Claims = tokens.claims() ?? {}
      const claims = await completed(idToken, tokens.access_token, String(idToken['sub']), it)
      return { claims, refreshToken: tokens.refresh_token }
    },

    async refresh(refreshToken, subject, keep) {
      const it = await ready()
      const tokens = await ask(async () => {
        const given = await it.oidc.refreshTokenGrant(it.patient, refreshToken)
        const { refresh_token: next = refreshToken } = given
        if (next !== refreshToken) await keep(next)
        if (given.id_token !== undefined) await verifySignature(given.id_token, it)
        return given
      }, it.errors.ofRefresh)
      const idToken: Claims = tokens.claims() ?? {}
      const says = idToken['sub'] ?? subject
      if (says !== subject) throw new ProviderRefused('gone', { detail: 'another sub' })
      return completed(idToken, tokens.access_token, subject, it)
    },

    async logoutToken(token) {
      const { keysForStrangers: keys, issuer } = await ready()
      return readLogoutToken(token, { keys, issuer, clientId, algorithms: ASYMMETRIC_ALGORITHMS, clock })
    },
  }
}

/** It answers, and is none that we can use: the message is the word for it in the log. */
class UnfitProvider extends Error {}

/** For libraries, whose own forgets its time on Node 20 once there are headers, and takes whatever comes. */
function fetchWithin(seconds: number): (url: string, request: RequestInit) => Promise<Response> {
  return (url, request) => boundedFetch(url, request, seconds * 1000)
}

/** A provider's keys. The library goes by this machine's clock, and what it has read would stay new where that is set back. */
function keysOf(url: URL, cooldownDuration: number): JWTVerifyGetKey {
  const how = { cooldownDuration, [joseFetch]: fetchWithin(TIMEOUT_SECONDS) }
  const open = () => createRemoteJWKSet(url, how)
  let [keys, askedAt] = [open(), Date.now()]
  return (header, token) => {
    if (Date.now() < askedAt) keys = open()
    askedAt = Date.now()
    return keys(header, token)
  }
}
