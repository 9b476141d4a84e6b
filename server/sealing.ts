import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import type { Randomness } from './randomness.ts'

/** Texts as a store may have them: AES-256-GCM, each under a nonce of its own. */

const ALGORITHM = 'aes-256-gcm'
/** 16 of 64 characters: the 96 bits that GCM takes. */
const NONCE_LENGTH = 16
const TAG_BYTES = 16

/** @param about names what the text belongs to: it does not open for anything else */
export function sealed(text: string, key: Buffer, randomness: Pick<Randomness, 'text'>, about = ''): string {
  const nonce = randomness.text(NONCE_LENGTH)
  const cipher = createCipheriv(ALGORITHM, key, Buffer.from(nonce, 'base64url')).setAAD(Buffer.from(about))
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return nonce + body.toString('base64url')
}

/** `undefined`: it was sealed under another key, or for something else, or was changed. */
export function openSealed(text: string, key: Buffer, about = ''): string | undefined {
  try {
    const nonce = Buffer.from(text.slice(0, NONCE_LENGTH), 'base64url')
    const body = Buffer.from(text.slice(NONCE_LENGTH), 'base64url')
    const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(about))
    decipher.setAuthTag(body.subarray(-TAG_BYTES))
    return Buffer.concat([decipher.update(body.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

/** A key out of a secret that is in no store (RFC 5869). */
export function keyFrom(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `scanin ${purpose}`, 32))
}
