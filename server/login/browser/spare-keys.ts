import { withoutBlanks } from '../../http/blanks.ts'
import type { Cookies } from '../../http/cookies.ts'
import { isBrowserKey, isLoginId } from '../token.ts'

/** Each tab has a key of its own. More than these, and the cookies of many tabs fill the header that a proxy takes. */
const MOST_KEYS = 5
/** Proxies take no more than 4 kB of a reply's headers by default: who comes with very many loses them by and by. */
const MOST_CLEARED = 20

/**
 * The names of browser keys' cookies that have to go, so that with one more the browser has five at the most; of very many,
 * twenty in one reply. Browsers send the oldest first (RFC 6265 §5.4). A session, and whatever other cookies the host has,
 * is never among them.
 * @param kept a login whose key is not among them
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
