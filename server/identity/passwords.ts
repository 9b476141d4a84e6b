import { randomBytes } from 'node:crypto'
import { hash, hashRaw, verify } from '@node-rs/argon2'
import { preparePassword } from './names.ts'

/** OWASP's password storage cheat sheet: Argon2id (the package's default) with 19 MiB, two passes, one lane. */
const PARAMETERS: HashParameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** OWASP's least: memory in KiB and passes, each row as good as another. */
const CHEAPEST = [
  { memoryCost: 47_104, timeCost: 1 },
  { memoryCost: 19_456, timeCost: 2 },
  { memoryCost: 12_288, timeCost: 3 },
  { memoryCost: 9216, timeCost: 4 },
  { memoryCost: 7168, timeCost: 5 },
]
/** Beyond these a few sign-ins at once take all of a machine. */
const DEAREST = { memoryCost: 1_048_576, timeCost: 64, parallelism: 64 }

/**
 * A salt of 8 bytes and a hash of 16 at the least, and no zero before a number: the library cannot check anything else, and
 * its refusal would be told from a wrong password.
 */
const PHC_FORM =
  /^\$argon2id\$v=19\$m=([1-9]\d{0,9}),t=([1-9]\d{0,9}),p=([1-9]\d{0,2})\$([A-Za-z0-9+/]{11,})\$([A-Za-z0-9+/]{22,})$/

/** What a hash costs to check: memory in KiB, passes, lanes. */
export interface HashParameters {
  memoryCost: number
  timeCost: number
  parallelism: number
}

/**
 * @returns an Argon2id hash as a PHC string, for an accounts file
 * @throws TypeError for what `preparePassword` refuses
 */
export async function hashPassword(password: string, parameters: HashParameters = PARAMETERS): Promise<string> {
  return hash(prepared(password), parameters)
}

/** @returns what costs as much to check as this PHC string, and is the hash of no password */
export function hashOfNoPassword(alike: string): string {
  const [salt, hash] = [16, 32].map((bytes) => unpadded(randomBytes(bytes)))
  return [...alike.split('$').slice(0, 4), salt, hash].join('$')
}

/** Whether it is the password of this hash. What can be no password takes as long, and is wrong. */
export async function isPasswordRight(passwordHash: string, password: string): Promise<boolean> {
  const prepared = preparePassword(password)
  const isRight = await verify(passwordHash, prepared ?? '')
  return isRight && prepared !== undefined
}

/** What a PHC string costs to check. `undefined`: it is no Argon2id hash. */
export function parametersOf(passwordHash: string): HashParameters | undefined {
  const [, memoryCost, timeCost, parallelism, ...texts] = PHC_FORM.exec(passwordHash) ?? []
  if (memoryCost === undefined || !texts.every(isBase64)) return undefined
  return { memoryCost: Number(memoryCost), timeCost: Number(timeCost), parallelism: Number(parallelism) }
}

/** Without padding, and with nothing in its last bits (RFC 4648 §3.5). */
function isBase64(text: string): boolean {
  return unpadded(Buffer.from(text, 'base64')) === text
}

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')

/** What is wrong with a hash in an accounts file. `undefined`: nothing. */
export function faultOfHash(passwordHash: string): string | undefined {
  const parameters = parametersOf(passwordHash)
  if (parameters === undefined) return 'is no Argon2id hash; npm run hash-password makes one'
  const { memoryCost, timeCost, parallelism } = parameters
  const isDear = CHEAPEST.some((least) => memoryCost >= least.memoryCost && timeCost >= least.timeCost)
  if (!isDear || parallelism < 1) return 'is far too cheap to try passwords on; npm run hash-password makes a good one'
  const isBearable =
    memoryCost <= DEAREST.memoryCost && timeCost <= DEAREST.timeCost && parallelism <= DEAREST.parallelism
  return isBearable ? undefined : 'takes too much memory or time to check; npm run hash-password makes a good one'
}

const MARK_SALT = Buffer.from('scanin: mark of a password')
const MARK_BYTES = 2

/**
 * A mark of a password, by which instances know whether they were told the same one, and when it changes. It is two
 * bytes, and as costly as a hash: who steals a store that has it learns next to nothing about the password.
 */
export async function markOfPassword(password: string): Promise<string> {
  const raw = await hashRaw(prepared(password), { ...PARAMETERS, salt: MARK_SALT })
  return raw.subarray(0, MARK_BYTES).toString('hex')
}

function prepared(password: string): string {
  const text = preparePassword(password)
  if (text === undefined) throw new TypeError('no password: empty, or with control characters')
  return text
}
