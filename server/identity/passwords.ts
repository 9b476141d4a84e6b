import { hash, verify } from '@node-rs/argon2'

/** OWASP's password storage cheat sheet: Argon2id (the package's default) with 19 MiB, two passes, one lane. */
const PARAMETERS: HashParameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

const PHC_FORM = /^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[\w+/]+\$[\w+/]+$/

/** What a hash costs to check: memory in KiB, passes, lanes. */
export interface HashParameters {
  memoryCost: number
  timeCost: number
  parallelism: number
}

/** @returns an Argon2id hash as a PHC string, for an accounts file */
export function hashPassword(password: string, parameters: HashParameters = PARAMETERS): Promise<string> {
  return hash(password, parameters)
}

/** The parameters of the hash that takes longest to check; our own when there is none. */
export function dearestParameters(passwordHashes: readonly string[]): HashParameters {
  const [dearest] = passwordHashes.map(parametersOf).sort((one, other) => workOf(other) - workOf(one))
  return dearest ?? PARAMETERS
}

function parametersOf(passwordHash: string): HashParameters {
  const [, memoryCost, timeCost, parallelism] = /m=(\d+),t=(\d+),p=(\d+)/.exec(passwordHash) ?? []
  return { memoryCost: Number(memoryCost), timeCost: Number(timeCost), parallelism: Number(parallelism) }
}

function workOf({ memoryCost, timeCost }: HashParameters): number {
  return memoryCost * timeCost
}

export function isPasswordHash(text: string): boolean {
  return PHC_FORM.test(text)
}

export function isPasswordRight(passwordHash: string, password: string): Promise<boolean> {
  return verify(passwordHash, password)
}
