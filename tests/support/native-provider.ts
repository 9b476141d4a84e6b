import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import { type Configuration, Provider } from 'oidc-provider'
import * as oidc from 'openid-client'
import { freePort } from './free-port.ts'

/** A team's identity provider for native apps, for real: npm's oidc-provider, and the app's side by openid-client. */
export interface NativeProvider {
  issuer: string
  /** What ScanIn introspects by. */
  introspection: Record<string, string>
  /** The app signs its person in: authorization code with PKCE, for a token that is meant for `resource`. */
  signIn(how: { resource: string; isOpaque?: boolean; dpop?: oidc.DPoPHandle }): Promise<string>
  /** For tokens that are bound to a key of this phone. */
  newKey(): Promise<oidc.DPoPHandle>
  keyOf(keys: CryptoKeyPair): oidc.DPoPHandle
  /** As the app calls a resource, with a proof where the token is bound. */
  call(token: string, url: string, method: string, body?: object, dpop?: oidc.DPoPHandle): Promise<Response>
  /** Of the app with opaque tokens. */
  revoke(token: string): Promise<void>
  stop(): Promise<void>
}

export const SCOPE = 'scanin'

const APP = 'team-app'
const APP_WITH_OPAQUE = 'team-app-with-opaque-tokens'
const PERSON = 'nadia'
const REDIRECT_URI = 'com.example.app:/signed-in'
const INTROSPECTOR = { id: 'scanin', secret: 'what ScanIn introspects by: a long one' }

export async function startNativeProvider(): Promise<NativeProvider> {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const key = { ...(await exportJWK(privateKey)), kid: 'first', alg: 'RS256', use: 'sig' }
  const provider = new Provider(issuer, configurationWith(key))
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/interaction/')) void agree(provider, request, response)
    else void provider.callback()(request, response)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const insecure = { execute: [oidc.allowInsecureRequests] }
  const discover = (client: string) => oidc.discovery(new URL(issuer), client, undefined, oidc.None(), insecure)
  const config = await discover(APP)
  const withOpaque = await discover(APP_WITH_OPAQUE)

  return {
    issuer,
    introspection: {
      PHONE_INTROSPECTION_URL: `${issuer}/token/introspection`,
      PHONE_INTROSPECTION_CLIENT_ID: INTROSPECTOR.id,
      PHONE_INTROSPECTION_CLIENT_SECRET: INTROSPECTOR.secret,
    },
    newKey: async () => oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair()),
    keyOf: (keys) => oidc.getDPoPHandle(config, keys),
    async signIn({ resource, isOpaque = false, dpop }) {
      const app = isOpaque ? withOpaque : config
      const verifier = oidc.randomPKCECodeVerifier()
      const to = oidc.buildAuthorizationUrl(app, {
        ...{ redirect_uri: REDIRECT_URI, scope: `openid ${SCOPE}`, resource },
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
      const answer = await follow(to)
      const checks = { pkceCodeVerifier: verifier, idTokenExpected: true }
      const options = dpop === undefined ? {} : { DPoP: dpop }
      const tokens = await oidc.authorizationCodeGrant(app, answer, checks, { resource }, options)
      return tokens.access_token
    },
    call(token, url, method, body, dpop) {
      const headers = new Headers(body === undefined ? {} : { 'content-type': 'application/json' })
      const payload = body === undefined ? null : JSON.stringify(body)
      const options = dpop === undefined ? {} : { DPoP: dpop }
      return oidc.fetchProtectedResource(config, token, new URL(url), method, payload, headers, options)
    },
    revoke: (token) => oidc.tokenRevocation(withOpaque, token),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function configurationWith(key: object): Configuration {
  return {
    jwks: { keys: [key] } as NonNullable<Configuration['jwks']>,
    cookies: { keys: ['of the provider alone'] },
    scopes: ['openid'],
    clients: [
      ...[APP, APP_WITH_OPAQUE].map((client_id) => ({
        client_id,
        application_type: 'native' as const,
        token_endpoint_auth_method: 'none' as const,
        redirect_uris: [REDIRECT_URI],
      })),
      {
        client_id: INTROSPECTOR.id,
        client_secret: INTROSPECTOR.secret,
        redirect_uris: [],
        response_types: [],
        grant_types: [],
      },
    ],
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    // Into tokens, and into what introspection says.
    extraTokenClaims: (_ctx, token) =>
      'accountId' in token ? { name: `${token.accountId} of the team`, groups: ['team'] } : undefined,
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: true },
      revocation: { enabled: true },
      introspection: { enabled: true, allowedPolicy: (_ctx, { clientId }) => clientId === INTROSPECTOR.id },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, resource, { clientId }) => ({
          scope: SCOPE,
          audience: resource,
          accessTokenFormat: clientId === APP_WITH_OPAQUE ? 'opaque' : 'jwt',
        }),
        useGrantedResource: () => true,
      },
    },
  } as Configuration
}

/** The person signs in and agrees. */
async function agree(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { params } = await provider.interactionDetails(request, response)
  const accountId = PERSON
  const grant = new provider.Grant({ accountId, clientId: String(params['client_id']) })
  grant.addOIDCScope('openid')
  grant.addResourceScope(String(params['resource']), SCOPE)
  const consent = { grantId: await grant.save() }
  await provider.interactionFinished(request, response, { login: { accountId }, consent })
}

const MOST_STEPS = 10

/** A browser's way from an address to the app. */
async function follow(from: URL): Promise<URL> {
  const cookies = new Map<string, string>()
  let at = from
  for (let steps = 0; steps < MOST_STEPS && at.protocol === 'http:'; steps++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const reply = await fetch(at, { redirect: 'manual', headers: { cookie } })
    for (const line of reply.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const location = reply.headers.get('location')
    if (location === null) throw new Error(`${at.pathname} leads nowhere: ${reply.status} ${await reply.text()}`)
    at = new URL(location, at)
  }
  return at
}
