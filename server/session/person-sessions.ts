import type { RequestContext } from '../http/request-context.ts'
import { isSamePerson, type Person, personKeyHash } from '../identity/person-key.ts'
import type { IdentifiedSession } from './session.ts'
import type { EndSessions } from './session-ends.ts'
import type { SessionIndex } from './session-index.ts'
import type { EndReason } from './session-news.ts'
import { ownerOf, type SessionRecords, sessionIn } from './session-records.ts'
import type { LiveSessions } from './session-use.ts'

/** A person's sessions as they see them, and what they do with one. */
export interface PersonSessions {
  /** Where to look for a person's sessions, also for those of somebody who is not one of ours any more. */
  idsOf(person: Person): Promise<string[]>
  /** A person's sessions, the newest first. */
  list(person: Person): Promise<IdentifiedSession[]>
  /**
   * Names one of a person's sessions; `undefined` takes its name away.
   * @returns `undefined` when the person has no such session
   */
  rename(person: Person, id: string, name: string | undefined): Promise<IdentifiedSession | undefined>
  /** Notes that this device has shown its owner all that happened until then. @param until epoch milliseconds */
  noteVisit(found: IdentifiedSession, until: number): Promise<void>
  /**
   * Ends the session with this public id, for a caller who has its secret; finishes an end that was cut short.
   * @returns whose it was, if it was there
   */
  signOut(id: string, by?: RequestContext): Promise<Person | undefined>
  /**
   * Ends one of a person's sessions, or does what an end that was cut short has left undone.
   * @returns `false` when the person has no such session
   */
  revoke(person: Person, id: string, by?: RequestContext, why?: EndReason): Promise<boolean>
}

interface PersonSessionsOptions extends Pick<LiveSessions, 'live' | 'find'> {
  records: SessionRecords
  index: Pick<SessionIndex, 'list'>
  end: EndSessions
}

export function createPersonSessions({ records, index, end, live, find }: PersonSessionsOptions): PersonSessions {
  return {
    idsOf: (person) => index.list(personKeyHash(person)),

    async list(person) {
      const slots = await records.findAll(await index.list(personKeyHash(person)))
      return slots
        .map(({ id, slot }) => live(id, slot))
        .filter((entry) => entry !== undefined)
        .sort((one, other) => other.session.createdAt - one.session.createdAt)
    },

    async rename(person, id, name) {
      const found = await find(id)
      if (found === undefined || !isSamePerson(found.session.user, person)) return undefined
      const renamed = await records.change(id, ({ name: _before, ...session }) =>
        name === undefined ? session : { ...session, name },
      )
      return renamed && { id, session: { ...renamed, user: found.session.user } }
    },

    async noteVisit({ id, session }, until) {
      if (until <= (session.seenUntil ?? session.createdAt)) return
      await records.change(id, (current) => ({ ...current, seenUntil: Math.max(until, current.seenUntil ?? 0) }))
    },

    async signOut(id, by) {
      const slot = await records.find(id)
      if (slot !== undefined) await end(ownerOf(slot), [{ id, slot }], { why: 'signed_out', by })
      return sessionIn(slot)?.user
    },

    async revoke(person, id, by, why = 'revoked') {
      const of = personKeyHash(person)
      const slot = await records.find(id)
      if (slot === undefined || ownerOf(slot) !== of) return false
      const isEnding = slot.state === 'open' || (await index.list(of)).includes(id)
      if (isEnding) await end(of, [{ id, slot }], { why, by })
      return isEnding
    },
  }
}
