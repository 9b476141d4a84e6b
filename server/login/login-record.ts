import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { userRecord } from '../identity/user-record.ts'
import type { Application } from './application.ts'
import type { Login, LoginBase } from './login.ts'
import type { QrSecret } from './qr-secrets.ts'

/**
 * A login as a store keeps it: lists instead of objects, for names would be a third of its bytes, and a poll spends
 * more time on reading a record than on anything else that it does by itself. Lists also parse twice as fast.
 */

/** A `Phone` as stores keep it. */
export const phoneRecord = Type.Object({
  id: Type.String(),
  user: userRecord,
  goodUntil: Type.Optional(Type.Number()),
  issuedAt: Type.Optional(Type.Number()),
  turn: Type.Optional(Type.Number()),
  amr: Type.Optional(Type.Array(Type.String())),
  sealedToken: Type.Optional(Type.String()),
  confirm: Type.Optional(Type.Literal('passkey')),
})

/** A hash alone: good as long as the login, and shown as a QR. */
const qrSecret = Type.Union([
  Type.String(),
  Type.Tuple([
    Type.String({ title: 'hash' }),
    Type.Union([Type.Number(), Type.Null()], { title: 'goodUntil' }),
    Type.Boolean({ title: 'isTyped' }),
  ]),
])

/** A text: the browser's address. In a list: an address that may be a proxy's. */
const address = Type.Union([Type.String({ title: 'ip' }), Type.Tuple([Type.String({ title: 'ip' })])])

/** A text: the address. In a list: the address, the name of the application there, and its origin or scopes. */
const goalRecord = Type.Union([
  Type.String(),
  Type.Null(),
  Type.Tuple([
    Type.String({ title: 'returnTo' }),
    Type.String({ title: 'application.name' }),
    Type.Union([Type.String(), Type.Null()], { title: 'application.origin' }),
  ]),
  Type.Tuple([
    Type.String({ title: 'returnTo' }),
    Type.String({ title: 'application.name' }),
    Type.Array(Type.String(), { title: 'application.scopes' }),
    Type.Boolean({ title: 'application.isDevice' }),
  ]),
])

const base = Type.Tuple([
  Type.Number({ title: 'createdAt' }),
  Type.Number({ title: 'expiresAt' }),
  Type.String({ title: 'browserKeyHash' }),
  Type.Array(qrSecret),
  Type.String({ title: 'browser.name' }),
  Type.String({ title: 'browser.os' }),
  address,
  goalRecord,
])

const remember = Type.Boolean()
const salt = Type.String({ title: 'salt' })

const loginRecord = Type.Union([
  Type.Tuple([Type.Literal('pending'), base]),
  Type.Tuple([Type.Literal('scanned'), base, phoneRecord, Type.Union([Type.Literal('none'), Type.Literal('code')])]),
  Type.Tuple([
    Type.Literal('match_required'),
    base,
    phoneRecord,
    remember,
    Type.String({ title: 'matchCodeHash' }),
    Type.Number({ title: 'triesLeft' }),
  ]),
  Type.Tuple([Type.Literal('authenticated'), base, phoneRecord, remember, salt]),
  Type.Tuple([Type.Literal('delivered'), base, phoneRecord, remember, Type.Union([salt, Type.Null()])]),
  Type.Tuple([Type.Literal('denied'), base, phoneRecord]),
])

export type LoginRecord = Static<typeof loginRecord>

const validator = Compile(loginRecord)

export function encodeLogin(login: Login): LoginRecord {
  const { status } = login
  const base = encodeBase(login)
  switch (status) {
    case 'pending':
      return [status, base]
    case 'scanned':
      return [status, base, login.phone, login.match]
    case 'match_required':
      return [status, base, login.phone, login.remember, login.matchCodeHash, login.triesLeft]
    case 'authenticated':
      return [status, base, login.phone, login.remember, login.salt]
    case 'delivered':
      return [status, base, login.phone, login.remember, login.salt ?? null]
    case 'denied':
      return [status, base, login.phone]
    default:
      return login satisfies never
  }
}

/**
 * Decodes a login. `undefined`: not in the form that this version writes; it is treated as no login at all.
 * Every poll runs this: fields by their index and one literal avoid the iterators and copies of patterns and spreads.
 */
export function decodeLogin(value: unknown): Login | undefined {
  if (!validator.Check(value)) return undefined
  switch (value[0]) {
    case 'pending':
      return decodeBase(value[0], value[1])
    case 'scanned':
      return { ...decodeBase(value[0], value[1]), phone: value[2], match: value[3] }
    case 'match_required': {
      const [status, base, phone, remember, matchCodeHash, triesLeft] = value
      return { ...decodeBase(status, base), phone, remember, matchCodeHash, triesLeft }
    }
    case 'authenticated':
      return { ...decodeBase(value[0], value[1]), phone: value[2], remember: value[3], salt: value[4] }
    case 'delivered': {
      const [status, base, phone, remember, salt] = value
      return { ...decodeBase(status, base), phone, remember, ...(salt === null ? {} : { salt }) }
    }
    case 'denied':
      return { ...decodeBase(value[0], value[1]), phone: value[2] }
    default:
      return value satisfies never
  }
}

function encodeBase(login: LoginBase): Static<typeof base> {
  const { createdAt, expiresAt, browserKeyHash, qrSecrets, browser } = login
  const secrets = qrSecrets.map(encodeSecret)
  const address: Static<typeof base>[6] = login.mayBeProxy ? [login.ip] : login.ip
  return [createdAt, expiresAt, browserKeyHash, secrets, browser.name, browser.os, address, encodeGoal(login)]
}

function encodeGoal({ returnTo, application }: LoginBase): Static<typeof goalRecord> {
  if (returnTo === undefined) return null
  if (application === undefined) return returnTo
  const { name, origin = null, scopes, isDevice = false } = application
  return scopes === undefined ? [returnTo, name, origin] : [returnTo, name, [...scopes], isDevice]
}

function decodeBase<Status extends Login['status']>(
  status: Status,
  record: Static<typeof base>,
): LoginBase & { status: Status } {
  const address = record[6]
  const login: LoginBase & { status: Status } = {
    status,
    createdAt: record[0],
    expiresAt: record[1],
    browserKeyHash: record[2],
    qrSecrets: record[3].map(decodeSecret),
    browser: { name: record[4], os: record[5] },
    ip: typeof address === 'string' ? address : address[0],
  }
  if (typeof address !== 'string') login.mayBeProxy = true
  const goal = record[7]
  if (typeof goal === 'string') login.returnTo = goal
  else if (goal !== null) {
    login.returnTo = goal[0]
    login.application = applicationIn(goal)
  }
  return login
}

function encodeSecret({ hash, goodUntil, isTyped }: QrSecret): Static<typeof qrSecret> {
  return goodUntil === undefined && isTyped === undefined ? hash : [hash, goodUntil ?? null, isTyped ?? false]
}

function decodeSecret(record: Static<typeof qrSecret>): QrSecret {
  if (typeof record === 'string') return { hash: record }
  const [hash, goodUntil, isTyped] = record
  return { hash, ...(goodUntil === null ? {} : { goodUntil }), ...(isTyped ? { isTyped } : {}) }
}

function applicationIn(goal: Extract<Static<typeof goalRecord>, unknown[]>): Application {
  const [, name, more, isDevice] = goal
  if (typeof more === 'string') return { name, origin: more }
  if (more === null) return { name }
  return { name, scopes: more, ...(isDevice ? { isDevice } : {}) }
}
