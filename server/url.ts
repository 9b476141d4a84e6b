/**
 * An address, taken apart; one without scheme and host against `base`. `undefined`: it is none. Not by `URL.canParse`: on
 * Node 20 and 22, once it was called some ten thousand times, that says no to a host with letters such as ü.
 */
export function urlOf(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base)
  } catch {
    return undefined
  }
}
