import { hash } from 'node:crypto'

/** What all that keeps or tells of a key takes as it is: no space, no control, nothing that has two spellings. */
const PLAIN = /^[!-~]{1,512}$/

/**
 * The key that a record is kept under: as it is where it is plain, else by its hash. LMDB and Redis take any bytes, but no key
 * of any length, and not every text is bytes: halves of surrogate pairs all become the same.
 */
export function plainKey(key: string): string {
  return PLAIN.test(key) ? key : `hashed:${hash('sha256', Buffer.from(key, 'utf16le'), 'base64url')}`
}
