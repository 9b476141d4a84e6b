import type { StoredRecord, Version } from './record-store.ts'

/**
 * A record kept as JSON text, which is its version too. A class for its getter: thousands are made a second, and most
 * are looked at no further than their version.
 */
export class TextRecord implements StoredRecord {
  readonly version: Version

  constructor(text: string) {
    this.version = text as Version
  }

  /** `undefined` for what is not JSON: it was not written by us, and nothing can be made of it. */
  get value(): unknown {
    try {
      return JSON.parse(this.version)
    } catch {
      return undefined
    }
  }
}

/** Whether what is there has this version. `null`: that there is nothing; `undefined`: whatever there is. */
export function isVersion(text: string | undefined, version: Version | null | undefined): boolean {
  return version === undefined || (text ?? null) === version
}
