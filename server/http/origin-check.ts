import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { ScanInError } from '../errors.ts'
import { tokenShownIn } from './access-token.ts'
import { readCookie } from './cookies.ts'
import { isOfBrowser } from './visits.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route is on an application's host, and checks by itself from where it may be asked for. */
    checksOrigin?: boolean
    /** It ends or replaces the session that the cookie is of, also where a token is shown beside it. */
    changesSessionCookie?: boolean
    /** The route uses no cookie and counts nothing: what it does, it does for whoever shows what they have. */
    isForAnyOrigin?: boolean
    /** The route uses no cookie, but counts: pages of these origins may ask besides our own. */
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
 * Refuses what another site makes a browser send (OWASP: cross-site request forgery): all that changes state, even
 * without a cookie, as it may use up what the visitor's address is allowed. Browsers send `Origin` or `Sec-Fetch-Site`
 * with any such request: one with neither is not from a browser, and may go on unless it has a session cookie.
 * @throws ScanInError `cross_site_request`
 */
export function createOriginCheck({ publicUrl, allowedOrigins, sessionCookieName }: OriginCheckOptions) {
  const others = new Set(allowedOrigins)

  function isFromAllowedOrigin({ origin, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
    if (origin !== undefined && others.has(origin)) return true
    // `same-origin` counts even where our name is not PUBLIC_URL's, as with `localhost`: no page can forge it. Browsers
    // that do not send `Sec-Fetch-Site`, as over plain http, send `Origin` all the same. `none` says that no page asks;
    // an `Origin` beside it is checked.
    return site === undefined || site === 'none' ? origin === publicUrl : site === 'same-origin'
  }

  /** Whether its origin matters: it is from a browser, or has a session cookie, and does not go by a token. */
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
