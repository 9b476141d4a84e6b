import type { IncomingHttpHeaders } from 'node:http'

/**
 * Whether somebody's browser goes somewhere, as far as it says so (Fetch Metadata): for no picture, frame or script, by
 * which any page makes its visitors ask, and not ahead of a person's wish. Who says nothing is an old browser, or none.
 */
export function isVisit(headers: IncomingHttpHeaders): boolean {
  const { 'sec-fetch-mode': mode = 'navigate', 'sec-fetch-dest': dest = 'document', 'sec-purpose': purpose } = headers
  return mode === 'navigate' && dest === 'document' && purpose === undefined
}

/** Whether a page of another origin leads here, as far as browsers say so: over plain http they do not. */
export function isFromElsewhere({ origin, 'sec-fetch-site': site }: IncomingHttpHeaders, publicUrl: string): boolean {
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return origin !== undefined && origin !== publicUrl
}
