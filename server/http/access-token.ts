import type { IncomingHttpHeaders } from 'node:http'

/** An access token, and how it was shown: `dpop` with a proof that its key is there (RFC 9449 §7.1). */
export interface ShownToken {
  scheme: 'bearer' | 'dpop'
  token: string
}

/** RFC 6750 §2.1, RFC 9449 §7.1: the scheme in any case, and what a token may be made of. */
const AUTHORIZATION = /^(Bearer|DPoP) +([\w.~+/-]+=*)$/i

/**
 * The token of an `Authorization: Bearer` or `DPoP` header. Such a request is judged by it and by no cookie: no browser
 * adds one by itself.
 */
export function tokenShownIn({ authorization }: IncomingHttpHeaders): ShownToken | undefined {
  const [, scheme, token] = AUTHORIZATION.exec(authorization ?? '') ?? []
  if (scheme === undefined || token === undefined) return undefined
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'dpop' : 'bearer', token }
}
