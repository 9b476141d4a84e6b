import { createHmac } from 'node:crypto'
import { isSameHash } from '../../hashes.ts'
import { type Randomness, SECRET_LENGTH } from '../../randomness.ts'

const NONCE_LENGTH = 16
const STATE_FORM = /^([\w-]{16})\.([\w-]{0,2800})\.([\w-]{43})$/

/** Of its form: for schemas. */
export const STATE_PATTERN = '^[A-Za-z0-9_-]{16}\\.[A-Za-z0-9_-]{0,2800}\\.[A-Za-z0-9_-]{43}$'

/** Where somebody wanted to go, and to which application. */
export interface ReturnTarget {
  origin: string
  /** A path of that origin. */
  rd: string
}

export function makeStartKey(randomness: Randomness): string {
  return randomness.text(SECRET_LENGTH)
}

export function isStartKey(text: string): boolean {
  return /^[\w-]{43}$/.test(text)
}

/**
 * Names an errand over ScanIn's host and back. It carries where to go on, so that nothing is stored for who has only
 * begun, sealed by a key that the browser which began has in a cookie of the application's host.
 */
export function makeState({ origin, rd }: ReturnTarget, key: string, randomness: Randomness): string {
  const nonce = randomness.text(NONCE_LENGTH)
  return [nonce, Buffer.from(rd).toString('base64url'), seal({ origin, rd }, nonce, key)].join('.')
}

/** Where the errand goes on. `undefined`: another browser began it, or one to another application, or nobody. */
export function openState(state: string, origin: string, key: string): string | undefined {
  const [, nonce = '', text = '', given = ''] = STATE_FORM.exec(state) ?? []
  const rd = Buffer.from(text, 'base64url').toString()
  return isSameHash(given, seal({ origin, rd }, nonce, key)) ? rd : undefined
}

function seal({ origin, rd }: ReturnTarget, nonce: string, key: string): string {
  return createHmac('sha256', key).update(`scanin application state ${origin} ${nonce} ${rd}`).digest('base64url')
}
