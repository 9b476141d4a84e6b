import type { User } from '../identity/identity.ts'

/** Why a passkey was not taken: for records of it. Whoever tried learns none of it. */
export type PasskeyRefusalReason =
  /** Not of the form that WebAuthn has. */
  | 'malformed'
  /** Not ours, too late, used before, or asked for by another login, phone or step. */
  | 'challenge'
  /** Made on a page of another origin than PUBLIC_URL's, or in a frame of one. */
  | 'origin'
  /** Made for another host than PUBLIC_URL's. */
  | 'rp_id'
  /** Nobody's here. */
  | 'unknown'
  /** Somebody else's. */
  | 'foreign'
  /** Its owner is gone, or has another password since. */
  | 'owner'
  | 'no_user_verification'
  | 'signature'
  /** It counts on from elsewhere: there are two of it. */
  | 'cloned_counter'
  /** With certificates, that nobody asked for. */
  | 'attestation'
  /** To be added, and there already. */
  | 'taken'
  | 'missing'

/** A passkey that was not taken. @param owner whose it is, as far as that is known */
export class PasskeyRefused extends Error {
  override name = 'PasskeyRefused'
  readonly why: PasskeyRefusalReason
  readonly owner: User | undefined

  constructor(why: PasskeyRefusalReason, { owner, cause }: { owner?: User | undefined; cause?: unknown } = {}) {
    super(why, { cause })
    this.why = why
    this.owner = owner
  }
}
