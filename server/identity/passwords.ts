import { hash, verify } from '@node-rs/argon2'

/** OWASP's password storage cheat sheet: Argon2id (the package's default) with 19 MiB, two passes, one lane. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

const PHC_FORM = /^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[\w+/]+\$[\w+/]+$/

/** @returns an Argon2id hash as a PHC string, for an accounts file */
export function hashPassword(password: string): Promise<string> {
  return hash(password, PARAMETERS)
}

export function isPasswordHash(text: string): boolean {
  return PHC_FORM.test(text)
}

export function isPasswordRight(passwordHash: string, password: string): Promise<boolean> {
  return verify(passwordHash, password)
}
