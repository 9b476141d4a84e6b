import type { JWK } from 'jose'

/** RFC 8037 with Ed25519 for our own tokens, RS256 for OpenID clients that know nothing else. */
export type SigningAlgorithm = 'EdDSA' | 'RS256'

/** A key of ours (RFC 7517 §4), public or private. */
export interface SigningJwk extends JWK {
  kty: string
  kid: string
  alg: SigningAlgorithm
  use: 'sig'
}

/** A key with its place in time. Of one algorithm's keys, each signs from its moment on until its successor's. */
export interface ScheduledKey {
  /** The private key, or only the public one once it signs no more. */
  jwk: SigningJwk
  /** Epoch milliseconds. It is published before, so that who verifies has it by then. */
  signsFrom: number
}

export interface RotationPolicy {
  /** How long a key signs. */
  rotationMs: number
  /** The longest life of a token, with what clocks may differ by: for so long a key is published after it has signed. */
  longestTokenMs: number
}

const DAY_MS = 86_400_000

/** How long a key is published before it signs: for longer than verifiers keep what they have read. */
function leadOf({ rotationMs }: RotationPolicy): number {
  return Math.min(DAY_MS, rotationMs / 2)
}

/** The private key that signs now. If all begin later, as after a clock was set back, the first of them. */
export function signerOf(keys: readonly ScheduledKey[], alg: SigningAlgorithm, now: number): ScheduledKey | undefined {
  const chain = chainOf(keys, alg).filter(isPrivate)
  return chain.findLast(({ signsFrom }) => signsFrom <= now) ?? chain[0]
}

/** Whether it is time to make the next key. */
export function isDue(
  keys: readonly ScheduledKey[],
  alg: SigningAlgorithm,
  now: number,
  policy: RotationPolicy,
): boolean {
  return now >= dueAt(keys, alg, policy)
}

/** With a new key behind those of its algorithm: the very first signs at once, for nobody has read of another. */
export function withNext(
  keys: readonly ScheduledKey[],
  jwk: SigningJwk,
  now: number,
  policy: RotationPolicy,
): readonly ScheduledKey[] {
  const last = chainOf(keys, jwk.alg).at(-1)
  const signsFrom = last ? Math.max(last.signsFrom + policy.rotationMs, now + leadOf(policy)) : now
  return [...keys, { jwk, signsFrom }]
}

/** Without what is over: private halves of keys that have signed, and keys whose last token has ended. The same list if nothing is. */
export function settled(keys: readonly ScheduledKey[], now: number, policy: RotationPolicy): readonly ScheduledKey[] {
  const left = keys.flatMap((key) => {
    const until = signsUntil(keys, key)
    if (now < until) return [key]
    return now < until + policy.longestTokenMs ? [retired(key)] : []
  })
  return left.length === keys.length && left.every((key, at) => key === keys[at]) ? keys : left
}

/** When something about these keys is different next: one begins or ends, or the next has to be made. */
export function changesAt(
  keys: readonly ScheduledKey[],
  algorithms: readonly SigningAlgorithm[],
  now: number,
  policy: RotationPolicy,
): number {
  const moments = keys.flatMap((key) => {
    const until = signsUntil(keys, key)
    return [key.signsFrom, until, until + policy.longestTokenMs]
  })
  const due = algorithms.map((alg) => dueAt(keys, alg, policy))
  return Math.min(...[...moments, ...due].filter((moment) => moment > now))
}

/** When nobody needs these keys any more. */
export function endOf(keys: readonly ScheduledKey[], { rotationMs, longestTokenMs }: RotationPolicy): number {
  return Math.max(...keys.map(({ signsFrom }) => signsFrom)) + 2 * rotationMs + longestTokenMs
}

function dueAt(keys: readonly ScheduledKey[], alg: SigningAlgorithm, policy: RotationPolicy): number {
  const last = chainOf(keys, alg).at(-1)
  return last ? last.signsFrom + policy.rotationMs - leadOf(policy) : Number.NEGATIVE_INFINITY
}

function signsUntil(keys: readonly ScheduledKey[], key: ScheduledKey): number {
  const chain = chainOf(keys, key.jwk.alg)
  return chain[chain.indexOf(key) + 1]?.signsFrom ?? Number.POSITIVE_INFINITY
}

function chainOf(keys: readonly ScheduledKey[], alg: SigningAlgorithm): ScheduledKey[] {
  return keys.filter(({ jwk }) => jwk.alg === alg).sort((one, other) => one.signsFrom - other.signsFrom)
}

function retired(key: ScheduledKey): ScheduledKey {
  return isPrivate(key) ? { ...key, jwk: publicHalf(key.jwk) } : key
}

function isPrivate({ jwk }: ScheduledKey): boolean {
  return jwk.d !== undefined
}

/** What anybody may know of a key, and nothing else that may stand in it (RFC 8037 §2, RFC 7518 §6.3.1). */
export function publicHalf({ kty, kid, alg, use, crv, x, n, e }: SigningJwk): SigningJwk {
  if (crv !== undefined && x !== undefined) return { kty, kid, alg, use, crv, x }
  if (n !== undefined && e !== undefined) return { kty, kid, alg, use, n, e }
  throw new Error('neither an Ed25519 nor an RSA key')
}
