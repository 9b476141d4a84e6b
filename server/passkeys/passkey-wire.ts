import Type, { type Static } from 'typebox'
import { iso } from '../clock.ts'
import { browserName, moment, strict, userName } from '../http/schemas.ts'
import type { IdentifiedPasskey } from './passkey.ts'

/**
 * The wire forms of passkeys. What goes to and comes from `navigator.credentials` has the names that WebAuthn gives it
 * (§5.1.8 to §5.1.10, its JSON forms), and browsers may say more than is read here.
 */

const base64url = (maxLength: number, example: string, description?: string) =>
  Type.String({
    pattern: '^[A-Za-z0-9_-]+$',
    maxLength,
    examples: [example],
    ...(description === undefined ? {} : { description }),
  })

const credentialId = base64url(1364, 'sL39APyTmisrjh11vghaqNfuruLQmCfR0c1ryKtaQ81', 'What the authenticator calls it')
const publicKey = Type.Literal('public-key')
const transport = Type.String({ pattern: '^[a-z-]{1,16}$', examples: ['internal'] })
const clientData = base64url(
  2048,
  'eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoi4oCmIn0',
  'Where it was used, for what',
)

export const assertionSchema = Type.Object(
  {
    id: credentialId,
    type: publicKey,
    response: Type.Object({
      clientDataJSON: clientData,
      authenticatorData: base64url(2048, 'SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAQ'),
      signature: base64url(1024, 'MEUCIQDnG0sbY5HcnUJPgG0yVlMcQ7Aog1c8wsoS6NZ3ygIgP3F2'),
      userHandle: Type.Optional(
        Type.Union(
          [
            Type.String({
              pattern: '^[A-Za-z0-9_-]*$',
              maxLength: 128,
              examples: ['V1StGXR8_Z5jdHi6B-myT78kq2HdPz0a'],
            }),
            Type.Null(),
          ],
          { description: 'Whose it is. Needed to sign in' },
        ),
      ),
    }),
  },
  { title: 'PasskeyAssertion', description: "What `navigator.credentials.get()` gives, in WebAuthn's JSON form" },
)

const attestationSchema = Type.Object(
  {
    id: credentialId,
    type: publicKey,
    response: Type.Object({
      clientDataJSON: clientData,
      attestationObject: base64url(3072, 'o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVikSZYN5YgOjGh0NBcPZHZgW4'),
      transports: Type.Optional(Type.Array(transport, { maxItems: 16 })),
    }),
  },
  { title: 'PasskeyAttestation', description: "What `navigator.credentials.create()` gives, in WebAuthn's JSON form" },
)

export type Assertion = Static<typeof assertionSchema>
export type Attestation = Static<typeof attestationSchema>

const challenge = base64url(64, 'kq2HdPz0aV1StGXR8_Z5jdHi6B-myT78kq2HdPz0aV1S', 'Good once, for as long as `timeout`')
const timeout = Type.Integer({ description: 'Milliseconds, as WebAuthn has it', examples: [300_000] })
const host = Type.String({ description: "The public URL's host", examples: ['login.example.org'] })
const required = Type.Literal('required')
const descriptor = Type.Object(
  { type: publicKey, id: credentialId, transports: Type.Array(transport) },
  { title: 'PasskeyDescriptor' },
)

export const creationOptions = Type.Object(
  {
    rp: Type.Object({ id: host, name: Type.String({ examples: ['ScanIn'] }) }),
    user: Type.Object({
      id: base64url(
        64,
        'V1StGXR8_Z5jdHi6B-myT78kq2HdPz0aV1StGXR8_Z5j',
        'Random, and the same for all of their passkeys',
      ),
      name: Type.String({ examples: ['ada@example.org'] }),
      displayName: userName,
    }),
    challenge,
    pubKeyCredParams: Type.Array(
      Type.Object({ type: publicKey, alg: Type.Integer({ description: 'As COSE numbers them', examples: [-7] }) }),
    ),
    timeout,
    excludeCredentials: Type.Array(descriptor, { description: 'Those that there are: a device has one' }),
    authenticatorSelection: Type.Object({
      residentKey: required,
      requireResidentKey: Type.Literal(true),
      userVerification: required,
    }),
    attestation: Type.Literal('none'),
  },
  { title: 'PasskeyCreationOptions', description: 'For `navigator.credentials.create()`' },
)

export const requestOptions = Type.Object(
  {
    rpId: host,
    challenge,
    timeout,
    userVerification: required,
    allowCredentials: Type.Array(descriptor, { description: 'Empty: any passkey that the person picks' }),
  },
  { title: 'PasskeyRequestOptions', description: 'For `navigator.credentials.get()`' },
)

export type CreationOptions = Static<typeof creationOptions>
export type RequestOptions = Static<typeof requestOptions>

const passkeyName = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'What its owner calls it. Left out: browser and system',
  examples: ['My phone'],
})

export const beginBody = Type.Union([
  Type.Object({ name: Type.Optional(passkeyName) }, { ...strict, title: 'BeginPasskey' }),
  Type.Null(),
])

export const addBody = Type.Object(
  { name: Type.Optional(passkeyName), attestation: attestationSchema },
  { ...strict, title: 'AddPasskey' },
)

export const assertionBody = Type.Object({ assertion: assertionSchema }, { ...strict, title: 'UsePasskey' })

export const passkeyId = Type.String({
  description: 'Public: the SHA-256, in base64url, of the credential id in base64url',
  examples: ['n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg'],
})

export const listedPasskey = Type.Object(
  {
    id: passkeyId,
    name: passkeyName,
    // Where it was added, if its owner has given it no name.
    browser: Type.Optional(browserName),
    created_at: moment,
    last_used_at: Type.Optional(moment),
    backed_up: Type.Boolean({ description: "Kept elsewhere too, as by a person's other devices", examples: [true] }),
  },
  { title: 'Passkey' },
)

export function passkeyOnWire({ id, passkey }: IdentifiedPasskey): Static<typeof listedPasskey> {
  const { name, browser, createdAt, lastUsedAt, isBackedUp } = passkey
  return {
    id,
    name,
    ...(browser === undefined ? {} : { browser }),
    created_at: iso(createdAt),
    ...(lastUsedAt === undefined ? {} : { last_used_at: iso(lastUsedAt) }),
    backed_up: isBackedUp,
  }
}

export function descriptorOf({ passkey }: IdentifiedPasskey): Static<typeof descriptor> {
  return { type: 'public-key', id: passkey.credentialId, transports: passkey.transports }
}
