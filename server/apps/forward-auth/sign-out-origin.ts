import type { FastifyRequest } from 'fastify'
import { isVisit } from '../../http/visits.ts'

/**
 * Whether a sign-out at an application is asked for from there: by a page of it or its script, a link that is followed, an
 * address that was typed. No picture, frame or prefetch signs anybody out, whoever's it is, and neither does another site's
 * form or, where browsers say so (over https), its link.
 */
export function isAskedFromThere(
  { method, headers }: Pick<FastifyRequest, 'method' | 'headers'>,
  origin: string,
): boolean {
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers
  if (method === 'GET' && !isVisit(headers) && !isOwnScript(headers)) return false
  if (site === 'same-origin' || site === 'none') return true
  if (site !== undefined) return site === 'same-site' && method === 'GET' && mode === 'navigate'
  // Cookies are SameSite=Lax: without these headers a GET that has one is a page's own, or a link that is followed.
  return method === 'GET' ? headers.origin === undefined || headers.origin === origin : headers.origin === origin
}

/** A script's request, as where the application's library follows links. What people put into its pages makes none. */
function isOwnScript(headers: FastifyRequest['headers']): boolean {
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest, 'sec-purpose': purpose } = headers
  const isScripts = (mode === 'cors' || mode === 'same-origin') && dest === 'empty'
  return site === 'same-origin' && isScripts && purpose === undefined
}
