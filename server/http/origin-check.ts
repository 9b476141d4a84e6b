import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { ScanInError } from '../errors.ts'
import { tokenShownIn } from './access-token.ts'
import { readCookie } from './cookies.ts'
import { isOfBrowser } from './visits.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** It stands on another host, and says by itself from where it may be asked for. */
    checksOrigin?: boolean
    /** It ends or replaces the session that the cookie is of, also where a token is shown beside it. */
    changesSessionCookie?: boolean
    /** Goes by no cookie, and counts nothing: what it does, it does for whoever shows what they have. */
    isForAnyOrigin?: boolean
    /** Goes by no cookie and counts: besides pages of ours, those of which origins may ask. */
    isForOrigin?: (origin: string) => boolean
  }
}

export interface OriginCheckOptions {
  publicUrl: string
  allowedOrigins: readonly string[]
  sessionCookieName: string
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
    // `none` is nobody's page, and what it says of where it comes from is looked at.
    return site === undefined || site === 'none' ? origin === publicUrl : site === 'same-origin'
  }

  /** Whether it matters where it comes from: of a browser, or with a session, unless it goes by a token. */
  function isJudged(headers: IncomingHttpHeaders, changesSessionCookie = false): boolean {
    const hasSession = readCookie(headers.cookie, sessionCookieName) !== undefined
    const goesByCookie = hasSession && changesSessionCookie
    if (tokenShownIn(headers) !== undefined && !goesByCookie) return false
    return isOfBrowser(headers) || hasSession
  }

  function passes({ method, headers, routeOptions }: FastifyRequest): boolean {
    const { isForAnyOrigin, isForOrigin, changesSessionCookie } = routeOptions.config
    if (SAFE_METHODS.has(method) || isForAnyOrigin) return true
    if (isForOrigin === undefined) return !isJudged(headers, changesSessionCookie) || isFromAllowedOrigin(headers)
    if (!isOfBrowser(headers) || isFromAllowedOrigin(headers)) return true
    return headers.origin !== undefined && isForOrigin(headers.origin)
  }

  return (request: FastifyRequest): void => {
    if (!passes(request)) throw new ScanInError('cross_site_request', { publicUrl })
  }
}
