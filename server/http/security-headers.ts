import type { FastifyReply, FastifyRequest } from 'fastify'
import { isSecureContext } from '../url.ts'

/** Headers as objects made once: a reply pays for a copy, not for building them. */
export interface HeaderSets {
  /** For what changes with every request: no cache keeps it, no proxy alters it. */
  api: Readonly<Record<string, string>>
  /** The same, for what may have been asked at an application's host: how that is to be reached is not ours to say. */
  anyHost: Readonly<Record<string, string>>
  page: Readonly<Record<string, string>>
  /** For a page or a redirect where the API's replies may stand too: all of it says the same of caches. */
  pageAsReply: Readonly<Record<string, string>>
  /** For the one page that listed origins may put into a frame. */
  embed: Readonly<Record<string, string>>
  /** For files that a page loads. */
  asset: Readonly<Record<string, string>>
  /** For scripts of workers, which go by a policy of their own (CSP 3 §4.2.2) and not by their page's. */
  worker: Readonly<Record<string, string>>
}

const HSTS_NAME = 'strict-transport-security'
/** Two years, the field's usual value. */
const HSTS = 'max-age=63072000'

const contentSecurityPolicy = (frameAncestors: string): string =>
  [
    "default-src 'self'",
    // The QR arrives as a data: URL; a picture the person chose is read as a blob: URL.
    "img-src 'self' data: blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    `frame-ancestors ${frameAncestors}`,
  ].join('; ')

/**
 * A worker reads what strangers hold before a camera: it may run the WebAssembly that its page gives it, and load or send
 * nothing. Where the word is not known (Safari before 16) that cannot run, and the page reads by itself.
 */
const WORKER_POLICY = "default-src 'none'; script-src 'wasm-unsafe-eval'"

/**
 * @param publicUrl with https it brings HSTS; with https, or this machine, an opener policy
 * @param allowedOrigins whose pages may read what the API replies: with some, no reply is the same for everybody
 * @param hasApps whether there are hosts of applications, from which proxies send us what is asked
 */
export function headerSets(publicUrl: string, allowedOrigins: readonly string[], hasApps = false): HeaderSets {
  const all = {
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...(publicUrl.startsWith('https:') ? { [HSTS_NAME]: HSTS } : {}),
  }
  const unframed = {
    ...all,
    'cache-control': 'no-store',
    'content-security-policy': contentSecurityPolicy("'none'"),
    // Elsewhere browsers leave it aside, and each page has an error of it in the console (HTML §7.1.3).
    ...(isSecureContext(publicUrl) ? { 'cross-origin-opener-policy': 'same-origin' } : {}),
    'permissions-policy': 'camera=(self), microphone=(), geolocation=()',
  }
  const page = { ...unframed, 'x-frame-options': 'DENY' }
  const asset = { ...all, 'cross-origin-resource-policy': 'same-origin' }
  const isAlone = allowedOrigins.length === 0
  const api = {
    ...all,
    'cache-control': 'private, no-cache, no-store, must-revalidate, no-transform',
    ...(isAlone ? {} : { vary: 'Origin' }),
  }
  const { [HSTS_NAME]: _ofOurHost, ...withoutHsts } = api
  return {
    api,
    anyHost: hasApps ? withoutHsts : api,
    page,
    pageAsReply: { ...page, 'cache-control': api['cache-control'] },
    embed: isAlone ? page : framed(unframed, allowedOrigins),
    asset,
    worker: { ...asset, 'content-security-policy': WORKER_POLICY },
  }
}

function framed(unframed: Readonly<Record<string, string>>, by: readonly string[]): Readonly<Record<string, string>> {
  return {
    ...unframed,
    // No X-Frame-Options, which takes no list: browsers without `frame-ancestors` are too old for the page anyway.
    'content-security-policy': contentSecurityPolicy(by.join(' ')),
    // An isolated page shows no frame without both of these (HTML §7.1.4). This page loads only its own files anyway,
    // and no other site can load it any more as a resource of its own.
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-resource-policy': 'same-site',
  }
}

/** Takes HSTS off a reply that may reach browsers from an application's host, whose transport is not ours to fix. */
export function asOfAnyHost(reply: FastifyReply, { anyHost }: Pick<HeaderSets, 'anyHost'>): FastifyReply {
  return HSTS_NAME in anyHost ? reply : reply.removeHeader(HSTS_NAME)
}

/** A hook that gives a reply these headers before anything else can answer it. */
export function withHeaders(headers: Readonly<Record<string, string>>) {
  return (_request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    reply.headers(headers)
    done()
  }
}
