import { type BearerVerifiers, createBearerVerifiers } from '../../server/identity/bearer-verifiers.ts'
import { PUBLIC_URL } from '../support/app.ts'
import { AUDIENCE, type IdentityProvider } from './identity-provider.ts'

/** By whom a native app's token is judged. */
export type TokenSource = 'jwt' | 'introspection' | 'userinfo'

/** What an app in this process believes of the provider's tokens, by one source alone, as often as it asks. */
export function verifiersBy(source: TokenSource, provider: IdentityProvider, clock: () => number): BearerVerifiers {
  const { issuer, jwksUrl, introspectionUrl, userinfoUrl, client } = provider
  const introspection = { url: introspectionUrl, clientId: client.id, clientSecret: client.secret, audience: undefined }
  return createBearerVerifiers({
    config: {
      publicUrl: PUBLIC_URL,
      phoneJwt: source === 'jwt' ? { issuer, jwksUrl, audience: AUDIENCE } : undefined,
      phoneIntrospection: source === 'introspection' ? introspection : undefined,
      phoneUserinfoUrl: source === 'userinfo' ? userinfoUrl : undefined,
      phoneScopes: [],
    },
    clock,
    failures: { excess: async () => ({ failures: 0, retryAfterSeconds: 1 }), count: async () => undefined },
  })
}
