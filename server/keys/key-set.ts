import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK } from 'jose'
import { publicHalf, type SigningAlgorithm, type SigningJwk } from './key-schedule.ts'

/** The keys as they are now. Another object as soon as anything in it is different, and the same one until then. */
export interface KeySet {
  /** What `/.well-known/jwks.json` says (RFC 7517 §5): also keys that will sign, and keys that have signed. */
  published: { keys: SigningJwk[] }
  /** The one key of each algorithm that signs. */
  signers: ReadonlyMap<SigningAlgorithm, SigningKey>
}

export interface SigningKey {
  kid: string
  alg: SigningAlgorithm
  key: CryptoKey
  /** The private key. */
  jwk: SigningJwk
}

/** Where keys come from. */
export interface SigningKeys {
  /**
   * Rejects with `store_unavailable` as long as they have never been read. Afterwards it waits for a store once a minute
   * at the most, and answers what it knows while that is away.
   */
  current(): Promise<KeySet>
  close(): void
}

/** RFC 7518 §3.3 wants 2048 at the least. */
export const RSA_BITS = 2048

/** @param signing the private keys that sign, one of an algorithm */
export async function createKeySet(all: readonly SigningJwk[], signing: readonly SigningJwk[]): Promise<KeySet> {
  const signers = await Promise.all(signing.map(importSigner))
  return {
    published: { keys: all.map(publicHalf) },
    signers: new Map(signers.map((signer) => [signer.alg, signer])),
  }
}

async function importSigner(jwk: SigningJwk): Promise<SigningKey> {
  const { kid, alg } = jwk
  const key = await importJWK(jwk, alg)
  if (key instanceof Uint8Array) throw new Error('not a key pair')
  return { kid, alg, key, jwk }
}

/** A new private key, named by its thumbprint (RFC 7638). */
export async function makeKey(alg: SigningAlgorithm): Promise<SigningJwk> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength: RSA_BITS })
  const { kty = '', ...jwk } = await exportJWK(privateKey)
  return { kty, ...jwk, kid: await calculateJwkThumbprint({ kty, ...jwk }), alg, use: 'sig' }
}
