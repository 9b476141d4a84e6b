import { stringifySetCookie } from 'cookie'

/** The names and attributes that our cookies have on the wire. */
export interface Cookies {
  /** The name on the wire of `session`, or of a login's browser key. */
  sessionName: string
  browserKeyName(loginId: string): string
  /** A `Set-Cookie` value. `maxAge` in seconds; 0 takes the cookie away. */
  set(name: string, value: string, maxAge: number): string
}

/**
 * Over https the `__Host-` prefix: no other host and no plain-http page can plant or overwrite them (RFC 6265bis §4.1.3).
 * Every one is HttpOnly, SameSite=Lax, for the whole host, with no Domain.
 */
export function createCookies(isSecure: boolean): Cookies {
  const prefix = isSecure ? '__Host-scanin_' : 'scanin_'
  return {
    sessionName: `${prefix}session`,
    browserKeyName: (loginId) => prefix + loginId,
    set: (name, value, maxAge) =>
      stringifySetCookie({ name, value, maxAge, path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure }),
  }
}

/**
 * One cookie's value out of a `Cookie` header, without taking the others apart.
 * Of two with one name the first counts, as browsers put the more specific one first.
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined
  for (let from = 0; from < header.length; ) {
    const end = header.indexOf(';', from)
    const pair = header.slice(from, end === -1 ? undefined : end).trimStart()
    if (pair.startsWith(name) && pair[name.length] === '=') return pair.slice(name.length + 1).trimEnd()
    from = end === -1 ? header.length : end + 1
  }
  return undefined
}
