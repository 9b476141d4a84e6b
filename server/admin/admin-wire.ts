import Type, { type Static } from 'typebox'
import { type Clock, iso } from '../clock.ts'
import { browserName, clientIp, moment } from '../http/schemas.ts'
import { type Person, subjectOf } from '../identity/person-key.ts'
import type { IdentifiedSession } from '../session/session.ts'
import { currentOnWire, currentSession } from '../session/session-wire.ts'
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

const { id, kind, ...times } = currentSession.properties

export const seenReply = Type.Object(
  {
    user,
    blocked: Type.Boolean(),
    sessions: Type.Array(
      Type.Object(
        { id, kind, browser: browserName, ip: clientIp('Where it was signed in from'), ...times },
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

function sessionOnWire(one: IdentifiedSession, clock: Clock) {
  const { browser, ip } = one.session
  return { ...currentOnWire(one, clock()), browser, ip }
}

export function blocksOnWire(people: readonly BlockedPerson[]): Static<typeof blocksReply> {
  return { blocks: people.map(({ person, blockedAt }) => ({ user: userOf(person), blocked_at: iso(blockedAt) })) }
}
