import type { FastifyReply, FastifyRequest } from 'fastify'

/** Headers as objects made once: a reply pays for a copy, not for building them. */
export interface HeaderSets {
  /** For what changes with every request: no cache keeps it, no proxy alters it. */
  api: Readonly<Record<string, string>>
  page: Readonly<Record<string, string>>
  /** For files that a page loads. */
  asset: Readonly<Record<string, string>>
}

/** Two years, the field's usual value. */
const HSTS = 'max-age=63072000'

const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  // The QR arrives as a data: URL; a picture the person chose is read as a blob: URL.
  "img-src 'self' data: blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** @param publicUrl with https it brings HSTS */
export function headerSets(publicUrl: string): HeaderSets {
  const all = {
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...(publicUrl.startsWith('https:') ? { 'strict-transport-security': HSTS } : {}),
  }
  return {
    api: { ...all, 'cache-control': 'private, no-cache, no-store, must-revalidate, no-transform' },
    page: {
      ...all,
      'cache-control': 'no-store',
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'cross-origin-opener-policy': 'same-origin',
      'permissions-policy': 'camera=(self), microphone=(), geolocation=()',
      'x-frame-options': 'DENY',
    },
    asset: { ...all, 'cross-origin-resource-policy': 'same-origin' },
  }
}

/** A hook that gives a reply these headers before anything else can answer it. */
export function withHeaders(headers: Readonly<Record<string, string>>) {
  return (_request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    reply.headers(headers)
    done()
  }
}
