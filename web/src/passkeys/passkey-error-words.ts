import { wordsFor } from '../page/error-words.ts'
import { PasskeyError } from './authenticator.ts'

/** As `wordsFor`, where passkeys may have been the trouble. */
export const passkeyErrorWords = (error: unknown): string =>
  error instanceof PasskeyError ? error.message : wordsFor(error)
