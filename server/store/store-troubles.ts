import type { Trouble } from '../log/trouble-log.ts'
import { embeddedTrouble } from './embedded-trouble.ts'
import type { StoreChoice } from './redis-place.ts'
import { type RedisTrouble, redisTrouble } from './redis-trouble.ts'

/** Words for what goes wrong with a store, and the memory that they need. */
export interface StoreTroubles {
  /** `undefined`: there are no words for it. */
  explain(error: unknown): Trouble | undefined
  /** Of a connection. A command that fails for want of one does not say why there is none. */
  noteConnectionError(error: Error): RedisTrouble | undefined
  noteConnected(): void
}

/**
 * Opens the words for the store that was chosen. With Redis, remembers the latest trouble of connecting until that
 * succeeds.
 */
export function createStoreTroubles(choice: StoreChoice, keyPrefix: string): StoreTroubles {
  if (choice.kind !== 'redis') {
    return { explain: embeddedTrouble, noteConnectionError: () => undefined, noteConnected: () => undefined }
  }
  let latest: RedisTrouble | undefined
  const wordsFor = (error: unknown) => redisTrouble(error, choice.place, keyPrefix)
  return {
    explain(error) {
      const trouble = wordsFor(error)
      return trouble?.isSymptom ? (latest ?? trouble) : trouble
    },
    noteConnectionError(error) {
      const trouble = wordsFor(error)
      if (trouble !== undefined && !trouble.isSymptom) latest = trouble
      return trouble
    },
    noteConnected() {
      latest = undefined
    },
  }
}
