// The replies about passkeys, and what authenticators answer: their names are WebAuthn's (its JSON forms).
import { amount, DecodeError, type Field, fieldsOf, flag, inside, listOf, oneOf, optional, text } from './decoding.ts'
import { type BrowserName, browserName } from './protocol.ts'
import { moment } from './session-protocol.ts'

/** A person's passkey. Moments are the server's, in epoch milliseconds. */
export interface Passkey {
  readonly id: string
  readonly name: string
  /** Where it was added, if its owner has given it no name. */
  readonly browser: BrowserName | undefined
  readonly createdAt: number
  readonly lastUsedAt: number | undefined
  readonly backedUp: boolean
}

const transportNames = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'] as const

export interface PasskeyDescriptor {
  type: 'public-key'
  id: string
  transports: (typeof transportNames)[number][]
}

/** The options by which a browser makes a passkey. */
export interface CreationOptions {
  rp: { id: string; name: string }
  user: { id: string; name: string; displayName: string }
  challenge: string
  pubKeyCredParams: { type: 'public-key'; alg: number }[]
  timeout: number
  excludeCredentials: PasskeyDescriptor[]
  authenticatorSelection: { residentKey: 'required'; requireResidentKey: true; userVerification: 'required' }
  attestation: 'none'
}

/** The options by which a browser asks for a passkey. */
export interface RequestOptions {
  rpId: string
  challenge: string
  timeout: number
  userVerification: 'required'
  allowCredentials: PasskeyDescriptor[]
}

/** The authenticator's answer to either, which is sent on as it is. */
export type Attestation = Readonly<Record<string, unknown>>
export type Assertion = Readonly<Record<string, unknown>>

const publicKey = oneOf('public-key')
const required = oneOf('required')

const transports: Field<PasskeyDescriptor['transports']> = (from, key) => {
  const told: unknown = from[key]
  // Ways that this page has no name for are left out: the browser finds others.
  return Array.isArray(told) ? transportNames.filter((name) => told.includes(name)) : []
}

const descriptors = listOf(
  (from): PasskeyDescriptor => ({
    type: publicKey(from, 'type'),
    id: text(from, 'id'),
    transports: transports(from, 'transports'),
  }),
)

export function decodeRequestOptions(value: unknown): RequestOptions {
  const from = fieldsOf(value)
  return {
    rpId: text(from, 'rpId'),
    challenge: text(from, 'challenge'),
    timeout: amount(from, 'timeout'),
    userVerification: required(from, 'userVerification'),
    allowCredentials: [...descriptors(from, 'allowCredentials')],
  }
}

/** COSE's names of algorithms are numbers, and most are negative. */
const algorithm: Field<number> = (from, key) => {
  const value = from[key]
  if (typeof value === 'number' && Number.isInteger(value)) return value
  throw new DecodeError(key, 'a whole number')
}

export function decodeCreationOptions(value: unknown): CreationOptions {
  const from = fieldsOf(value)
  return {
    rp: inside((rp) => ({ id: text(rp, 'id'), name: text(rp, 'name') }))(from, 'rp'),
    user: inside((user) => ({
      id: text(user, 'id'),
      name: text(user, 'name'),
      displayName: text(user, 'displayName'),
    }))(from, 'user'),
    challenge: text(from, 'challenge'),
    pubKeyCredParams: [
      ...listOf((each) => ({ type: publicKey(each, 'type'), alg: algorithm(each, 'alg') }))(from, 'pubKeyCredParams'),
    ],
    timeout: amount(from, 'timeout'),
    excludeCredentials: [...descriptors(from, 'excludeCredentials')],
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    attestation: oneOf('none')(from, 'attestation'),
  }
}

const passkeys = listOf(
  (from): Passkey => ({
    id: text(from, 'id'),
    name: text(from, 'name'),
    browser: optional(browserName)(from, 'browser'),
    createdAt: moment(from, 'created_at'),
    lastUsedAt: optional(moment)(from, 'last_used_at'),
    backedUp: flag(from, 'backed_up'),
  }),
)

export const decodePasskeys = (value: unknown): readonly Passkey[] => passkeys(fieldsOf(value), 'passkeys')
