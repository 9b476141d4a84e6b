import { createHash, randomUUID } from 'node:crypto'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

/** A phone's key, which its tokens are bound to. */
export interface PhoneKey {
  privateKey: CryptoKey
  jwk: JWK
}

export async function makePhoneKey(algorithm = 'ES256'): Promise<PhoneKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  return { privateKey, jwk: await exportJWK(publicKey) }
}

export interface ProofChanges {
  /** One that is `undefined` is left out. */
  claims?: Record<string, unknown>
  header?: Record<string, unknown>
}

/** A proof (RFC 9449 §4.2) as an app would make it, but for what `changes` says. */
export function proofOf(
  { privateKey, jwk }: PhoneKey,
  { token, method, url }: { token: string; method: string; url: string },
  { claims = {}, header = {} }: ProofChanges = {},
): Promise<string> {
  const { origin, pathname } = new URL(url)
  const said: Record<string, unknown> = {
    htm: method,
    htu: origin + pathname,
    iat: Math.floor(Date.now() / 1000),
    jti: randomUUID(),
    ath: createHash('sha256').update(token).digest('base64url'),
    ...claims,
  }
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  return new SignJWT(given).setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk, ...header }).sign(privateKey)
}
