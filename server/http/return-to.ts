import { urlOf } from '../url.ts'

/** Of any: one to an errand has another address in it, one to a request what an application asks for. */
export const LONGEST_RETURN_TO = 3200
const LONGEST_OF_OTHERS = 2048

/** A path of ours: one slash, and not a second one in any disguise. */
const OWN_PATH = /^\/(?![/\\]|%2f|%5c)/i
const ABSOLUTE = /^https?:\/\/[^/]/i
/** Where a visit alone does something, which whoever wrote the address would decide: signs in, signs out, lets in. */
const ACTS = /^\/(sign-in\/oidc|\.scanin|oauth\/logout|auth\/(verify|forward))(\/|$)/
/** What browsers drop or turn around before they follow an address, and so what checks are tricked with. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
const TRICKY = /[\u0000-\u0020\u007f\\]/

/**
 * Makes the check of `return_to` after a sign-in: it may lead to a page of our own, to an errand, or to an origin that is
 * listed; anything else is dropped.
 * @param longer paths of ours that carry a way on or a request, and may be longer for it
 * @returns a function that gives the address in canonical form, so that what was checked is what is followed
 */
export function createReturnCheck(
  publicUrl: string,
  returnToOrigins: readonly string[],
  ...longer: readonly string[]
): (returnTo: string | undefined) => string | undefined {
  const check = createDestinationCheck(publicUrl, returnToOrigins, longer)
  return (returnTo) => {
    const found = check(returnTo)
    const [path = ''] = found?.split(/[?#]/, 1) ?? []
    return ACTS.test(path) ? undefined : found
  }
}

/**
 * Makes the check whether an address leads to an origin, at any path, or to one that is listed.
 * @returns a function that gives the address in canonical form, so that what was checked is what is followed
 */
export function createDestinationCheck(
  publicUrl: string,
  returnToOrigins: readonly string[] = [],
  longer: readonly string[] = [],
) {
  const allowed = new Set([publicUrl, ...returnToOrigins])

  function isTooLong(returnTo: string): boolean {
    const mayBeLonger = longer.some((path) => returnTo.startsWith(`${path}?`))
    return returnTo.length > (mayBeLonger ? LONGEST_RETURN_TO : LONGEST_OF_OTHERS)
  }

  function canonical(returnTo: string): string | undefined {
    const url = urlOf(returnTo, publicUrl)
    if (url === undefined || !allowed.has(url.origin) || url.username !== '' || url.password !== '') return undefined
    if (url.origin !== publicUrl) return url.href
    // Dots are gone only now, and may have left two slashes at the front.
    const path = withoutDisguise(url.pathname) + url.search + url.hash
    return OWN_PATH.test(path) ? path : undefined
  }

  return (returnTo: string | undefined): string | undefined => {
    if (returnTo === undefined || isTooLong(returnTo) || TRICKY.test(returnTo)) return undefined
    if (!(OWN_PATH.test(returnTo) || ABSOLUTE.test(returnTo))) return undefined
    const found = canonical(returnTo)
    // What is not ASCII has grown to nine times its length.
    return found === undefined || isTooLong(found) ? undefined : found
  }
}

/** With unreserved characters as they are: a router finds a path by either spelling (RFC 3986 §6.2.2.2). */
function withoutDisguise(path: string): string {
  return path.replace(/%[46][1-9a-f]|%[57][0-9a]|%3[0-9]|%2[de]|%5f|%7e/gi, (escaped) => decodeURIComponent(escaped))
}
