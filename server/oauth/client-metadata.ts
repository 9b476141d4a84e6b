import type { AdapterPayload } from 'oidc-provider'
import { type OAuthClient, OFFLINE } from './client.ts'
import { isNative } from './clients-file.ts'

/** A client in the words of RFC 7591 and OpenID Connect Registration, for the provider. */
export function metadataOf(client: OAuthClient): AdapterPayload {
  const { secret, backchannelLogoutUri, grantTypes, redirectUris } = client
  const takesCodes = grantTypes.includes('authorization_code')
  return {
    client_id: client.id,
    client_name: client.name,
    application_type: isNative(client) ? 'native' : 'web',
    redirect_uris: [...redirectUris],
    post_logout_redirect_uris: [...client.postLogoutRedirectUris],
    grant_types: [...grantTypes],
    // Without `form_post`: we post answers by a page of ours, as the provider's has a script in it.
    response_modes: ['query', 'fragment'],
    response_types: takesCodes ? ['code'] : [],
    // A client that may not have the last one is not refused for asking: it is given the others.
    scope: [...new Set([...client.scopes, OFFLINE])].join(' '),
    id_token_signed_response_alg: client.signedBy,
    ...(secret === undefined
      ? { token_endpoint_auth_method: 'none' }
      : { token_endpoint_auth_method: 'client_secret_basic', client_secret: secret }),
    ...(backchannelLogoutUri === undefined
      ? {}
      : { backchannel_logout_uri: backchannelLogoutUri, backchannel_logout_session_required: true }),
    // The provider knows addresses alone, and shows it to nobody.
    ...(client.logoUri === undefined || client.logoUri.startsWith('data:') ? {} : { logo_uri: client.logoUri }),
  }
}
