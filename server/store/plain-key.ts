import { hash } from 'node:crypto'

/** Keys that every store and channel takes as they are: no space, no control, nothing that has two spellings. */
const PLAIN = /^[!-~]{1,512}$/

/**
 * The key that a record is kept under: itself where it is plain, else its hash. LMDB and Redis take any bytes, but not
 * keys of any length; and not every text is bytes: halves of surrogate pairs all become the same.
 */
export function plainKey(key: string): string {
  return PLAIN.test(key) ? key : `hashed:${hash('sha256', Buffer.from(key, 'utf16le'), 'base64url')}`
}
