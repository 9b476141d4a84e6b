import type { NativeApp } from '../../identity/native-apps.ts'
import type { Phone } from '../login.ts'

/** Nobody said when the token ends. */
const NO_KNOWN_END = Number.MAX_SAFE_INTEGER
/** Between a person's id and a device's: no id of a person contains it (`identity/names.ts`). */
const AND = '\u0000'

/**
 * A native app as the phone that it is on: one person's, told from their other phones by the key that the app has
 * proved, or by the id that it sends. That id is a label and no proof: whoever has the token may send any.
 * @param deviceId a UUID. Left out: it does not say which one it is
 */
export function phoneOfApp({ user, goodUntil, issuedAt, keyThumbprint }: NativeApp, deviceId?: string): Phone {
  const person = `bearer:${user.source}:${user.id}`
  const device = keyThumbprint === undefined ? deviceId?.toLowerCase() : `key ${keyThumbprint}`
  const id = device === undefined ? person : `${person}${AND}${device}`
  return { id, user, goodUntil: goodUntil ?? NO_KNOWN_END, ...(issuedAt === undefined ? {} : { issuedAt }) }
}

/** Whether it is an app that has not said which of its person's phones it is on. */
export function mayBeAnyPhone({ id, goodUntil }: Phone): boolean {
  return goodUntil !== undefined && !id.includes(AND)
}

/** Whether a login's phone may be the one that such an app is on. */
export function isPhoneOfPerson(app: Phone, { id }: Phone): boolean {
  return id.startsWith(`${app.id}${AND}`)
}
