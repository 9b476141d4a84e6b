import { createHash, timingSafeEqual } from 'node:crypto'

/** SHA-256 in base64url: all that a store ever holds of a secret. For secrets of 128 bits and more. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

/** Compares two hashes in a time that does not depend on where they differ. */
export function isSameHash(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
}
