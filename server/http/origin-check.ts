import type { FastifyRequest } from 'fastify'
import { ScanInError } from '../errors.ts'
import { readCookie } from './cookies.ts'

export interface OriginCheckOptions {
  publicUrl: string
  allowedOrigins: readonly string[]
  sessionCookieName: string
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses what another site makes a browser send (OWASP: cross-site request forgery). A request is under suspicion when
 * the browser adds authority by itself: it changes state and carries a session cookie, or it signs in.
 * @throws ScanInError `cross_site_request`
 */
export function createOriginCheck({ publicUrl, allowedOrigins, sessionCookieName }: OriginCheckOptions) {
  const allowed = new Set([publicUrl, ...allowedOrigins])

  return (request: FastifyRequest, { isSignIn = false } = {}): void => {
    if (SAFE_METHODS.has(request.method) || bearerTokenOf(request) !== undefined) return
    const hasSession = readCookie(request.headers.cookie, sessionCookieName) !== undefined
    if (!hasSession && !isSignIn) return
    const { origin, 'sec-fetch-site': site } = request.headers
    // No browser leaves out both on a request that changes state.
    if (origin === undefined && site === undefined && !hasSession) return
    // `same-origin` counts even if we know ourselves by another name, as behind `localhost`: no page can forge it.
    if (site === 'same-origin' || (origin !== undefined && allowed.has(origin))) return
    throw new ScanInError('cross_site_request')
  }
}

/** The token of an `Authorization: Bearer` header (RFC 6750 §2.1). Such a request is judged by it and by no cookie. */
export function bearerTokenOf(request: FastifyRequest): string | undefined {
  const [, token] = /^Bearer +([\w.~+/-]+=*)$/i.exec(request.headers.authorization ?? '') ?? []
  return token
}
