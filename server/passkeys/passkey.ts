import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { hashSecret } from '../hashes.ts'
import { browserRecord } from '../http/user-agent.ts'
import type { User } from '../identity/identity.ts'
import { userRecord } from '../identity/user-record.ts'

/** What is kept of a passkey: WebAuthn's credential record (§4). Nothing of it is secret, and nothing of it opens anything. */
export type Passkey = Static<typeof passkeyRecord>

const passkeyRecord = Type.Object({
  /** Whose it is. An account as it was when it was added: with another password since, the passkey opens nothing. */
  owner: userRecord,
  /** The host that it is good for: PUBLIC_URL may have had another. */
  rpId: Type.String(),
  /** What the authenticator knows its owner by (§5.4.3): random, the same for all of one person's. */
  handle: Type.String(),
  /** In base64url, as on the wire. */
  credentialId: Type.String(),
  /** A COSE key (RFC 9052) in base64url. */
  publicKey: Type.String(),
  /** How often it was used, by its own count. Stays 0 where an authenticator does not count. */
  counter: Type.Number(),
  /** How browsers may reach it: to be given back to them. */
  transports: Type.Array(Type.String()),
  /** Whether it can be, and is, kept somewhere else too: synchronised between a person's devices. */
  canBeBackedUp: Type.Boolean(),
  isBackedUp: Type.Boolean(),
  name: Type.String(),
  /** Where it was added, if its owner has given it no name. */
  browser: Type.Optional(browserRecord),
  /** Epoch milliseconds. */
  createdAt: Type.Number(),
  /** Left out: not yet. */
  lastUsedAt: Type.Optional(Type.Number()),
})

/** A passkey with its public id. */
export interface IdentifiedPasskey {
  id: string
  passkey: Passkey
}

/** What an assertion says of the passkey that it was made with. */
export interface PasskeyUse {
  counter: number
  canBeBackedUp: boolean
  isBackedUp: boolean
}

/** Unused for so long, it is forgotten. */
export const KEPT_FOR_MS = 400 * 24 * 3600 * 1000

const validator = Compile(passkeyRecord)

export function decodePasskey(value: unknown): Passkey | undefined {
  return validator.Check(value) ? value : undefined
}

/** A passkey's public id: credential ids are of any length up to a kilobyte. */
export function passkeyIdOf(credentialId: string): string {
  return hashSecret(credentialId)
}

export function forgottenAt({ lastUsedAt, createdAt }: Passkey): number {
  return (lastUsedAt ?? createdAt) + KEPT_FOR_MS
}

/** The passkey after a use. `undefined`: its counter did not go up, so there are two of it (WebAuthn §6.1.1). */
export function used(passkey: Passkey, use: PasskeyUse, now: number): Passkey | undefined {
  const { counter, isBackedUp } = use
  const counts = counter > 0 || passkey.counter > 0
  if (counts && counter <= passkey.counter) return undefined
  // The flag must not change (WebAuthn §6.1.3), but password managers change it. What was copyable once may be copied.
  const canBeBackedUp = passkey.canBeBackedUp || use.canBeBackedUp
  return { ...passkey, counter, canBeBackedUp, isBackedUp, lastUsedAt: now }
}

/** Who it is, and by which password: neither the e-mail address nor the groups of that day. */
export function passkeyOwnerOf({ id, name, source, credential }: User): Passkey['owner'] {
  return { id, name, ...(source === undefined ? {} : { source }), ...(credential === undefined ? {} : { credential }) }
}

/**
 * What signing in or confirming by it proves (RFC 8176): a key, in hardware where it cannot leave its device, as far as it
 * says itself; that a person was there; and two factors, for the device has asked for its own secret or for a finger.
 */
export function amrOfPasskey({ canBeBackedUp }: Passkey): string[] {
  return [canBeBackedUp ? 'swk' : 'hwk', 'user', 'mfa']
}
