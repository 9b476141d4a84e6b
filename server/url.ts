const IS_THIS_MACHINE = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/**
 * Parses an address; one without scheme and host against `base`. `undefined`: it is none. Not by `URL.canParse`: on
 * Node 20 and 22, after some ten thousand calls, that says no to a host with letters such as ü.
 */
export function urlOf(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base)
  } catch {
    return undefined
  }
}

/** `undefined`: it is no address that begins with http:// or https://. */
export function httpUrl(text: string): URL | undefined {
  const url = urlOf(text)
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : undefined
}

/** A host's name, or an address in brackets; without `*` and `;`, which `URL` takes and a policy obeys. */
const HOST = /^([\w.-]+|\[[\da-f:.]+\])$/

/** Scheme and authority of an address that has nothing else, as they are compared. */
export function parseOrigin(text: string): string | undefined {
  const url = httpUrl(text)
  return url !== undefined && HOST.test(url.hostname) && url.href === `${url.origin}/` ? url.origin : undefined
}

/** Whether pages there are a secure context to browsers: by https, or of this machine. */
export function isSecureContext(publicUrl: string): boolean {
  const url = urlOf(publicUrl)
  return url?.protocol === 'https:' || IS_THIS_MACHINE.test(url?.hostname ?? '')
}
