import Type, { type Static } from 'typebox'
import { iso, secondsUntil } from '../clock.ts'
import { type PlaceOf, placed } from '../http/place.ts'
import { browserName, clientIp, expiresIn, moment, oneOf, place, strict, userId, userName } from '../http/schemas.ts'
import type { User } from '../identity/identity.ts'
import { expiryOf, type IdentifiedSession, isNewTo } from './session.ts'

/** The wire forms of sessions. */

export const sessionId = Type.String({
  description: 'Public: no part of the secret in the cookie',
  examples: ['n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg'],
})
const sessionKind = oneOf(['browser', 'phone'])
export const kindToEnd = oneOf(['browser', 'phone'], { description: 'Left out: both', examples: ['browser'] })

/** The person, to themselves. */
export const signedInUser = Type.Object(
  {
    id: userId,
    name: userName,
    email: Type.Optional(Type.String({ examples: ['ada@example.org'] })),
    groups: Type.Optional(Type.Array(Type.String({ examples: ['engineering'] }))),
  },
  { title: 'SignedInUser' },
)

/** The session that asks, or that is given. */
export const currentSession = Type.Object(
  { id: sessionId, kind: sessionKind, created_at: moment, last_seen_at: moment, expires_in: expiresIn },
  { title: 'Session' },
)

/** In characters as JavaScript counts them. */
const LONGEST_NAME = 64

export const renameBody = Type.Object(
  {
    name: Type.String({
      maxLength: LONGEST_NAME,
      description: 'What its owner calls the device. Empty: nothing any more',
      examples: ['Kitchen laptop'],
    }),
  },
  { ...strict, title: 'RenameSession' },
)

export const listedSession = Type.Object(
  {
    id: sessionId,
    kind: sessionKind,
    name: Type.Optional(Type.String({ description: 'What its owner calls the device', examples: ['Kitchen laptop'] })),
    browser: browserName,
    ip: clientIp('Where it was signed in from'),
    place: Type.Optional(place),
    created_at: moment,
    last_seen_at: moment,
    current: Type.Boolean({ description: 'The session that asks', examples: [true] }),
    new: Type.Boolean({ description: 'Signed in since the last visit of the session that asks', examples: [false] }),
    login: Type.Optional(
      Type.String({
        description: 'The login that it came of: what its token begins with',
        examples: ['V1StGXR8_Z5jdHi6'],
      }),
    ),
  },
  { title: 'ListedSession' },
)

export function signedInOnWire({ id, name, email, groups }: User): Static<typeof signedInUser> {
  return { id, name, ...(email === undefined ? {} : { email }), ...(groups === undefined ? {} : { groups }) }
}

export function currentOnWire({ id, session }: IdentifiedSession, now: number): Static<typeof currentSession> {
  const { kind, createdAt, lastSeenAt } = session
  return {
    id,
    kind,
    created_at: iso(createdAt),
    last_seen_at: iso(lastSeenAt),
    expires_in: secondsUntil(expiryOf(session), now),
  }
}

/** @param own the session that asks, if it is one */
export function listedOnWire(
  { id, session }: IdentifiedSession,
  own: IdentifiedSession | undefined,
  placeOf: PlaceOf,
): Static<typeof listedSession> {
  const { kind, name, browser, ip, createdAt, lastSeenAt, login } = session
  return {
    id,
    kind,
    ...(name === undefined ? {} : { name }),
    browser,
    ip,
    ...placed(placeOf(ip)),
    created_at: iso(createdAt),
    last_seen_at: iso(lastSeenAt),
    current: id === own?.id,
    new: own !== undefined && isNewTo(own, { id, at: createdAt }),
    ...(login === undefined ? {} : { login }),
  }
}
