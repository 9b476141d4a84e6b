import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { hashSecret } from '../hashes.ts'
import { familyOf } from './refresh-tokens.ts'

/** How what the provider keeps lies in the store. */

export const DEVICE_CODE = 'DeviceCode'
export const REFRESH_TOKEN = 'RefreshToken'

/** So long after its end it is still known of a code that it was used, and of what was revoked that it was. */
export const OUTLIVES_MS = 60_000
/** In the place of what was revoked, alone or before a device's session. No payload. */
export const TAKEN_AWAY = 'revoked'

export const payloadRecord = Compile(Type.Record(Type.String(), Type.Unknown()))

export function keyOf(kind: string, id: string): string {
  return `oauth:${kind}:${hashSecret(kind === REFRESH_TOKEN ? familyOf(id) : id)}`
}
