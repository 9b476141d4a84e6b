import type { Clock } from '../clock.ts'
import type { NetworkFailures } from '../http/failure-limits.ts'
import type { OpaqueTokens } from './approving-tokens.ts'
import { createBearerJwt } from './bearer-jwt.ts'
import type { BearerVerifier } from './identity.ts'
import { createIntrospection } from './introspection.ts'
import { sparingly } from './provider-calls.ts'
import { createTokenIssuer } from './token-issuer.ts'
import { createUserinfo } from './userinfo.ts'
import { createUserinfoNames } from './userinfo-names.ts'

interface BearerVerifiersOptions {
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

export interface BearerVerifiers {
  bearerVerifiers: BearerVerifier[]
  /** Where the provider is asked about tokens that say nothing. */
  opaqueTokens?: OpaqueTokens
}

/**
 * Who is asked about a native app's token, in this order: signed JWTs are decided by their keys alone, all others by the
 * provider's introspection, or by its userinfo where there is no introspection. What people are called userinfo is asked
 * where nobody else has said it.
 */
export function createBearerVerifiers({ config, clock, failures }: BearerVerifiersOptions): BearerVerifiers {
  const { publicUrl, phoneJwt, phoneIntrospection, phoneUserinfoUrl, phoneScopes: scopes } = config
  const tokenIssuer = phoneJwt && createTokenIssuer({ ...phoneJwt, clock })
  const fillInNames = createUserinfoNames({ url: () => phoneUserinfoUrl ?? tokenIssuer?.userinfoUrl(), clock })
  const bearerVerifiers: BearerVerifier[] = []
  if (phoneJwt !== undefined && tokenIssuer !== undefined) {
    bearerVerifiers.push(createBearerJwt({ ...phoneJwt, keys: tokenIssuer.keys, fillInNames, scopes, clock }))
  }
  const opaqueTokens = opaque()
  if (opaqueTokens === undefined) return { bearerVerifiers }
  bearerVerifiers.push(sparingly({ ask: opaqueTokens.ask, failures, clock }))
  return { bearerVerifiers, opaqueTokens }

  function opaque(): OpaqueTokens | undefined {
    if (phoneIntrospection !== undefined) {
      const issuer = phoneJwt?.issuer
      const ask = createIntrospection({ ...phoneIntrospection, publicUrl, issuer, scopes, fillInNames, clock })
      return { ask, secret: phoneIntrospection.clientSecret }
    }
    return phoneUserinfoUrl === undefined ? undefined : { ask: createUserinfo(phoneUserinfoUrl) }
  }
}
