import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { hashSecret } from '../hashes.ts'
import { familyOf } from './refresh-tokens.ts'

/** How what the provider keeps lies in the store. */

export const DEVICE_CODE = 'DeviceCode'
export const REFRESH_TOKEN = 'RefreshToken'

/** For so long after its end, the store still knows that a code was used, or that something was revoked. */
export const OUTLIVES_MS = 60_000
/** Stands in a record in place of what was revoked, alone or before a device's session. It is no payload. */
export const TAKEN_AWAY = 'revoked'

export const payloadRecord = Compile(Type.Record(Type.String(), Type.Unknown()))

export function keyOf(kind: string, id: string): string {
  return `oauth:${kind}:${hashSecret(kind === REFRESH_TOKEN ? familyOf(id) : id)}`
}
