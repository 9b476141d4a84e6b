/** How people proved who they are, as an OpenID provider says it: names of RFC 8176, each once. */

/** By password. */
export const BY_PASSWORD = ['pwd']
/** A person was there, and said so by a tap: what a confirm adds to how the phone was signed in. */
export const BY_TAP = ['user']

/** All of both. What is not known of either adds nothing. */
export function joinAmr(one: readonly string[] = [], other: readonly string[] = []): string[] {
  return [...new Set([...one, ...other])]
}
