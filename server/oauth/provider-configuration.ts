import type { Adapter, Configuration, KoaContextWithOIDC } from 'oidc-provider'
import type { Clock } from '../clock.ts'
import type { Authorities, OidcProvider } from './authorities.ts'
import { goodVisitor, stateOf } from './call-state.ts'
import { ACR } from './claims.ts'
import { type Clients, DEFAULT_SCOPE, maySignInTo, OFFLINE, originsOf, SCOPES } from './client.ts'
import { asksForLogin, returnAddress } from './login-request.ts'
import { PATHS } from './paths.ts'

interface ProviderConfigurationOptions {
  oidc: OidcProvider
  authorities: Authorities
  adapter: (kind: string) => Adapter
  publicUrl: string
  /** Whose pages may call what we answer. */
  allowedOrigins: readonly string[]
  clients: Clients
  clock: Clock
  deviceCodeSeconds: number
}

/** At every endpoint that is for clients. */
const CLIENT_AUTH_METHODS = ['client_secret_basic', 'client_secret_post', 'none'] as const
const CODE_SECONDS = 60
const ACCESS_TOKEN_SECONDS = 3600
export const ID_TOKEN_SECONDS = 3600
/** What needs one but is never kept. */
const NO_TIME = 1

type FetchOptions = RequestInit & { dispatcher?: unknown }

