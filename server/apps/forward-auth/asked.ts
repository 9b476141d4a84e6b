import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { ClientAddresses } from '../../http/client-address.ts'
import { httpUrl, parseOrigin } from '../../url.ts'

/** What somebody asked a proxy for, in that proxy's words. */
export interface Asked {
  origin: string
  /** Path and query, as they were asked for. */
  uri: string
  method: string
}

/**
 * What a request that a proxy sends is about: `X-Forwarded-Proto`, `-Host`, `-Uri` and `-Method`, or `X-Original-URL` and
 * `X-Original-Method`. `undefined`: no proxy of `TRUST_PROXY` says it, or what it passes on contradicts it. Most proxies
 * set one kind and pass on what a client sends of the other, so where both are there, both have to name one origin.
 */
export function askedBy(
  { raw }: FastifyRequest,
  clientAddresses: Pick<ClientAddresses, 'isFromProxy'>,
): Asked | undefined {
  if (!clientAddresses.isFromProxy(raw)) return undefined
  const said = [forwarded(raw.headers), original(raw.headers)].filter((one) => one !== undefined)
  const [first, other] = said
  if (first === undefined || first === 'bad' || other === 'bad') return undefined
  return other === undefined || other.origin === first.origin ? first : undefined
}

type Said = Asked | 'bad' | undefined

function forwarded(headers: IncomingHttpHeaders): Said {
  const host = single(headers['x-forwarded-host'])
  if (host === undefined) return undefined
  const proto = single(headers['x-forwarded-proto'])
  const origin = originSaid(`${proto}://${host}`)
  if (origin === undefined) return 'bad'
  const method = single(headers['x-forwarded-method']) ?? 'GET'
  return { origin, uri: single(headers['x-forwarded-uri']) ?? '/', method }
}

function original(headers: IncomingHttpHeaders): Said {
  const text = single(headers['x-original-url'])
  if (text === undefined) return undefined
  const [, base = '', uri = ''] = /^(https?:\/\/[^/?#\s]+)(.*)$/.exec(text) ?? []
  const origin = originSaid(base)
  if (origin === undefined || httpUrl(text)?.origin !== origin) return 'bad'
  return { origin, uri: uri === '' ? '/' : uri, method: single(headers['x-original-method']) ?? 'GET' }
}

/**
 * Takes an origin only as it is written. Where parsing would change it (escapes, soft hyphens, letters that count as
 * others), a proxy that chooses by its text may have led the request to another application.
 */
function originSaid(text: string): string | undefined {
  const said = text.toLowerCase()
  const origin = parseOrigin(said)
  if (origin === undefined) return undefined
  const usualPort = origin.startsWith('https:') ? ':443' : ':80'
  return said === origin || said === origin + usualPort ? origin : undefined
}

function single(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && header !== '' ? header : undefined
}
