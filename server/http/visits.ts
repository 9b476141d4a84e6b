import type { IncomingHttpHeaders } from 'node:http'

/**
 * Whether a person's browser navigates here, as far as it says so (Fetch Metadata): no prefetch, and no picture, frame
 * or script, by which any page makes its visitors send requests. An old browser, or none, says nothing: it passes.
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
 * The mode and destination that a browser names. Neither counts without `Sec-Fetch-Site`: browsers always send that,
 * and Node's own `fetch`, which calls whatever it asks for `cors`, never does.
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

/** Whether a browser asks: for all but reading, browsers send one of these, unless a page of that very origin asks. */
export function isOfBrowser({ origin, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  return origin !== undefined || site !== undefined
}
