import { hash, timingSafeEqual } from 'node:crypto'

/** SHA-256 in base64url: all that a store ever holds of a secret. For secrets of 128 bits and more; a
 * typed code has fewer, but minutes to be guessed in, and guesses are counted. */
export function hashSecret(secret: string): string {
  // One call instead of a Hash object, which is a stream: 0.5 µs instead of 1.4.
  return hash('sha256', secret, 'base64url')
}

const HASH_LENGTH = 43
// Room to compare in, made once: nothing is awaited between filling and comparing it.
const oneHash = Buffer.alloc(HASH_LENGTH)
const otherHash = Buffer.alloc(HASH_LENGTH)

/** Compares two hashes in a time that does not depend on where they differ. */
export function isSameHash(one: string, other: string): boolean {
  if (one.length !== HASH_LENGTH || other.length !== HASH_LENGTH) return false
  oneHash.write(one, 'latin1')
  otherHash.write(other, 'latin1')
  return timingSafeEqual(oneHash, otherHash)
}
