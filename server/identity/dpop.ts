import { calculateJwkThumbprint, EmbeddedJWK, errors, type JWTVerifyResult, jwtVerify } from 'jose'
import type { Clock } from '../clock.ts'
import { hashSecret, isSameHash } from '../hashes.ts'
import { createRateLimit, type MakeLimiter } from '../http/rate-limits.ts'
import type { RecordStore } from '../store/record-store.ts'
import { urlOf } from '../url.ts'

/** A token that is bound to a key, and the proof that was shown with it. */
export interface ProofToCheck {
  token: string
  /** Of the key that the token is bound to. */
  keyThumbprint: string
  /** The `DPoP` header. */
  proof: string
  method: string
  /** As it was asked for, with its query. */
  path: string
}

/**
 * Checks a proof (RFC 9449 §4.3): made by the token's key for this very request, just now, and shown for the first time.
 * @returns what is wrong, for the log
 * @throws ScanInError `slow_down`; `store_unavailable`: a proof that may have been shown before is none
 */
export type CheckProof = (proof: ProofToCheck) => Promise<string | undefined>

interface ProofsOptions {
  store: RecordStore
  clock: Clock
  makeLimiter: MakeLimiter
  publicUrl: string
}

export const PROOF_ALGORITHMS = ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'PS256', 'RS256']
/** How far a phone's clock may be off, either way. A proof is remembered for as long as it is good. */
const OFF_BY_MS = 300_000
/** By key: each is a record that is kept for up to twice `OFF_BY_MS`. */
const PROOFS_PER_MINUTE = 240

/**
 * Opens the check of proofs: those that were shown are remembered in `store`, by the token's key, and so are
 * refused on every instance.
 */
export function createProofs({ store, clock, makeLimiter, publicUrl }: ProofsOptions): CheckProof {
  const limit = createRateLimit(makeLimiter, 'proofs', PROOFS_PER_MINUTE)

  function faultOf({ payload, thumbprint }: Proof, shown: ProofToCheck): string | undefined {
    const { htm, htu, iat, ath } = payload
    if (!isSameHash(thumbprint, shown.keyThumbprint)) return 'its proof is by another key'
    if (ath !== hashSecret(shown.token)) return 'its proof is for another token (ath)'
    if (htm !== shown.method) return 'its proof is for another method (htm)'
    const address = addressOf(publicUrl + shown.path)
    if (address === undefined || addressOf(htu) !== address) return 'its proof is for another address (htu)'
    // Refuses proofs of the future too: a clock that is ahead makes proofs that would be good for long.
    const isOfNow = typeof iat === 'number' && Math.abs(clock() - iat * 1000) <= OFF_BY_MS
    return isOfNow ? undefined : "its proof is not of now (iat): is the phone's clock right?"
  }

  return async (shown) => {
    const proof = await read(shown.proof, new Date(clock()))
    if (typeof proof === 'string') return proof
    const fault = faultOf(proof, shown)
    if (fault !== undefined) return fault
    const { iat = 0, jti = '' } = proof.payload
    const key = `proof:${hashSecret(JSON.stringify([proof.thumbprint, jti]))}`
    const expiresAt = Math.ceil(iat * 1000) + OFF_BY_MS + 1
    // Looked up before it is counted: a copied proof uses up nothing of what the phone may do.
    const isNew = (await store.read(key)) === undefined
    const isFirst =
      isNew && (await limit.spend(proof.thumbprint, () => store.write(key, true, { expiresAt, ifVersion: null })))
    return isFirst ? undefined : 'its proof has been shown before (jti)'
  }
}

interface Proof {
  payload: JWTVerifyResult['payload']
  thumbprint: string
}

/** @returns what is wrong with it by itself */
async function read(proof: string, now: Date): Promise<Proof | string> {
  try {
    const checks = {
      algorithms: PROOF_ALGORITHMS,
      typ: 'dpop+jwt',
      requiredClaims: ['jti', 'iat', 'htm', 'htu', 'ath'],
    }
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { ...checks, currentDate: now })
    const { jti } = payload
    if (typeof jti !== 'string' || jti === '') return 'its proof has no id (jti)'
    return { payload, thumbprint: await calculateJwkThumbprint(protectedHeader.jwk ?? {}) }
  } catch (error) {
    // Messages of others repeat parts of it.
    return `its proof is none: ${error instanceof errors.JOSEError ? error.code : 'a key that cannot be read'}`
  }
}

/** Without query and fragment, in the one spelling of what is the same (RFC 9449 §4.3, RFC 3986 §6.2.2). */
function addressOf(text: unknown): string | undefined {
  const url = typeof text === 'string' ? urlOf(text) : undefined
  if (url === undefined) return undefined
  url.search = ''
  url.hash = ''
  return url.href
}
