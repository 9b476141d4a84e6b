import type { IncomingHttpHeaders } from 'node:http'

/**
 * Whether somebody's browser goes somewhere, as far as it says so (Fetch Metadata): for no picture, frame or script, by
 * which any page makes its visitors ask, and not ahead of a person's wish. Who says nothing is an old browser, or none.
 */
export function isVisit(headers: IncomingHttpHeaders): boolean {
  const { dest = 'document' } = fetchMetadataOf(headers)
  return isNavigating(headers) && dest === 'document'
}

const PLACES: ReadonlySet<string> = new Set(['document', 'iframe', 'frame'])

/**
 * As `isVisit`, also in a frame of a page: there applications are shown, and OpenID clients renew what they have
 * (`prompt=none`).
 */
export function isNavigating(headers: IncomingHttpHeaders): boolean {
  const { mode = 'navigate', dest = 'document' } = fetchMetadataOf(headers)
  return mode === 'navigate' && PLACES.has(dest) && headers['sec-purpose'] === undefined
}

/**
 * How a browser asks, and for what. Nothing, of who does not say from where: a browser always does, and Node's own
 * `fetch`, which says `cors` of whatever it asks for, never.
 */
export function fetchMetadataOf(headers: IncomingHttpHeaders): {
  mode?: string | undefined
  dest?: string | undefined
} {
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest } = headers as Record<string, string>
  return site === undefined ? {} : { mode, dest }
}

/** Whether a page of another origin leads here, as far as browsers say so: over plain http they do not. */
export function isFromElsewhere({ origin, 'sec-fetch-site': site }: IncomingHttpHeaders, publicUrl: string): boolean {
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return origin !== undefined && origin !== publicUrl
}

/** Whether a browser asks: on a request that is more than a look none leaves out both, but for a page of that origin. */
export function isOfBrowser({ origin, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  return origin !== undefined || site !== undefined
}
