import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { userRecord } from '../identity/user-record.ts'
import type { Login } from './login.ts'

const phone = Type.Object({ id: Type.String(), user: userRecord })

const base = {
  createdAt: Type.Number(),
  expiresAt: Type.Number(),
  browserKeyHash: Type.String(),
  qrSecrets: Type.Array(
    Type.Object({
      hash: Type.String(),
      goodUntil: Type.Optional(Type.Number()),
      isTyped: Type.Optional(Type.Literal(true)),
    }),
  ),
  browser: Type.Object({ name: Type.String(), os: Type.String() }),
  ip: Type.String(),
  returnTo: Type.Optional(Type.String()),
}

const loginRecord = Type.Union([
  Type.Object({ ...base, status: Type.Literal('pending') }),
  Type.Object({
    ...base,
    status: Type.Literal('scanned'),
    phone,
    match: Type.Union([Type.Literal('none'), Type.Literal('code')]),
  }),
  Type.Object({
    ...base,
    status: Type.Literal('match_required'),
    phone,
    remember: Type.Boolean(),
    matchCodeHash: Type.String(),
    triesLeft: Type.Number(),
  }),
  Type.Object({ ...base, status: Type.Literal('authenticated'), phone, remember: Type.Boolean() }),
  Type.Object({
    ...base,
    status: Type.Literal('delivered'),
    phone,
    remember: Type.Boolean(),
    isAcknowledged: Type.Boolean(),
  }),
  Type.Object({ ...base, status: Type.Literal('denied'), phone: Type.Optional(phone) }),
])

const validator = Compile(loginRecord)

/** A login out of a store. `undefined`: it is not one that this version wrote, and is treated as no login at all. */
export function decodeLogin(value: unknown): Login | undefined {
  return validator.Check(value) ? (value satisfies Static<typeof loginRecord>) : undefined
}
