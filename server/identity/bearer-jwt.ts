import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import { ScanInError } from '../errors.ts'
import type { BearerVerifier, User } from './identity.ts'
import { userOfClaims } from './oidc-claims.ts'

export interface BearerJwtOptions {
  jwksUrl: string
  issuer: string
  audience: string
}

const ASYMMETRIC = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
const KEYS_TIMEOUT_MS = 3000
const CLOCK_TOLERANCE_SECONDS = 5

/**
 * A JWT of the team's own identity provider (RFC 9068 in spirit): signature by its published keys, `iss`, `aud`, `exp`.
 * @throws ScanInError `identity_provider_unavailable` when the keys cannot be fetched: that says nothing about the token
 */
export function createBearerJwt({ jwksUrl, issuer, audience }: BearerJwtOptions): BearerVerifier {
  const keys = createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: KEYS_TIMEOUT_MS })
  const checks = {
    issuer,
    audience,
    algorithms: ASYMMETRIC,
    requiredClaims: ['exp', 'sub'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
  }

  return async (token): Promise<User | undefined> => {
    let payload: JWTPayload
    try {
      payload = (await jwtVerify(token, keys, checks)).payload
    } catch (cause) {
      if (isAboutTheToken(cause)) return undefined
      throw new ScanInError('identity_provider_unavailable', { cause })
    }
    return userOfClaims(payload)
  }
}

/** The rest is about fetching the keys; jose reports a reply other than 200 by its generic error. */
function isAboutTheToken(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false
  return error instanceof errors.JOSEError && error.code !== errors.JOSEError.code
}
