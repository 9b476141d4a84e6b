import type { errors } from 'oidc-provider'
import type { CallFindings } from './call-state.ts'
import { DEVICE_GRANT } from './client.ts'

/** Why something was refused, for whoever reads the log: in words of ours, and in none that the caller has written. */
export interface OAuthRefusal {
  /** As the client is told. */
  error: string
  /** Left out: what the client is told says it. */
  reason?: string
}

/** What the provider emits as it refuses. */
export const REFUSALS = [
  'authorization.error',
  'device_authorization.error',
  'end_session.error',
  'grant.error',
  'introspection.error',
  'revocation.error',
  'userinfo.error',
]

const NO_CLIENT = 'no client authentication mechanism provided'
const OTHER_GRANT = 'requested grant type is not allowed for this client'
const NO_DEVICE_GRANT = `${DEVICE_GRANT} is not allowed for this client`

/** Errors that the provider calls by other words than RFC 6749 §5.2 or RFC 7662 §2.3. */
export const IN_OTHER_WORDS = new Map([
  [NO_CLIENT, { status: 401, error: 'invalid_client' }],
  [OTHER_GRANT, { status: 400, error: 'unauthorized_client' }],
  [NO_DEVICE_GRANT, { status: 400, error: 'unauthorized_client' }],
])

/** Reasons by the provider's words, or ours: those of the detail, which goes to nobody, or else of the description. */
const REASONS = new Map(
  Object.entries({
    authority_ended: ['its session has ended'],
    expired: [
      'authorization code is expired',
      'refresh token is expired',
      'device code is expired',
      'grant is expired',
    ],
    no_client_id: [NO_CLIENT],
    no_pkce: [
      'Authorization Server policy requires PKCE to be used for this request',
      'code_verifier must be provided',
    ],
    not_allowed: ['not open to this person'],
    other_authentication: [
      'the provided authentication mechanism does not match the registered client authentication method',
    ],
    other_client: ['client mismatch', 'client_id does not match the provided id_token_hint'],
    other_grant_type: [OTHER_GRANT, NO_DEVICE_GRANT],
    other_redirect_uri: [
      "redirect_uri did not match any of the client's registered redirect_uris",
      'authorization code redirect_uri mismatch',
      'post_logout_redirect_uri not registered',
    ],
    other_scope: [
      'requested scope is not allowed',
      'refresh token missing requested scope',
      'refresh token missing requested scopes',
    ],
    secret_not_encoded: ['URI malformed'],
    taken_away: ['grant not found'],
    unknown: [
      'authorization code not found',
      'refresh token not found',
      'device code not found',
      'access token not found',
    ],
    unknown_client: ['client not found'],
    unknown_scope: ['none of the scopes is known'],
    used_twice: ['authorization code already consumed', 'refresh token already used', 'used before'],
    wrong_hint: ['could not decode id_token_hint', 'could not validate id_token_hint'],
    wrong_secret: ['invalid secret provided'],
    wrong_verifier: ['code_verifier does not match code_challenge'],
  }).flatMap(([reason, said]) => said.map((words) => [words, reason] as const)),
)

/**
 * Errors that are no refusals: applications ask in order to hear the first, devices poll through the next two, and the
 * last is about a token that is not ours.
 */
const NO_REFUSALS = new Set(['login_required', 'authorization_pending', 'slow_down', 'unsupported_token_type'])

/** It names the origin and the client, so it is none of the words above. */
const OTHER_ORIGIN = /^origin \S+ not allowed for client: /

/** `undefined`: it is none that anybody has to look into. */
export function refusalOf(error: errors.OIDCProviderError, { isEnded }: CallFindings): OAuthRefusal | undefined {
  const { error: code, error_description: said = '', error_detail: detail = '' } = error
  if (NO_REFUSALS.has(code)) return undefined
  const found = REASONS.get(detail) ?? REASONS.get(said) ?? (OTHER_ORIGIN.test(said) ? 'other_origin' : undefined)
  const reason = found === 'unknown' && isEnded ? 'authority_ended' : found
  return { error: IN_OTHER_WORDS.get(said)?.error ?? code, ...(reason === undefined ? {} : { reason }) }
}
