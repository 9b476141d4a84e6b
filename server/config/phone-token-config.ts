import { httpUrl } from '../url.ts'
import type { EnvironmentReader } from './environment.ts'

export interface PhoneTokenConfig {
  /** Without `jwksUrl` the issuer's own metadata says where its keys are. */
  phoneJwt: { jwksUrl: string | undefined; issuer: string; audience: string } | undefined
  phoneIntrospection: { url: string; clientId: string; clientSecret: string; audience: string | undefined } | undefined
  phoneUserinfoUrl: string | undefined
  /** Scopes that a native app's token needs, all of them. */
  phoneScopes: readonly string[]
}

/** RFC 6749 §3.3. */
const SCOPES = /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/

/** Whose tokens native apps show: `PHONE_JWT_*`, `PHONE_INTROSPECTION_*`, `PHONE_USERINFO_URL`. */
export function readPhoneTokens(reader: EnvironmentReader, publicUrl: string): PhoneTokenConfig {
  const audience = reader.text('PHONE_JWT_AUDIENCE')
  const phoneIntrospection = readIntrospection(reader, audience)
  const phoneJwt = readPhoneJwt(reader, audience ?? publicUrl)
  if (audience !== undefined && phoneJwt === undefined && phoneIntrospection === undefined) {
    reader.reject('PHONE_JWT_ISSUER', 'PHONE_JWT_AUDIENCE goes with it, or with PHONE_INTROSPECTION_URL')
  }
  const scope = reader.matching('PHONE_JWT_SCOPE', SCOPES, 'one or more scopes with a space between them')
  if (scope !== undefined && phoneJwt === undefined && phoneIntrospection === undefined) {
    reader.reject('PHONE_JWT_SCOPE', 'goes with the other PHONE_JWT_*, or with PHONE_INTROSPECTION_URL')
  }
  const phoneUserinfoUrl = reader.url('PHONE_USERINFO_URL')
  return { phoneJwt, phoneIntrospection, phoneUserinfoUrl, phoneScopes: scope?.split(' ') ?? [] }
}

function readIntrospection(
  reader: EnvironmentReader,
  audience: string | undefined,
): PhoneTokenConfig['phoneIntrospection'] {
  const url = reader.url('PHONE_INTROSPECTION_URL')
  const clientId = reader.text('PHONE_INTROSPECTION_CLIENT_ID')
  const clientSecret = reader.text('PHONE_INTROSPECTION_CLIENT_SECRET')
  reader.rejectParts('the three PHONE_INTROSPECTION_* go together', {
    PHONE_INTROSPECTION_URL: url,
    PHONE_INTROSPECTION_CLIENT_ID: clientId,
    PHONE_INTROSPECTION_CLIENT_SECRET: clientSecret,
  })
  if (url === undefined || clientId === undefined || clientSecret === undefined) return undefined
  return { url, clientId, clientSecret, audience }
}

/** @param audience the default: a resource that nobody named goes by its own address (RFC 8707 §2) */
function readPhoneJwt(reader: EnvironmentReader, audience: string): PhoneTokenConfig['phoneJwt'] {
  const jwksUrl = reader.url('PHONE_JWT_JWKS_URL')
  const issuer = reader.text('PHONE_JWT_ISSUER')
  if (issuer === undefined) {
    if (jwksUrl !== undefined) reader.reject('PHONE_JWT_ISSUER', 'PHONE_JWT_JWKS_URL goes with it')
    return undefined
  }
  // With a JWKS URL of its own it may be any text, as some issuers' names are no addresses.
  if (jwksUrl === undefined && !isIssuer(issuer)) {
    reader.reject(
      'PHONE_JWT_ISSUER',
      'has to be an http:// or https:// address without a query, or to have a PHONE_JWT_JWKS_URL',
    )
    return undefined
  }
  return { jwksUrl, issuer, audience }
}

/** RFC 8414 §2. */
function isIssuer(text: string): boolean {
  return httpUrl(text) !== undefined && !/[?#]/.test(text)
}
