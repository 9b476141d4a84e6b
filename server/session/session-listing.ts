import { isTransient } from '../errors.ts'
import { personKeyHash } from '../identity/person-key.ts'
import type { IdentifiedSession } from './session.ts'
import { type EndSessions, endingOf } from './session-ends.ts'
import type { SessionIndex } from './session-index.ts'
import { type SessionRecords, sessionIn } from './session-records.ts'

/**
 * Keeps a session that is in use in its person's list. A store that has its records in several places may lose the
 * list's last writes, but not the session: and nobody could end a session that is not listed.
 */
export interface SessionListing {
  /** Looks. If the store does not answer, the session counts as listed until the next look. */
  isListed(found: IdentifiedSession): Promise<boolean>
  /**
   * Lists it again. If the store does not answer, nothing changes.
   * @returns `undefined`: it has ended meanwhile, or is ended here because its person is blocked
   */
  listAgain(found: IdentifiedSession): Promise<IdentifiedSession | undefined>
}

interface SessionListingOptions {
  records: Pick<SessionRecords, 'find'>
  index: Pick<SessionIndex, 'holds' | 'add' | 'remove'>
  end: EndSessions
}

export function createSessionListing({ records, index, end }: SessionListingOptions): SessionListing {
  /** @returns `false`: its person is blocked */
  async function add({ id, session }: IdentifiedSession, of: string): Promise<boolean> {
    const { createdAt, endsAt } = session
    return (await index.add(of, { id, openedAt: createdAt, endsAt })) !== undefined
  }

  /**
   * Whether it is still there; if not, unlists it: it may have ended, and been unlisted, before it was listed again.
   */
  async function isThere({ id }: IdentifiedSession, of: string): Promise<boolean> {
    if (sessionIn(await records.find(id)) !== undefined) return true
    await index.remove(of, [id])
    return false
  }

  return {
    async isListed({ id, session }) {
      try {
        return await index.holds(personKeyHash(session.user), id)
      } catch (error) {
        if (!isTransient(error)) throw error
        return true
      }
    },

    async listAgain(found) {
      const of = personKeyHash(found.session.user)
      try {
        if (await add(found, of)) return (await isThere(found, of)) ? found : undefined
      } catch (error) {
        if (!isTransient(error)) throw error
        return found
      }
      await end(of, [endingOf(found)], { why: 'withdrawn', reason: 'blocked' })
      return undefined
    },
  }
}
