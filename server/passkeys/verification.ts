import type { Passkey, PasskeyUse } from './passkey.ts'
import type { Assertion, Attestation } from './passkey-wire.ts'
import { PasskeyRefused } from './refusal.ts'
import type { RelyingParty } from './relying-party.ts'
import { checkAuthenticatorData } from './spoken.ts'

/** What a new passkey is, as far as its authenticator says. */
export type MadePasskey = Pick<
  Passkey,
  'credentialId' | 'publicKey' | 'counter' | 'transports' | 'canBeBackedUp' | 'isBackedUp'
>

/** ES256, EdDSA and RS256, the last for Windows (WebAuthn §5.4). */
export const ALGORITHMS = [-7, -8, -257] as const

/** A kilobyte in base64url (§4, credential id). */
const LONGEST_ID = 1364
const MOST_TRANSPORTS = 8

/**
 * Verifies what an authenticator signed, by a public key that it gave before (WebAuthn §7.2). The counter is left to who
 * writes it down, in one step with comparing it.
 * @throws PasskeyRefused
 */
export async function verifyAssertion(
  { id, response }: Assertion,
  challenge: string,
  { credentialId, publicKey }: Pick<Passkey, 'credentialId' | 'publicKey'>,
  party: RelyingParty,
): Promise<PasskeyUse> {
  checkAuthenticatorData(Buffer.from(response.authenticatorData, 'base64url'), party)
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server')
  const { clientDataJSON, authenticatorData, signature } = response
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response: {
      id,
      rawId: id,
      type: 'public-key',
      clientExtensionResults: {},
      response: { clientDataJSON, authenticatorData, signature },
    },
    expectedChallenge: challenge,
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    requireUserVerification: true,
    credential: { id: credentialId, publicKey: Buffer.from(publicKey, 'base64url'), counter: 0 },
  }).catch((cause) => {
    throw new PasskeyRefused('signature', { cause })
  })
  if (!verified) throw new PasskeyRefused('signature')
  const { newCounter, credentialDeviceType, credentialBackedUp } = authenticationInfo
  return { counter: newCounter, canBeBackedUp: credentialDeviceType === 'multiDevice', isBackedUp: credentialBackedUp }
}

/**
 * Verifies that a new passkey was made for us, just now, by whoever can use it (WebAuthn §7.1). Who made the authenticator
 * is not asked. @throws PasskeyRefused
 */
export async function verifyAttestation(
  { id, response }: Attestation,
  challenge: string,
  party: RelyingParty,
): Promise<MadePasskey> {
  const { clientDataJSON, attestationObject, transports = [] } = response
  await checkStatement(attestationObject, party)
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server')
  const { verified, registrationInfo } = await verifyRegistrationResponse({
    response: {
      id,
      rawId: id,
      type: 'public-key',
      clientExtensionResults: {},
      response: { clientDataJSON, attestationObject },
    },
    expectedChallenge: challenge,
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    requireUserVerification: true,
    supportedAlgorithmIDs: [...ALGORITHMS],
  }).catch((cause) => {
    throw new PasskeyRefused('signature', { cause })
  })
  if (!verified) throw new PasskeyRefused('signature')
  const { credential, credentialDeviceType, credentialBackedUp } = registrationInfo
  if (credential.id !== id || id.length > LONGEST_ID) throw new PasskeyRefused('malformed')
  return {
    credentialId: credential.id,
    publicKey: Buffer.from(credential.publicKey).toString('base64url'),
    counter: credential.counter,
    transports: [...new Set(transports)].slice(0, MOST_TRANSPORTS),
    canBeBackedUp: credentialDeviceType === 'multiDevice',
    isBackedUp: credentialBackedUp,
  }
}

/**
 * Looks at a new passkey before the library does. We do not ask who made the authenticator, so browsers leave that out.
 * Were certificates there, the library would judge them, and fetch lists of revoked ones from where they name.
 */
async function checkStatement(attestationObject: string, party: RelyingParty): Promise<void> {
  const { decodeAttestationObject } = await import('@simplewebauthn/server/helpers')
  const { format, hasCertificates, authData } = statementIn(attestationObject, decodeAttestationObject)
  if (hasCertificates || !FORMATS.includes(format)) throw new PasskeyRefused('attestation')
  checkAuthenticatorData(authData, party)
}

/** `packed`, without certificates, is signed by the passkey itself. */
const FORMATS = ['none', 'packed']

function statementIn(attestationObject: string, decode: (cbor: Buffer<ArrayBuffer>) => { get(key: string): unknown }) {
  try {
    const decoded = decode(Buffer.from(attestationObject, 'base64url'))
    const [format, statement, authData] = ['fmt', 'attStmt', 'authData'].map((key) => decoded.get(key))
    if (typeof format !== 'string' || !(statement instanceof Map) || !(authData instanceof Uint8Array)) {
      throw new TypeError('no attestation object')
    }
    return { format, hasCertificates: statement.has('x5c'), authData: Buffer.from(authData) }
  } catch (cause) {
    throw new PasskeyRefused('malformed', { cause })
  }
}
