import type { FastifyBaseLogger } from 'fastify'
import { jwtVerify } from 'jose'
import type { Clock } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import { ASYMMETRIC_ALGORITHMS } from '../identity/jws-algorithms.ts'
import { type Claims, completedBy } from '../identity/oidc-claims.ts'
import { type LogoutToken, readLogoutToken } from './logout-token.ts'
import { createDiscovery, type FoundProvider } from './provider-discovery.ts'
import { wishesOf } from './provider-habits.ts'
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

/** What one authorization request is known by, on both ends. */
export interface AuthorizationSecrets {
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
  authorizationUrl(authorization: AuthorizationSecrets, again: boolean): Promise<URL>
  /** What came of it. @param query that they came back with. @throws ProviderRefused */
  signIn(query: string, authorization: AuthorizationSecrets): Promise<ProviderWord>
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

const CLOCK_TOLERANCE_SECONDS = 30

/** Loads the library, and finds the provider, when first asked. Throws nothing but ScanInError and ProviderRefused. */
export function createProviderClient(options: ProviderClientOptions): ProviderClient {
  const { issuer, clientId, clientSecret, redirectUri, clock, logger } = options
  let isInTrouble = false

  /** Once when it begins, and when it is over. */
  function tell(trouble: string | undefined): void {
    if (trouble !== undefined && !isInTrouble) logger.warn({ issuer, why: trouble }, 'the provider cannot be used')
    if (trouble === undefined && isInTrouble) logger.info({ issuer }, 'the provider can be used again')
    isInTrouble = trouble !== undefined
  }

  const ready = createDiscovery({ issuer, clientId, clientSecret, clock, tell })

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

  /** Checks the signature of an ID token that came from the provider itself: the connection may have been anybody's. */
  async function verifySignature(idToken: string, { keys, issuer }: FoundProvider): Promise<void> {
    const checks = {
      issuer,
      audience: clientId,
      algorithms: ASYMMETRIC_ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    }
    await jwtVerify(idToken, keys, checks)
  }

  /** Adds what userinfo says, where the ID token lacks a claim that is wanted. */
  async function completed(claims: Claims, accessToken: string, subject: string, it: FoundProvider): Promise<Claims> {
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
