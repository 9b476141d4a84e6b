import { decodeProtectedHeader, errors, type JWTVerifyGetKey, type JWTVerifyResult, jwtVerify } from 'jose'
import type { Clock } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import { faultOfBinding, faultOfKind, faultOfMachine, faultOfScope, withKeyOf } from './access-claims.ts'
import type { BearerVerdict, BearerVerifier } from './identity.ts'
import { ASYMMETRIC_ALGORITHMS } from './jws-algorithms.ts'
import { personOfClaims, refused } from './oidc-claims.ts'
import { type FillInNames, OF_SOMEBODY_ELSE } from './userinfo-names.ts'

interface BearerJwtOptions {
  /** The issuer's published keys. */
  keys: JWTVerifyGetKey
  /** Says what people are called where their tokens do not. */
  fillInNames: FillInNames
  issuer: string
  audience: string
  /** All of them are needed. */
  scopes: readonly string[]
  clock: Clock
}

const CLOCK_TOLERANCE_SECONDS = 5

/**
 * A JWT of the team's own identity provider (RFC 9068 in spirit): signature by its published keys, `iss`, `aud`, `exp`,
 * an access token and a person's. Whatever has a JWT's form is decided here, one way or the other.
 * @throws ScanInError `identity_provider_unavailable` when the keys cannot be fetched: that says nothing about the token
 */
export function createBearerJwt(options: BearerJwtOptions): BearerVerifier {
  const { keys, fillInNames, issuer, audience, scopes, clock } = options
  const checks = {
    issuer,
    audience,
    algorithms: ASYMMETRIC_ALGORITHMS,
    requiredClaims: ['exp', 'sub'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
  }

  /** @returns what is wrong with it by itself, in words */
  async function verified(token: string): Promise<JWTVerifyResult | string> {
    try {
      return await jwtVerify(token, keys, { ...checks, currentDate: new Date(clock()) })
    } catch (cause) {
      if (cause instanceof errors.JOSEError) return whyOf(cause)
      throw cause instanceof ScanInError ? cause : new ScanInError('identity_provider_unavailable', { cause })
    }
  }

  return async (token): Promise<BearerVerdict> => {
    if (!isSignedJwt(token)) return { kind: 'not_mine' }
    const read = await verified(token)
    if (typeof read === 'string') return refused(read)
    const { payload } = read
    const fault = faultOf(read, scopes)
    if (fault !== undefined) return refused(fault)
    const named = await fillInNames(token, payload)
    if (named === undefined) return refused(OF_SOMEBODY_ELSE)
    const verdict = withKeyOf(payload, personOfClaims(named, 'jwt'))
    if (verdict.kind !== 'person' || verdict.goodUntil === undefined) return verdict
    return { ...verdict, goodUntil: verdict.goodUntil + CLOCK_TOLERANCE_SECONDS * 1000 }
  }
}

function faultOf(
  { payload, protectedHeader: { typ } }: JWTVerifyResult,
  scopes: readonly string[],
): string | undefined {
  return (
    faultOfKind(payload, typ) ?? faultOfMachine(payload) ?? faultOfScope(payload, scopes) ?? faultOfBinding(payload)
  )
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
