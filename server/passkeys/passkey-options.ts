import type { User } from '../identity/identity.ts'
import { CHALLENGE_MS } from './challenges.ts'
import type { IdentifiedPasskey } from './passkey.ts'
import { type CreationOptions, descriptorOf, type RequestOptions } from './passkey-wire.ts'
import type { RelyingParty } from './relying-party.ts'
import { ALGORITHMS } from './verification.ts'

/** What browsers are to ask authenticators for. All of it is with user verification (WebAuthn §6.2.3). */

interface NewPasskey {
  rp: CreationOptions['rp']
  user: User
  handle: string
  /** That the person has already: one device has one of them. */
  known: readonly IdentifiedPasskey[]
  challenge: string
}

export function creationOptions({ rp, user, handle, known, challenge }: NewPasskey): CreationOptions {
  return {
    rp,
    user: { id: handle, name: user.email ?? user.name, displayName: user.name },
    challenge,
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
    timeout: CHALLENGE_MS,
    excludeCredentials: known.map(descriptorOf),
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    attestation: 'none',
  }
}

/** @param allowed empty: any that the person picks */
export function requestOptions(
  party: RelyingParty,
  challenge: string,
  allowed: readonly IdentifiedPasskey[],
): RequestOptions {
  return {
    rpId: party.id,
    challenge,
    timeout: CHALLENGE_MS,
    userVerification: 'required',
    allowCredentials: allowed.map(descriptorOf),
  }
}
