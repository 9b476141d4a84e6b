import type { Clock } from '../clock.ts'
import type { NetworkFailures } from '../http/failure-limits.ts'
import { createBearerJwt } from './bearer-jwt.ts'
import type { BearerVerifier } from './identity.ts'
import { createIntrospection } from './introspection.ts'
import { sparingly } from './provider-calls.ts'
import { createTokenIssuer } from './token-issuer.ts'
import { createUserinfo } from './userinfo.ts'
import { createUserinfoNames } from './userinfo-names.ts'

export interface BearerVerifiersOptions {
  /** What the environment says of native apps' tokens. */
  config: {
    publicUrl: string
    phoneJwt: { jwksUrl: string | undefined; issuer: string; audience: string } | undefined
    phoneIntrospection:
      | { url: string; clientId: string; clientSecret: string; audience: string | undefined }
      | undefined
    phoneUserinfoUrl: string | undefined
    phoneScopes: readonly string[]
  }
  clock: Clock
  /** Counts opaque tokens that the provider refused, by client address. */
  failures: NetworkFailures
}

/**
 * Who is asked about a native app's token, in this order: signed JWTs are decided by their keys alone, all others by the
 * provider's introspection, or by its userinfo where there is no introspection. What people are called userinfo is asked
 * where nobody else has said it.
 */
export function createBearerVerifiers({ config, clock, failures }: BearerVerifiersOptions): BearerVerifier[] {
  const { publicUrl, phoneJwt, phoneIntrospection, phoneUserinfoUrl, phoneScopes: scopes } = config
  const tokenIssuer = phoneJwt && createTokenIssuer({ ...phoneJwt, clock })
  const fillInNames = createUserinfoNames({ url: () => phoneUserinfoUrl ?? tokenIssuer?.userinfoUrl(), clock })
  const verifiers: BearerVerifier[] = []
  if (phoneJwt !== undefined && tokenIssuer !== undefined) {
    verifiers.push(createBearerJwt({ ...phoneJwt, keys: tokenIssuer.keys, fillInNames, scopes, clock }))
  }
  if (phoneIntrospection !== undefined) {
    const issuer = phoneJwt?.issuer
    const introspect = createIntrospection({ ...phoneIntrospection, publicUrl, issuer, scopes, fillInNames, clock })
    verifiers.push(sparingly({ ask: introspect, failures, clock }))
  } else if (phoneUserinfoUrl !== undefined) {
    verifiers.push(sparingly({ ask: createUserinfo(phoneUserinfoUrl), failures, clock }))
  }
  return verifiers
}
