import { createRemoteJWKSet, type JWTVerifyGetKey, customFetch as joseFetch } from 'jose'
import type * as Oidc from 'openid-client'
import { type Clock, isWithin } from '../clock.ts'
import { boundedFetch } from '../http/bounded-fetch.ts'
import { createProviderErrors, detailOf, type ProviderErrors, unavailable } from './provider-errors.ts'
import { isSameIssuer } from './provider-habits.ts'

interface DiscoveryOptions {
  issuer: string
  clientId: string
  clientSecret: string
  clock: Clock
  /** Told in a word why the provider cannot be used, and by `undefined` that it can. */
  tell: (trouble: string | undefined) => void
}

/** The provider as its metadata says, and the library to ask it by. */
export interface FoundProvider {
  oidc: typeof Oidc
  config: Oidc.Configuration
  /** For what is spent by being asked. */
  patient: Oidc.Configuration
  errors: ProviderErrors
  issuer: string
  hasUserinfo: boolean
  keys: JWTVerifyGetKey
  /** For tokens that anybody may send: of these, few make us fetch keys. */
  keysForStrangers: JWTVerifyGetKey
}

const TIMEOUT_SECONDS = 5
/** The provider takes a refresh token only once: the reply with the next one is waited for, whoever waits for us. */
const REFRESH_TIMEOUT_SECONDS = 60
/** Where its endpoints are changes seldom, and keys are looked up anew by themselves. */
const METADATA_FOR_MS = 3_600_000
const LOOK_AGAIN_MS = 60_000
const STRANGERS_COOLDOWN_MS = 10_000

/**
 * Finds the provider (OpenID Connect Discovery 1.0) when it is first asked for, and anew now and then.
 * Rejects with `identity_provider_unavailable`.
 */
export function createDiscovery(options: DiscoveryOptions): () => Promise<FoundProvider> {
  const { issuer, clientId, clientSecret, clock, tell } = options
  let known: { provider: FoundProvider; at: number } | undefined
  let asking: Promise<FoundProvider> | undefined

  async function discover(): Promise<FoundProvider> {
    const oidc = await import('openid-client')
    // Over plain http as well, like the service itself: the start has warned of it.
    const execute = issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : []
    const within = (seconds: number) => ({
      timeout: seconds,
      [oidc.customFetch]: fetchWithin(seconds) as Oidc.CustomFetch,
    })
    const how = { execute, ...within(TIMEOUT_SECONDS) }
    // Without client authentication: only the metadata says in which way the provider wants our secret.
    const first = await oidc.discovery(new URL(issuer), clientId, undefined, oidc.None(), how)
    const server = first.serverMetadata()
    if (!isSameIssuer(server.issuer, issuer)) throw new UnfitProvider('OTHER_ISSUER')
    if (server.jwks_uri === undefined) throw new UnfitProvider('NO_KEYS')
    const methods = server.token_endpoint_auth_methods_supported
    const isPost = methods?.includes('client_secret_post') === true && !methods.includes('client_secret_basic')
    const auth = isPost ? oidc.ClientSecretPost(clientSecret) : oidc.ClientSecretBasic(clientSecret)
    const configured = (seconds: number) => {
      const config = new oidc.Configuration(server, clientId, undefined, auth)
      for (const extension of execute) extension(config)
      return Object.assign(config, within(seconds))
    }
    const keysAt = (cooldownDuration: number) => keysOf(new URL(server.jwks_uri ?? ''), cooldownDuration)
    return {
      ...{ oidc, errors: createProviderErrors(oidc), issuer: server.issuer },
      ...{ config: configured(TIMEOUT_SECONDS), patient: configured(REFRESH_TIMEOUT_SECONDS) },
      hasUserinfo: server.userinfo_endpoint !== undefined,
      // New keys of the provider are fetched at once: whoever comes here with its token has been there.
      keys: keysAt(0),
      keysForStrangers: keysAt(STRANGERS_COOLDOWN_MS),
    }
  }

  async function discoverOnce(): Promise<FoundProvider> {
    try {
      const provider = await discover()
      known = { provider, at: clock() }
      tell(undefined)
      return provider
    } catch (error) {
      tell(error instanceof UnfitProvider ? error.message : detailOf(error))
      if (known !== undefined) {
        // Goes on with what is known of it, and looks again soon.
        known.at = clock() - METADATA_FOR_MS + LOOK_AGAIN_MS
        return known.provider
      }
      throw unavailable(error)
    } finally {
      asking = undefined
    }
  }

  return async () => {
    if (known !== undefined && isWithin(METADATA_FOR_MS, known.at, clock())) return known.provider
    asking ??= discoverOnce()
    return asking
  }
}

/** It answers, and is none that we can use: the message is the word for it in the log. */
class UnfitProvider extends Error {}

/** `fetch` for libraries: their own takes any reply, and on Node 20 forgets its timeout once there are headers. */
function fetchWithin(seconds: number): (url: string, request: RequestInit) => Promise<Response> {
  return (url, request) => boundedFetch(url, request, seconds * 1000)
}

/**
 * A provider's keys, read anew where the machine's clock was set back: the library goes by it, and would keep old ones.
 */
function keysOf(url: URL, cooldownDuration: number): JWTVerifyGetKey {
  const how = { cooldownDuration, [joseFetch]: fetchWithin(TIMEOUT_SECONDS) }
  const open = () => createRemoteJWKSet(url, how)
  let [keys, askedAt] = [open(), Date.now()]
  return (header, token) => {
    if (Date.now() < askedAt) keys = open()
    askedAt = Date.now()
    return keys(header, token)
  }
}
