/** What an address asks for, as it was sent: from its question mark on, if there is one. */
export function searchOf(url: string): string {
  const at = url.indexOf('?')
  return at === -1 ? '' : url.slice(at)
}

/** The same, taken apart. */
export function queryOf(url: string): URLSearchParams {
  return new URLSearchParams(searchOf(url))
}
