import Type, { type Static } from 'typebox'
import { type Clock, iso, secondsUntil } from '../clock.ts'
import { browserName, clientIp, expiresIn, moment, oneOf } from '../http/schemas.ts'
import { type Person, subjectOf } from '../identity/person-key.ts'
import { expiryOf, type IdentifiedSession } from '../session/session.ts'
import type { BlockedPerson } from './blocked-list.ts'
import type { SeenPerson } from './operators.ts'

const subject = Type.String({
  minLength: 1,
  maxLength: 300,
  description:
    "An account's `id`; of who comes from elsewhere, from where it is: `jwt|…`, `introspection|…`, `userinfo|…`, `oidc|…`",
  examples: ['ada'],
})
const user = Type.Object({ id: subject }, { title: 'Person' })

export const personInPath = Type.Object({ id: subject })

export const seenReply = Type.Object(
  {
    user,
    blocked: Type.Boolean(),
    sessions: Type.Array(
      Type.Object(
        {
          id: Type.String({ description: 'Public', examples: ['Xq3T0bLJm9hVd2KcR7Zw8A'] }),
          kind: oneOf(['browser', 'phone']),
          browser: browserName,
          ip: clientIp('Where it was signed in from'),
          created_at: moment,
          last_seen_at: moment,
          expires_in: expiresIn,
        },
        { title: 'SeenSession' },
      ),
    ),
  },
  { title: 'SeenPerson' },
)

const revoked = Type.Integer({ description: 'How many sessions ended by it', examples: [2] })

export const endedReply = Type.Object({ revoked }, { title: 'EndedSessions' })

export const blockedReply = Type.Object({ user, blocked: Type.Literal(true), revoked }, { title: 'Blocked' })

export const blocksReply = Type.Object(
  { blocks: Type.Array(Type.Object({ user, blocked_at: moment }, { title: 'Block' })) },
  { title: 'Blocks' },
)

export const userOf = (person: Person): Static<typeof user> => ({ id: subjectOf(person) })

export function seenOnWire(
  person: Person,
  { isBlocked, sessions }: SeenPerson,
  clock: Clock,
): Static<typeof seenReply> {
  return { user: userOf(person), blocked: isBlocked, sessions: sessions.map((one) => sessionOnWire(one, clock)) }
}

function sessionOnWire({ id, session }: IdentifiedSession, clock: Clock) {
  const { kind, browser, ip, createdAt, lastSeenAt } = session
  return {
    ...{ id, kind, browser, ip },
    created_at: iso(createdAt),
    last_seen_at: iso(lastSeenAt),
    expires_in: secondsUntil(expiryOf(session), clock()),
  }
}

export function blocksOnWire(people: readonly BlockedPerson[]): Static<typeof blocksReply> {
  return { blocks: people.map(({ person, blockedAt }) => ({ user: userOf(person), blocked_at: iso(blockedAt) })) }
}
