import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { ScanInError } from '../errors.ts'
import { tokenShownIn } from './access-token.ts'
import { readCookie } from './cookies.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** It stands on another host, and says by itself from where it may be asked for. */
    checksOrigin?: boolean
  }
}

export interface OriginCheckOptions {
  publicUrl: string
  allowedOrigins: readonly string[]
  sessionCookieName: string
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Goes by no cookie: what it does, it does for whoever shows what they have. */
    isForAnyOrigin?: boolean
  }
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses what another site makes a browser send (OWASP: cross-site request forgery): whatever changes state and comes
 * from a browser, also without a cookie, for it may spend what the visitor's address is allowed. No browser leaves out
 * both headers on such a request: without them it is none, and may go on unless it has a session cookie.
 * @throws ScanInError `cross_site_request`
 */
export function createOriginCheck({ publicUrl, allowedOrigins, sessionCookieName }: OriginCheckOptions) {
  const others = new Set(allowedOrigins)

  function isFromAllowedOrigin({ origin, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
    if (origin !== undefined && others.has(origin)) return true
    // `same-origin` counts even if we know ourselves by another name, as behind `localhost`: no page can forge it.
    // Browsers that do not send it, as over plain http, say where they come from all the same.
    return site === undefined ? origin === publicUrl : site === 'same-origin'
  }

  return (request: FastifyRequest): void => {
    if (SAFE_METHODS.has(request.method) || request.routeOptions.config.isForAnyOrigin) return
    const { headers } = request
    if (tokenShownIn(headers) !== undefined) return
    const isBrowser = headers.origin !== undefined || headers['sec-fetch-site'] !== undefined
    const hasSession = readCookie(headers.cookie, sessionCookieName) !== undefined
    if ((isBrowser || hasSession) && !isFromAllowedOrigin(headers))
      throw new ScanInError('cross_site_request', { publicUrl })
  }
}
