import type { FastifyBaseLogger } from 'fastify'
import { CompactSign, calculateJwkThumbprint, compactVerify, importJWK } from 'jose'
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { ListFileError, readText } from '../files/list-file.ts'
import { followFile, type LiveFile } from '../files/live-file.ts'
import { publicHalf, type SigningAlgorithm, type SigningJwk } from './key-schedule.ts'
import { createKeySet, type KeySet, RSA_BITS, type SigningKeys } from './key-set.ts'

const keyInFile = Type.Object({
  kty: Type.String(),
  kid: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  alg: Type.Optional(Type.String()),
  use: Type.Optional(Type.String()),
  crv: Type.Optional(Type.String()),
  x: Type.Optional(Type.String()),
  n: Type.Optional(Type.String()),
  e: Type.Optional(Type.String()),
  d: Type.Optional(Type.String()),
})
const validator = Compile(keyInFile)
const keysInFile = Compile(Type.Object({ keys: Type.Array(Type.Unknown()) }))

const NAMES: Readonly<Record<SigningAlgorithm, string>> = { EdDSA: 'Ed25519', RS256: 'RSA' }

/** How the algorithm may be called in a key (RFC 8037 §3.1, RFC 9864 §2.2). */
const SAME_ALGORITHM: Readonly<Record<SigningAlgorithm, readonly string[]>> = {
  EdDSA: ['EdDSA', 'Ed25519'],
  RS256: ['RS256'],
}

const fault = (message: string) => new ListFileError(`SIGNING_KEYS_FILE${message}`)

export interface SigningKeysFileOptions {
  path: string
  /** By each of them somebody is going to ask for a signature. */
  algorithms: readonly SigningAlgorithm[]
  logger: FastifyBaseLogger
}

/**
 * The signing keys of a JWKS file, which is followed as the accounts file is. Of each kind the first private key signs,
 * and all are published: whoever keeps the file adds the next one at its end, later moves it to the front, and later
 * takes the old one away. Rejects with `ListFileError` when it is bad from the beginning.
 */
export async function openSigningKeysFile(options: SigningKeysFileOptions): Promise<SigningKeys & LiveFile> {
  const { path, algorithms, logger } = options
  let current: KeySet = { published: { keys: [] }, signers: new Map() }

  async function take(keys: readonly SigningJwk[]): Promise<void> {
    const signing = algorithms.flatMap((alg) => keys.find((key) => key.alg === alg && 'd' in key) ?? [])
    current = await createKeySet(keys, signing)
  }

  const file = await followFile({
    path,
    what: 'signing keys',
    logger,
    read: async (from) => parseSigningKeys(await readText('SIGNING_KEYS_FILE', from), algorithms),
    take,
  })
  return { ...file, current: async () => current }
}

/**
 * Reads a JWKS (RFC 7517 §5).
 * @param algorithms of each there has to be a private key
 * @throws ListFileError that repeats nothing of what is written there
 */
export async function parseSigningKeys(text: string, algorithms: readonly SigningAlgorithm[]): Promise<SigningJwk[]> {
  const value = jsonOf(text)
  if (!keysInFile.Check(value)) throw fault(': is no JWKS, {"keys": [...]}')
  const keys: SigningJwk[] = []
  for (const [at, entry] of value.keys.entries()) {
    const place = `: key ${at + 1}: `
    const key = await signingJwk(entry, place)
    const twin = keys.findIndex(({ kid }) => kid === key.kid)
    if (twin !== -1) throw fault(`${place}its kid is taken by key ${twin + 1}`)
    keys.push(key)
  }
  for (const alg of algorithms) {
    if (!keys.some((key) => key.alg === alg && 'd' in key)) throw fault(`: there is no private ${NAMES[alg]} key in it`)
  }
  return keys
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Without its cause: Node's message repeats what stands there.
    throw fault(': not JSON')
  }
}

async function signingJwk(entry: unknown, place: string): Promise<SigningJwk> {
  if (!validator.Check(entry)) throw fault(`${place}is no key (RFC 7517)`)
  const alg = algorithmOf(entry)
  if (alg === undefined) throw fault(`${place}only Ed25519 and RSA keys sign here`)
  const why = whyUnfit(entry, alg)
  if (why !== undefined) throw fault(`${place}${why}`)
  const named = { ...entry, alg, use: 'sig' as const, kid: entry.kid ?? '' }
  try {
    if (named.kid === '') named.kid = await calculateJwkThumbprint(named)
    await tryToSign(named)
    return named
  } catch {
    throw fault(`${place}cannot be used: a part is missing, or its halves do not belong together`)
  }
}

function algorithmOf({ kty, crv }: Static<typeof keyInFile>): SigningAlgorithm | undefined {
  if (kty === 'OKP' && crv === 'Ed25519') return 'EdDSA'
  return kty === 'RSA' ? 'RS256' : undefined
}

function whyUnfit({ n, alg, use }: Static<typeof keyInFile>, algorithm: SigningAlgorithm): string | undefined {
  if (alg !== undefined && !SAME_ALGORITHM[algorithm].includes(alg)) return `its alg has to be ${algorithm}`
  if (use !== undefined && use !== 'sig') return 'its use has to be sig'
  if (n !== undefined && Buffer.from(n, 'base64url').length * 8 < RSA_BITS) return `has less than ${RSA_BITS} bits`
  return undefined
}

/** Signs and verifies: no library notices that the two halves are of different keys. */
async function tryToSign(jwk: SigningJwk): Promise<void> {
  const { alg } = jwk
  const shown = await importJWK(publicHalf(jwk), alg)
  if (!('d' in jwk)) return
  const signed = await new CompactSign(Buffer.from('a try')).setProtectedHeader({ alg }).sign(await importJWK(jwk, alg))
  await compactVerify(signed, shown)
}
