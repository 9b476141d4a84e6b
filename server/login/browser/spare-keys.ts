import { withoutBlanks } from '../../http/blanks.ts'
import type { Cookies } from '../../http/cookies.ts'
import { isBrowserKey, isLoginId } from '../token.ts'

/** Each tab has a key of its own. The cookies of more tabs than this could overfill the header that a proxy takes. */
const MOST_KEYS = 5
/** Proxies take at most 4 kB of reply headers by default: a browser with more keys loses them over several replies. */
const MOST_CLEARED = 20

/**
 * The names of the browser key cookies to clear, so that the browser has at most five with the next one; at most twenty
 * in one reply. Browsers send the oldest first (RFC 6265 §5.4). Never names a session's cookie, or another cookie of
 * the host.
 * @param kept the login whose key stays
 */
export function spareKeyNames(
  header: string | undefined,
  cookies: Pick<Cookies, 'browserKeyName'>,
  kept?: string,
): string[] {
  const names = new Set((header ?? '').split(';').flatMap((pair) => keyNameIn(pair, cookies)))
  const spare = [...names].filter((name) => kept === undefined || name !== cookies.browserKeyName(kept))
  return spare.slice(0, Math.min(MOST_CLEARED, Math.max(0, names.size + 1 - MOST_KEYS)))
}

function keyNameIn(pair: string, cookies: Pick<Cookies, 'browserKeyName'>): string[] {
  const cookie = withoutBlanks(pair)
  const equals = cookie.indexOf('=')
  const name = cookie.slice(0, Math.max(0, equals))
  const loginId = name.slice(cookies.browserKeyName('').length)
  const isOurs = isLoginId(loginId) && name === cookies.browserKeyName(loginId)
  return isOurs && isBrowserKey(cookie.slice(equals + 1)) ? [name] : []
}
