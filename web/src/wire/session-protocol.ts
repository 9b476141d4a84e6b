// The replies under /session, /sessions and /sign-in.
import {
  amount,
  DecodeError,
  type Field,
  type Fields,
  fieldsOf,
  flag,
  inside,
  listOf,
  oneOf,
  optional,
  text,
} from './decoding.ts'
import { type BrowserName, browserName } from './protocol.ts'

export type SessionKind = 'browser' | 'phone'

/** Who is signed in here. Moments are the server's, in epoch milliseconds. */
export interface CurrentSession {
  readonly user: { readonly id: string; readonly name: string; readonly email: string | undefined }
  readonly session: {
    readonly id: string
    readonly kind: SessionKind
    readonly createdAt: number
    readonly lastSeenAt: number
    readonly expiresInSeconds: number
  }
}

/** One of the places where the person is signed in. Moments are the server's, in epoch milliseconds. */
export interface LinkedDevice {
  readonly id: string
  readonly kind: SessionKind
  /** What its owner calls it. */
  readonly name: string | undefined
  readonly browser: BrowserName
  readonly ip: string
  /** In words, where the server can say. */
  readonly place: string | undefined
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly current: boolean
  /** Signed in since this device was last visited. */
  readonly isNew: boolean
  /** The login that it came of, where it came of one. */
  readonly login: string | undefined
}

const kind = oneOf('browser', 'phone')

/** A moment on the server's clock (RFC 3339), as epoch milliseconds. Shown, never compared with our clock. */
export const moment: Field<number> = (from, key) => {
  const at = Date.parse(text(from, key))
  if (Number.isFinite(at)) return at
  throw new DecodeError(key, 'a moment')
}

export function decodeSession(value: unknown): CurrentSession {
  const from = fieldsOf(value)
  return {
    user: inside((user) => ({
      id: text(user, 'id'),
      name: text(user, 'name'),
      email: optional(text)(user, 'email'),
    }))(from, 'user'),
    session: inside((session) => ({
      id: text(session, 'id'),
      kind: kind(session, 'kind'),
      createdAt: moment(session, 'created_at'),
      lastSeenAt: moment(session, 'last_seen_at'),
      expiresInSeconds: amount(session, 'expires_in'),
    }))(from, 'session'),
  }
}

const whereabouts = (device: Fields) => ({
  browser: browserName(device, 'browser'),
  ip: text(device, 'ip'),
  place: optional(text)(device, 'place'),
})

const devices = listOf((device) => ({
  id: text(device, 'id'),
  kind: kind(device, 'kind'),
  name: optional(text)(device, 'name'),
  ...whereabouts(device),
  createdAt: moment(device, 'created_at'),
  lastSeenAt: moment(device, 'last_seen_at'),
  current: flag(device, 'current'),
  // An older instance of a rolling restart does not say.
  isNew: optional(flag)(device, 'new') ?? false,
  login: optional(text)(device, 'login'),
}))

export const decodeSessions = (value: unknown): readonly LinkedDevice[] => devices(fieldsOf(value), 'sessions')

export const decodeRevoked = (value: unknown): number => amount(fieldsOf(value), 'revoked')

/** `POST /sign-in/oidc`: where the browser is to go on to. */
export function decodeLocation(value: unknown): string {
  const location = text(fieldsOf(value), 'location')
  if (!/^https?:/.test(location)) throw new DecodeError('location', 'an address of the web')
  return location
}
