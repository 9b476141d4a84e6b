import { randomInt } from 'node:crypto'
import { nanoid } from 'nanoid'

/** Of `text`, for what nobody must ever guess: 43 of 64 characters are 258 bits. */
export const SECRET_LENGTH = 43

/** Where secrets and ids come from. Handed in, so that tests can foresee them. */
export interface Randomness {
  /** `length` characters of nanoid's alphabet `A-Za-z0-9_-`, six bits each. */
  text(length: number): string
  /** `length` decimal digits, each value as likely as any other. */
  digits(length: number): string
}

export const cryptoRandomness: Randomness = {
  text: (length) => nanoid(length),
  digits: (length) => String(randomInt(10 ** length)).padStart(length, '0'),
}
