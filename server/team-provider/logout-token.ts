import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { Clock } from '../clock.ts'
import { textOf } from '../identity/oidc-claims.ts'
import { isRecord } from '../is-record.ts'
import { detailOf, unavailable } from './provider-errors.ts'
import { ProviderRefused } from './refusal.ts'

/** Whom the provider has signed out, all of them or in one of its sessions (OpenID Connect Back-Channel Logout 1.0 §2.4). */
export interface LogoutToken {
  /** Names this token, for this issuer. */
  id: string
  subject: string | undefined
  /** Of the provider's session. With it, that one alone. */
  sid: string | undefined
  /** Epoch milliseconds: later than that it is not taken. */
  goodUntil: number
}

export interface LogoutTokenChecks {
  keys: JWTVerifyGetKey
  issuer: string
  clientId: string
  algorithms: string[]
  clock: Clock
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
/** Some have no type, or the one of any JWT; an ID token is told by what it has and lacks. */
const TYPE = /^(application\/)?(logout\+)?jwt$/i
const TOLERANCE_SECONDS = 30
/** Where a token does not say how long it is good. */
const GOOD_FOR_SECONDS = 300
const LONGEST_SECONDS = 3600

/** Verifies a logout token by §2.6, all but whether it came before. @throws ProviderRefused `untrusted` */
export async function readLogoutToken(token: string, checks: LogoutTokenChecks): Promise<LogoutToken> {
  const { keys, issuer, clientId, algorithms, clock } = checks
  const now = Math.floor(clock() / 1000)
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    ...{ issuer, audience: clientId, algorithms },
    requiredClaims: ['iss', 'aud', 'iat', 'jti'],
    clockTolerance: TOLERANCE_SECONDS,
    currentDate: new Date(now * 1000),
  }).catch((error) => {
    throw isAboutTheToken(error) ? untrusted(detailOf(error)) : unavailable(error)
  })
  const { typ } = protectedHeader
  if (typ !== undefined && !TYPE.test(typ)) throw untrusted('typ')
  return spokenIn(payload, now)
}

function spokenIn(payload: JWTPayload, now: number): LogoutToken {
  const { iat = 0, exp = iat + GOOD_FOR_SECONDS, jti, events } = payload
  const [subject, sid] = [textOf(payload.sub), textOf(payload['sid'])]
  if (iat > now + TOLERANCE_SECONDS || now - iat > LONGEST_SECONDS || now >= exp + TOLERANCE_SECONDS) {
    throw untrusted('iat')
  }
  if (typeof jti !== 'string' || jti === '') throw untrusted('jti')
  if (!isRecord(events) || !isRecord(events[EVENT])) throw untrusted('events')
  if ('nonce' in payload) throw untrusted('nonce')
  if (subject === undefined && sid === undefined) throw untrusted('sub')
  return { id: jti, subject, sid, goodUntil: (Math.min(exp, iat + LONGEST_SECONDS) + TOLERANCE_SECONDS) * 1000 }
}

function untrusted(detail: string): ProviderRefused {
  return new ProviderRefused('untrusted', { detail })
}

/** The rest is about fetching the keys; jose reports a reply other than 200 by its generic error. */
function isAboutTheToken(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false
  return error instanceof errors.JOSEError && error.code !== errors.JOSEError.code
}
