import { stringifySetCookie } from 'cookie'
import { isBlank } from './blanks.ts'

/** The names and attributes that our cookies have on the wire. */
export interface Cookies {
  /** The name on the wire of `session`, or of a login's browser key. */
  sessionName: string
  browserKeyName(loginId: string): string
  /** What binds a way to the team's provider and back to the browser that began it. */
  authorizationRequestName: string
  /** On an application's host: what lets somebody in there, and what binds an errand there to the browser that began it. */
  applicationName: string
  applicationStartName: string
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
    authorizationRequestName: `${prefix}sign_in`,
    applicationName: `${prefix}app`,
    applicationStartName: `${prefix}app_start`,
    set: (name, value, maxAge) =>
      stringifySetCookie({ name, value, maxAge, path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure }),
  }
}

/**
 * One cookie's value out of a `Cookie` header, without taking the others apart.
 * Of two with one name the first counts, as browsers put the more specific one first. Only blanks are taken off: to a
 * browser `\xA0__Host-scanin_session` is another name, which a neighbouring http host may plant (RFC 6265bis §4.1.3).
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined
  for (let from = 0; from < header.length; ) {
    const semicolon = header.indexOf(';', from)
    let end = semicolon === -1 ? header.length : semicolon
    const next = end + 1
    while (isBlank(header.charCodeAt(from))) from++
    if (header.startsWith(name, from) && header[from + name.length] === '=') {
      while (isBlank(header.charCodeAt(end - 1))) end--
      return withoutQuotes(header.slice(from + name.length + 1, end))
    }
    from = next
  }
  return undefined
}

/**
 * One pair of quotes may be around a value (RFC 6265 §4.1.1): Java's own jar puts them there, and no value of ours has any.
 * Whoever can plant a value under our name needs no quotes for it.
 */
function withoutQuotes(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
}
