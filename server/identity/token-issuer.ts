import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { type Clock, isWithin, secondsUntil } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import { isRecord } from '../is-record.ts'
import { urlOf } from '../url.ts'
import { textOf } from './oidc-claims.ts'
import { askProvider, jsonIn } from './provider-request.ts'

interface TokenIssuerOptions {
  issuer: string
  /** Where the keys are. Left out: where the issuer's own metadata says. */
  jwksUrl: string | undefined
  clock: Clock
}

/** The issuer of native apps' tokens, as it publishes itself: asked when it is needed, and no more often than is good for it. */
export interface TokenIssuer {
  /** Its keys. @throws ScanInError `identity_provider_unavailable`: nothing is known of the token */
  keys: JWTVerifyGetKey
  /** As its metadata has it, once `keys` was asked. */
  userinfoUrl(): string | undefined
}

/** Where to ask: what its metadata says, or what the environment says instead. */
interface Endpoints {
  jwksUrl: string
  userinfoUrl?: string | undefined
}

interface Known extends Endpoints {
  keys: JWTVerifyGetKey
  at: number
}

/** How long keys are good without asking: a withdrawn key signs nobody in for longer. */
const FRESH_MS = 600_000
/** Anybody can make up key ids: because of unknown ones, the issuer is asked no more often than this. */
const BETWEEN_UNKNOWN_KEYS_MS = 30_000
/** One that does not answer is left alone for a moment. */
const AFTER_FAILURE_MS = 5000

export function createTokenIssuer({ issuer, jwksUrl, clock }: TokenIssuerOptions): TokenIssuer {
  let known: Known | undefined
  let failure: { cause: unknown; at: number } | undefined
  let underWay: Promise<Known> | undefined

  async function ask(): Promise<Known> {
    const endpoints = jwksUrl === undefined ? await discover(issuer) : { jwksUrl }
    const jwks = await jsonAt(endpoints.jwksUrl)
    if (jwks === undefined) {
      throw new Error(`there are no keys at ${jwksUrl === undefined ? 'its jwks_uri' : 'PHONE_JWT_JWKS_URL'}`)
    }
    return { ...endpoints, keys: createLocalJWKSet(jwks as unknown as JSONWebKeySet), at: clock() }
  }

  async function askNow(): Promise<Known> {
    try {
      known = await ask()
      failure = undefined
      return known
    } catch (cause) {
      failure = { cause, at: clock() }
      throw new ScanInError('identity_provider_unavailable', { cause })
    } finally {
      underWay = undefined
    }
  }

  async function renewed(): Promise<Known> {
    if (underWay === undefined && failure !== undefined && isWithin(AFTER_FAILURE_MS, failure.at, clock())) {
      const retryAfterSeconds = secondsUntil(failure.at + AFTER_FAILURE_MS, clock())
      throw new ScanInError('identity_provider_unavailable', { cause: failure.cause, retryAfterSeconds })
    }
    underWay ??= askNow()
    return underWay
  }

  const isYounger = (than: number) => known !== undefined && isWithin(than, known.at, clock())

  return {
    userinfoUrl: () => known?.userinfoUrl,
    async keys(header, token) {
      const now = known !== undefined && isYounger(FRESH_MS) ? known : await renewed()
      try {
        return await now.keys(header, token)
      } catch (error) {
        // The issuer may have begun to sign by a new key.
        if (!(error instanceof errors.JWKSNoMatchingKey) || isYounger(BETWEEN_UNKNOWN_KEYS_MS)) throw error
        return (await renewed()).keys(header, token)
      }
    },
  }
}

/** What a provider says of itself: OpenID Connect Discovery §4, and RFC 8414 §3 where there is no such document. */
async function discover(issuer: string): Promise<Endpoints> {
  for (const url of metadataUrls(issuer)) {
    const metadata = await jsonAt(url)
    if (metadata !== undefined) return endpointsIn(metadata, issuer, url)
  }
  throw new Error(`PHONE_JWT_ISSUER publishes nothing about itself: ${metadataUrls(issuer).join(', ')}`)
}

function metadataUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ]
}

/** What metadata says. RFC 8414 §3.3: of any other issuer it is not to be believed. @throws Error that says what is wrong */
export function endpointsIn(metadata: Readonly<Record<string, unknown>>, issuer: string, url: string): Endpoints {
  if (metadata['issuer'] !== issuer) throw new Error(`${url} is of another issuer than PHONE_JWT_ISSUER`)
  const jwksUrl = endpointIn(metadata, 'jwks_uri', issuer)
  if (jwksUrl === undefined) throw new Error(`${url} names no jwks_uri that is as safe as PHONE_JWT_ISSUER`)
  return { jwksUrl, userinfoUrl: endpointIn(metadata, 'userinfo_endpoint', issuer) }
}

/** An issuer that is reached by https is asked by nothing else. */
function endpointIn(metadata: Readonly<Record<string, unknown>>, name: string, issuer: string): string | undefined {
  const text = textOf(metadata[name])
  const protocol = text === undefined ? undefined : urlOf(text)?.protocol
  const isSafe = protocol === 'https:' || (protocol === 'http:' && issuer.startsWith('http:'))
  return isSafe ? text : undefined
}

/** `undefined`: there is no such thing. */
async function jsonAt(url: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const reply = await askProvider(url, { headers: { accept: 'application/json' } })
  const value = reply.status === 200 ? await jsonIn(reply) : undefined
  return isRecord(value) ? value : undefined
}
