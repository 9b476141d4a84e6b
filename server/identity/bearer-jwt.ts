import { createRemoteJWKSet, decodeProtectedHeader, errors, type JWTVerifyResult, jwtVerify } from 'jose'
import type { Clock } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import { faultOfKind, faultOfMachine, faultOfScope } from './access-claims.ts'
import type { BearerVerdict, BearerVerifier } from './identity.ts'
import { personOfClaims, refused } from './oidc-claims.ts'

export interface BearerJwtOptions {
  jwksUrl: string
  issuer: string
  audience: string
  /** All of them are needed. */
  scopes: readonly string[]
  clock: Clock
}

const ASYMMETRIC = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
const KEYS_TIMEOUT_MS = 3000
const CLOCK_TOLERANCE_SECONDS = 5

/**
 * A JWT of the team's own identity provider (RFC 9068 in spirit): signature by its published keys, `iss`, `aud`, `exp`,
 * an access token and a person's. Whatever has a JWT's form is decided here, one way or the other.
 * @throws ScanInError `identity_provider_unavailable` when the keys cannot be fetched: that says nothing about the token
 */
export function createBearerJwt({ jwksUrl, issuer, audience, scopes, clock }: BearerJwtOptions): BearerVerifier {
  const keys = createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: KEYS_TIMEOUT_MS })
  const checks = {
    issuer,
    audience,
    algorithms: ASYMMETRIC,
    requiredClaims: ['exp', 'sub'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
  }

  return async (token): Promise<BearerVerdict> => {
    if (!isSignedJwt(token)) return { kind: 'not_mine' }
    let verified: JWTVerifyResult
    try {
      verified = await jwtVerify(token, keys, { ...checks, currentDate: new Date(clock()) })
    } catch (cause) {
      if (isAboutTheToken(cause)) return refused(whyOf(cause))
      throw new ScanInError('identity_provider_unavailable', { cause })
    }
    const { payload, protectedHeader } = verified
    const fault = faultOfKind(payload, protectedHeader.typ) ?? faultOfMachine(payload) ?? faultOfScope(payload, scopes)
    if (fault !== undefined) return refused(fault)
    const verdict = personOfClaims(payload, 'jwt')
    if (verdict.kind !== 'person' || verdict.goodUntil === undefined) return verdict
    return { ...verdict, goodUntil: verdict.goodUntil + CLOCK_TOLERANCE_SECONDS * 1000 }
  }
}

/** Also one that is broken elsewhere than in its head. An encrypted one is as good as opaque: its provider reads it. */
function isSignedJwt(token: string): boolean {
  if (token.split('.').length < 3) return false
  try {
    return decodeProtectedHeader(token)['enc'] === undefined
  } catch {
    return false
  }
}

/** Messages of others repeat parts of the token. */
function whyOf(error: errors.JOSEError): string {
  const isClaim = error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired
  return isClaim ? `${error.code} ${error.claim}` : error.code
}

/** The rest is about fetching the keys; jose reports a reply other than 200 by its generic error. */
function isAboutTheToken(error: unknown): error is errors.JOSEError {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false
  return error instanceof errors.JOSEError && error.code !== errors.JOSEError.code
}
