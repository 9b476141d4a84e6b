import { isRecord } from '../is-record.ts'
import { faultOfMachine } from './access-claims.ts'
import type { BearerVerifier } from './identity.ts'
import { personOfClaims, refused } from './oidc-claims.ts'
import { askUserinfo, jsonIn } from './provider-request.ts'

/**
 * An opaque token, asked about at the identity provider's userinfo endpoint (OpenID Connect Core §5.3). Which application
 * it was given to, and for what, userinfo does not say: any of the provider's will do.
 * @throws ScanInError `identity_provider_unavailable` when the provider does not answer: that says nothing about the token
 */
export function createUserinfo(url: string): BearerVerifier {
  return async (token) => {
    const reply = await askUserinfo(url, token)
    if (reply.status !== 200) return refused('userinfo does not know it')
    const claims = await jsonIn(reply)
    if (!isRecord(claims)) return refused('userinfo answers no claims')
    const fault = faultOfMachine(claims)
    return fault === undefined ? personOfClaims(claims, 'userinfo') : refused(fault)
  }
}
