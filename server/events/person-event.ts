import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { browserRecord } from '../http/user-agent.ts'

/** What a person is told of that happened to their account. */
export const PERSON_EVENTS = ['signed_in', 'linked', 'denied', 'revoked', 'passkey_added', 'passkey_removed'] as const

const device = Type.Object({
  browser: browserRecord,
  ip: Type.String(),
})

/**
 * One of those, as it is kept. Device and address are of what it is about: the phone that signed in, the browser that was
 * signed in, refused or signed out, the phone on which a passkey was added or removed.
 */
export type PersonEvent = Static<typeof personEvent>

const personEvent = Type.Object({
  type: Type.Enum([...PERSON_EVENTS]),
  /** Epoch milliseconds. */
  at: Type.Number(),
  ...device.properties,
  /** The public id of the session that it is about. */
  session: Type.Optional(Type.String()),
  /** The id of the login that was denied. */
  login: Type.Optional(Type.String()),
  /** The public id of the passkey. */
  passkey: Type.Optional(Type.String()),
  /** Who did it, where that is another device. */
  by: Type.Optional(device),
  /** A mark of ours of the request that ended it, not its id: what one request ended is one event. */
  request: Type.Optional(Type.String()),
  /** How many sessions that request has ended with this one. Left out: one. */
  count: Type.Optional(Type.Number()),
})

const validator = Compile(personEvent)

/** The events in a record's value. What another version has written, and this one does not know, is left out. */
export function decodeEvents(value: unknown): PersonEvent[] {
  return Array.isArray(value) ? value.filter((one) => validator.Check(one)) : []
}
