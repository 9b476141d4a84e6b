import { createHash } from 'node:crypto'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { PasskeyRefused } from './refusal.ts'
import type { RelyingParty } from './relying-party.ts'

/**
 * What browser and authenticator say of a use of a passkey, read before anything is verified: the library that verifies
 * throws sentences with the client's own words in them, and for the log there has to be a closed list.
 */

/** WebAuthn §5.8.1. */
const clientData = Compile(
  Type.Object({
    type: Type.String(),
    challenge: Type.String(),
    origin: Type.String(),
    crossOrigin: Type.Optional(Type.Boolean()),
    topOrigin: Type.Optional(Type.String()),
  }),
)

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The challenge that a browser says was signed.
 * @param text `clientDataJSON` in base64url
 * @throws PasskeyRefused `malformed`; `origin`: it was used on another page than ours, or in a frame
 */
export function challengeIn(text: string, type: 'webauthn.create' | 'webauthn.get', { origin }: RelyingParty): string {
  const said = parsed(text)
  if (!clientData.Check(said) || said.type !== type) throw new PasskeyRefused('malformed')
  if (said.origin !== origin || said.crossOrigin === true || said.topOrigin !== undefined) {
    throw new PasskeyRefused('origin')
  }
  return said.challenge
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(utf8.decode(Buffer.from(text, 'base64url')))
  } catch (cause) {
    throw new PasskeyRefused('malformed', { cause })
  }
}

/** WebAuthn §6.1: the hash of the RP id, a byte of flags, the counter, more. */
const FLAGS_AT = 32
const HEAD_LENGTH = 37
const USER_PRESENT = 0x01
const USER_VERIFIED = 0x04

/**
 * Looks at what an authenticator says of itself.
 * @throws PasskeyRefused `malformed`, `rp_id`, `no_user_verification`
 */
export function checkAuthenticatorData(data: Buffer, { id }: RelyingParty): void {
  if (data.length < HEAD_LENGTH) throw new PasskeyRefused('malformed')
  const isOurs = data.subarray(0, FLAGS_AT).equals(createHash('sha256').update(id).digest())
  if (!isOurs) throw new PasskeyRefused('rp_id')
  const flags = data.readUInt8(FLAGS_AT)
  if ((flags & USER_PRESENT) === 0 || (flags & USER_VERIFIED) === 0) throw new PasskeyRefused('no_user_verification')
}
