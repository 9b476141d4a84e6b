import type { Clock } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import { isRecord } from '../is-record.ts'
import { faultOfBinding, faultOfKind, faultOfMachine, faultOfScope, isMeantFor, withKeyOf } from './access-claims.ts'
import type { BearerVerifier } from './identity.ts'
import { type Claims, personOfClaims, refused } from './oidc-claims.ts'
import { askProvider, jsonIn } from './provider-request.ts'
import { type FillInNames, OF_SOMEBODY_ELSE } from './userinfo-names.ts'

interface IntrospectionOptions {
  url: string
  /** Who asks, as the provider knows us. */
  clientId: string
  clientSecret: string
  /** Whom the token must be meant for. Left out: us, as client or by our address, where the reply says whom. */
  audience: string | undefined
  publicUrl: string
  issuer: string | undefined
  scopes: readonly string[]
  /** Says what people are called where the reply does not. */
  fillInNames: FillInNames
  clock: Clock
}

/**
 * An opaque token, introspected (RFC 7662): good now, meant for us, an access token, a person's.
 * @throws ScanInError `identity_provider_unavailable` when the provider does not answer, or does not know us
 */
export function createIntrospection({
  url,
  clientId,
  clientSecret,
  fillInNames,
  ...expected
}: IntrospectionOptions): BearerVerifier {
  const authorization = basicAuthorization(clientId, clientSecret)

  return async (token) => {
    const reply = await askProvider(url, {
      method: 'POST',
      headers: { authorization, accept: 'application/json' },
      body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
    })
    // The reply about a bad token has status 200 (§2.2): any other status is about us.
    if (reply.status !== 200) throw new ScanInError('identity_provider_unavailable')
    const claims = await jsonIn(reply)
    if (!isRecord(claims)) throw new ScanInError('identity_provider_unavailable')
    const fault = faultOf(claims, { clientId, ...expected })
    if (fault !== undefined) return refused(fault)
    const named = await fillInNames(token, claims)
    if (named === undefined) return refused(OF_SOMEBODY_ELSE)
    return withKeyOf(claims, personOfClaims(named, 'introspection'))
  }
}

function faultOf(
  claims: Claims,
  {
    clientId,
    publicUrl,
    audience,
    issuer,
    scopes,
    clock,
  }: Omit<IntrospectionOptions, 'url' | 'clientSecret' | 'fillInNames'>,
): string | undefined {
  const { active, exp, nbf, iss, aud } = claims
  if (active !== true) return 'it is not active'
  if (!isBefore(clock(), exp) || isBefore(clock(), nbf ?? 0)) return 'its time is over, or yet to come'
  if (issuer !== undefined && iss !== undefined && iss !== issuer) return 'it is of another issuer'
  // Without an audience to go by, the provider's word to this client counts (§4).
  const isForNobody = audience === undefined && aud === undefined
  const names = audience === undefined ? [clientId, publicUrl] : [audience]
  if (!isForNobody && !names.some((name) => isMeantFor(claims, name))) return 'it is meant for another application'
  return faultOfKind(claims) ?? faultOfMachine(claims) ?? faultOfScope(claims, scopes) ?? faultOfBinding(claims)
}

/** @param seconds a moment as claims have it; left out: none */
function isBefore(now: number, seconds: unknown): boolean {
  return seconds === undefined || (typeof seconds === 'number' && now < seconds * 1000)
}

/** RFC 6749 §2.3.1: both are form-encoded first. */
function basicAuthorization(clientId: string, clientSecret: string): string {
  const encode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1)
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64')}`
}
