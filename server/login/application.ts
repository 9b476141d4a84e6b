/**
 * The application that somebody signs in to, as ScanIn's configuration describes it. It is found by where the page goes
 * on to; no text of a caller's gets into it.
 */
export interface Application {
  /** What people see. */
  name: string
  /** Scheme, host and port, where it has one. */
  origin?: string
  /** What it may be told of the person, where that is less than all: names of OAuth scopes. */
  scopes?: readonly string[]
  /** It is on a device that has no browser: there is no page in which digits could be typed (RFC 8628). */
  isDevice?: true
}

/**
 * The application that a `return_to` leads to. `undefined`: to none, but to ScanIn itself.
 * @param returnTo one that may be followed, in canonical form
 */
export type ApplicationOf = (returnTo: string) => Application | undefined | Promise<Application | undefined>

/** The logo of the application that a `return_to` leads to, as a `data:` address. `undefined`: nobody has given one. */
export type LogoOf = (returnTo: string) => string | undefined

/** Asks one room after the other. */
export function firstApplication(rooms: readonly ApplicationOf[]): ApplicationOf {
  return async (returnTo) => {
    for (const applicationOf of rooms) {
      const found = await applicationOf(returnTo)
      if (found !== undefined) return found
    }
    return undefined
  }
}
