import type * as Oidc from 'openid-client'
import { codeOf, ScanInError } from '../errors.ts'
import { type ProviderRefusalReason, ProviderRefused } from './refusal.ts'

/**
 * Makes errors of ours of what goes wrong with the provider. Libraries' errors have tokens, claims and whole replies in
 * their causes: none is kept, and only names that are code are repeated.
 */
export interface ProviderErrors {
  /** Of a person who comes back from there. */
  ofSignIn(error: unknown): Error
  /** Of a refresh token that was asked by. */
  ofRefresh(error: unknown): Error
  /** Of asking userinfo. */
  ofUserinfo(error: unknown): Error
}

/** RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6. */
const DECLINED = ['access_denied', 'login_required', 'interaction_required', 'consent_required']
const NOT_NOW = ['server_error', 'temporarily_unavailable', 'slow_down']
/** RFC 6749 §5.2; the others are what providers say where the person has to come themselves. */
const GONE = ['invalid_grant', 'access_denied', 'login_required', 'interaction_required', 'consent_required']
/** Names of errors: no other text of a provider's is repeated. */
const NAME = /^[A-Za-z_]{1,64}$/

/** Of openid-client: it did not answer, or something that stands in front of it did. */
const AWAY = [
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
]

export function createProviderErrors(oidc: typeof Oidc): ProviderErrors {
  /** The error that the provider names. `undefined`: it names none. */
  function namedBy(error: unknown): string | undefined {
    if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError) return error.error
    return undefined
  }

  function isAway(error: unknown): boolean {
    if (error instanceof oidc.ResponseBodyError) return error.status >= 500 || NOT_NOW.includes(error.error)
    if (error instanceof oidc.AuthorizationResponseError) return NOT_NOW.includes(error.error)
    if (error instanceof oidc.ClientError) return AWAY.includes(error.code ?? '') || isNetwork(error.cause)
    return isNetwork(error)
  }

  function refusal(why: ProviderRefusalReason, error: unknown): ProviderRefused {
    return new ProviderRefused(why, { detail: detailOf(error, namedBy(error)) })
  }

  return {
    ofSignIn(error) {
      if (isAway(error)) return unavailable(error)
      if (error instanceof oidc.AuthorizationResponseError) {
        return refusal(DECLINED.includes(error.error) ? 'declined' : 'client', error)
      }
      if (error instanceof oidc.ResponseBodyError) {
        return refusal(error.error === 'invalid_grant' ? 'code' : 'client', error)
      }
      return refusal(error instanceof oidc.WWWAuthenticateChallengeError ? 'client' : 'untrusted', error)
    },

    ofRefresh(error) {
      if (error instanceof oidc.ResponseBodyError && GONE.includes(error.error)) return refusal('gone', error)
      // Whatever else it says is about us, or about itself: nothing is known of the person.
      return unavailable(error, namedBy(error))
    },

    ofUserinfo(error) {
      if (error instanceof oidc.WWWAuthenticateChallengeError && error.status < 500) return refusal('gone', error)
      return unavailable(error)
    },
  }
}

export function unavailable(error: unknown, named?: string): ScanInError {
  return new ScanInError('identity_provider_unavailable', { cause: new Error(detailOf(error, named)) })
}

/** `fetch` failed, or jose's did. */
function isNetwork(error: unknown): boolean {
  return (error instanceof TypeError && error.message === 'fetch failed') || codeOf(error) === 'ERR_JWKS_TIMEOUT'
}

/** Which error it was, by its names alone. */
export function detailOf(error: unknown, named?: string): string {
  const cause = error instanceof Error ? error.cause : undefined
  const names = [named, codeOf(error), codeOf(cause), claimOf(error), error instanceof Error ? error.name : undefined]
  return names.find((name) => name !== undefined && NAME.test(name)) ?? 'unknown'
}

function claimOf(error: unknown): string | undefined {
  const claim = error instanceof Error && 'claim' in error ? error.claim : undefined
  return typeof claim === 'string' ? claim : undefined
}
