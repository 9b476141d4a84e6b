import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** What an authenticator and its browser would never say, to see it refused. Left out, each says what is so. */
export interface Lies {
  origin?: string
  rpId?: string
  challenge?: string
  type?: string
  crossOrigin?: boolean
  topOrigin?: string
  userVerified?: boolean
  userPresent?: boolean
  counter?: number
  userHandle?: string | null
  /** Of the attestation statement, as CBOR. */
  statement?: { format: string; cbor: Buffer }
  /** Says of this passkey that it is synchronised, or that it is not. */
  isSynced?: boolean
  /** Signs something else. */
  isSignatureWrong?: boolean
}

export interface SoftwareAuthenticatorOptions {
  origin: string
  /** Synchronised: its keys are backed up, and it does not count. */
  isSynced?: boolean
}

// biome-ignore lint/suspicious/noExplicitAny: WebAuthn's JSON forms, as the service gives and takes them
type Json = any

/** An authenticator and the browser it belongs to, in software: what `navigator.credentials` would give, in JSON. */
export interface SoftwareAuthenticator {
  /** `navigator.credentials.create()` */
  make(options: Json, lies?: Lies): Json
  /** `navigator.credentials.get()`, by the passkey that was made last for `rpId`, or another by its id. */
  use(options: Json, lies?: Lies, id?: string): Json
}

const [PRESENT, VERIFIED, CAN_BE_BACKED_UP, IS_BACKED_UP, HAS_CREDENTIAL] = [0x01, 0x04, 0x08, 0x10, 0x40]

export function createSoftwareAuthenticator(options: SoftwareAuthenticatorOptions): SoftwareAuthenticator {
  const { origin } = options
  const made: { id: string; key: ReturnType<typeof generateKeyPairSync>['privateKey']; handle: string }[] = []
  let uses = 0

  function clientDataOf(type: string, challenge: string, lies: Lies): Buffer {
    const { crossOrigin = false, topOrigin } = lies
    return Buffer.from(
      JSON.stringify({
        type: lies.type ?? type,
        challenge: lies.challenge ?? challenge,
        origin: lies.origin ?? origin,
        crossOrigin,
        ...(topOrigin === undefined ? {} : { topOrigin }),
      }),
    )
  }

  function dataOf(rpId: string, lies: Lies, credential = Buffer.alloc(0)): Buffer {
    const { userVerified = true, userPresent = true, isSynced = options.isSynced ?? false } = lies
    const { counter = isSynced ? 0 : uses } = lies
    const flags =
      (userPresent ? PRESENT : 0) +
      (userVerified ? VERIFIED : 0) +
      (isSynced ? CAN_BE_BACKED_UP + IS_BACKED_UP : 0) +
      (credential.length > 0 ? HAS_CREDENTIAL : 0)
    const count = Buffer.alloc(4)
    count.writeUInt32BE(counter)
    return Buffer.concat([sha256(lies.rpId ?? rpId), Buffer.of(flags), count, credential])
  }

  return {
    make({ rp, user, challenge }, lies = {}) {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const id = randomBytes(32)
      made.push({ id: id.toString('base64url'), key: privateKey, handle: user.id })
      const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
      const length = Buffer.alloc(2)
      length.writeUInt16BE(id.length)
      const authData = dataOf(rp.id, lies, Buffer.concat([Buffer.alloc(16), length, id, coseKey(x, y)]))
      const { format, cbor } = lies.statement ?? { format: 'none', cbor: Buffer.of(0xa0) }
      return {
        id: id.toString('base64url'),
        rawId: id.toString('base64url'),
        type: 'public-key',
        clientExtensionResults: {},
        authenticatorAttachment: 'platform',
        response: {
          clientDataJSON: clientDataOf('webauthn.create', challenge, lies).toString('base64url'),
          attestationObject: attestationObject(format, cbor, authData).toString('base64url'),
          transports: ['internal', 'hybrid'],
        },
      }
    },

    use({ rpId, challenge }, lies = {}, id = made.at(-1)?.id) {
      const passkey = made.find((one) => one.id === id)
      if (passkey === undefined) throw new Error('this authenticator has no such passkey')
      uses++
      const clientData = clientDataOf('webauthn.get', challenge, lies)
      const data = dataOf(rpId, lies)
      const signed = lies.isSignatureWrong ? randomBytes(64) : Buffer.concat([data, sha256(clientData)])
      const { userHandle = passkey.handle } = lies
      return {
        id: passkey.id,
        rawId: passkey.id,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: clientData.toString('base64url'),
          authenticatorData: data.toString('base64url'),
          signature: sign('sha256', signed, passkey.key).toString('base64url'),
          userHandle,
        },
      }
    },
  }
}

function sha256(data: string | Buffer): Buffer {
  return createHash('sha256').update(data).digest()
}

/** CBOR (RFC 8949) by hand: the few forms that are needed. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.of(0x60 + value.length), Buffer.from(value)])
}

function bytes(value: Buffer): Buffer {
  return Buffer.concat([Buffer.of(0x59, value.length >> 8, value.length & 0xff), value])
}

/** An EC2 key for ES256 (RFC 9053 §7.1.1): {1: 2, 3: -7, -1: 1, -2: x, -3: y}. Bytes as short as they go. */
function coseKey(x: string, y: string): Buffer {
  const coordinate = (value: string) => Buffer.concat([Buffer.of(0x58, 32), Buffer.from(value, 'base64url')])
  return Buffer.concat([
    Buffer.of(0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21),
    coordinate(x),
    Buffer.of(0x22),
    coordinate(y),
  ])
}

function attestationObject(format: string, statement: Buffer, authData: Buffer): Buffer {
  return Buffer.concat([
    Buffer.of(0xa3),
    text('fmt'),
    text(format),
    text('attStmt'),
    statement,
    text('authData'),
    bytes(authData),
  ])
}