/** All that the provider is told. */
export function configurationOf(options: ProviderConfigurationOptions): Configuration {
  const { oidc, authorities, adapter, clients, clock } = options
  const { findAccount, loadExistingGrant, secondsAtMost, secondsInUse } = authorities
  /** Origins that may ask as any client: ours, and those whose pages may do all that a person may. */
  const trusted = new Set([options.publicUrl, ...options.allowedOrigins])

  /** Signing in is a scan, and the phone's confirmation is the consent too. */
  function policy() {
    const { Prompt, base } = oidc.interactionPolicy
    const login = base().get('login')
    if (login === undefined) throw new Error('oidc-provider has no prompt of this name any more')
    return [login, ...['consent', 'select_account'].map((name) => new Prompt({ name, requestable: true }))]
  }

  function loginAddress(ctx: KoaContextWithOIDC): string {
    const { asked } = stateOf(ctx)
    // Somebody has just signed in for this, and it was somebody else who was meant.
    if (asked.since !== undefined && goodVisitor(asked) !== undefined) throw new oidc.errors.LoginRequired()
    const isForced = asked.visitor !== undefined || asksForLogin(ctx.oidc)
    const params = { ...ctx.oidc.params, ...(asked.isFormPost ? { response_mode: 'form_post' } : {}) }
    const meant = ctx.oidc.entities['IdTokenHint']?.payload['sub']
    const address = returnAddress(params, {
      since: isForced ? clock() : undefined,
      meant: typeof meant === 'string' ? meant : undefined,
    })
    if (address === undefined) throw new oidc.errors.InvalidRequest('the request is too long')
    return address
  }

  /** Refuses unknown scopes now: the library looks only after the login, and then says that the person has refused. */
  function refuseNoScope(ctx: KoaContextWithOIDC, asked: string | undefined): void {
    const scope = asked ?? (ctx.oidc.route === 'device_authorization' ? DEFAULT_SCOPE : '')
    const isKnown = scope.split(' ').some((name) => name !== OFFLINE && SCOPES.some((known) => known === name))
    if (!isKnown) throw new oidc.errors.InvalidScope('none of the scopes is known', scope)
    // People are told of this scope, so the device is given it: the form might be read otherwise the next time.
    stateOf(ctx).found.scope = scope
    keepOffline(ctx)
  }

  /**
   * Tells a client that has refresh tokens so in the scope: clients compare, and name their scopes again as they
   * refresh. The library leaves `offline_access` out unless the person consents first (OpenID Connect Core §11); here
   * the operator has decided that.
   */
  function keepOffline({ query, oidc: { route, params, client, requestParamScopes } }: KoaContextWithOIDC): void {
    const isAsked = route === 'authorization' && String(query['scope']).split(' ').includes(OFFLINE)
    if (!isAsked || params === undefined || !client?.grantTypeAllowed('refresh_token')) return
    params['scope'] = [...requestParamScopes.add(OFFLINE)].join(' ')
  }

  /** Whether the person behind a token may enter the client that asks: the token may be another client's. */
  function isOpenTo(ctx: KoaContextWithOIDC, clientId: string): boolean {
    const client = clients.find(clientId)
    const { grantingSession } = stateOf(ctx).found
    return client !== undefined && grantingSession !== undefined && maySignInTo(client, grantingSession.session.user)
  }

  function noteSignOut(ctx: KoaContextWithOIDC): void {
    const { client, params = {}, entities } = ctx.oidc
    const { post_logout_redirect_uri: to, state } = params
    stateOf(ctx).found.signOut = {
      client: client && clients.find(client.clientId),
      to: typeof to === 'string' ? withState(to, state) : undefined,
      hint: entities['IdTokenHint']?.payload,
    }
    ctx.body = ''
  }

  return {
    adapter,
    acrValues: Object.values(ACR),
    // Clients must send it: it is compared letter by letter (OpenID Connect Core §3.1.2.1, RFC 6749 §4.1.3).
    allowOmittingSingleRegisteredRedirectUri: false,
    claims: {
      openid: ['sub', 'sid', 'auth_time', 'amr', 'acr'],
      profile: ['name', 'preferred_username'],
      email: ['email'],
      groups: ['groups'],
    },
    clientAuthMethods: [...CLIENT_AUTH_METHODS],
    clientBasedCORS: (_ctx, origin, client) =>
      trusted.has(origin) || originsOf(client.redirectUris ?? []).includes(origin),
    // Puts claims into ID tokens too: most applications look nowhere else.
    conformIdTokenClaims: false,
    cookies: { keys: [] },
    // Without these fields, a client takes `client_secret_basic` for the only method (RFC 8414 §2).
    discovery: {
      revocation_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS,
      introspection_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS,
    },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'EdDSA'] },
    // Not needed: every token ends with its session, which is looked up each time that one is presented.
    expiresWithSession: () => false,
    extraParams: { scope: refuseNoScope },
    features: {
      backchannelLogout: { enabled: true },
      claimsParameter: { enabled: false },
      deviceFlow: { enabled: true, charset: 'base-20', mask: '****-****', deviceInfo: () => ({}) },
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      introspection: {
        enabled: true,
        allowedPolicy: (ctx, client, token) =>
          isOpenTo(ctx, client.clientId) && (client.clientAuthMethod !== 'none' || token.clientId === client.clientId),
      },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: { enabled: true, logoutSource: noteSignOut },
    },
    // All addresses called here are the operator's own. The library's dispatcher would call none on a private network.
    async fetch(url, { dispatcher: _careful, ...request }: FetchOptions = {}) {
      const reply = await fetch(url, request)
      // They are told of sign-outs, and asked nothing: a body that nobody reads would keep its connection.
      await reply.body?.cancel()
      return reply
    },
    findAccount,
    interactions: { policy: policy(), url: loginAddress },
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    loadExistingGrant,
    pkce: { required: () => true },
    renderError(ctx, { error }) {
      stateOf(ctx).found.trouble = { error, status: ctx.status }
      ctx.body = ''
    },
    responseTypes: ['code'],
    rotateRefreshToken: true,
    routes: PATHS,
    scopes: [...SCOPES],
    subjectTypes: ['public'],
    ttl: {
      AccessToken: () => Math.min(ACCESS_TOKEN_SECONDS, secondsInUse()),
      AuthorizationCode: CODE_SECONDS,
      DeviceCode: options.deviceCodeSeconds,
      // Until there are tokens for the grant, which then lives as long as they do.
      Grant: CODE_SECONDS,
      IdToken: ID_TOKEN_SECONDS,
      Interaction: NO_TIME,
      RefreshToken: secondsAtMost,
      Session: NO_TIME,
    },
  }
}

function withState(address: string, state: unknown): string {
  if (typeof state !== 'string') return address
  const url = new URL(address)
  url.searchParams.set('state', state)
  return url.href
}
