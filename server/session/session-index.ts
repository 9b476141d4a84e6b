import type { Change } from '../store/update-record.ts'
import type { ChangePerson, IndexEntry, PersonRecord, PersonRecords } from './person-records.ts'
import { laterProfile, type TokenProfile } from './token-profile.ts'

/**
 * Which sessions a person has: only a list of where to look, the sessions themselves decide. Each method rejects as the
 * person's record does. `of`: `personKeyHash`.
 */
export interface SessionIndex {
  /** @returns the list with it. `undefined`: the person is blocked, and nothing was added */
  add(of: string, entry: IndexEntry): Promise<readonly IndexEntry[] | undefined>
  /**
   * `add`, to be written together with something else.
   * @param record the person's, as it was read
   * @param profile what the token says that lets them in: noted in the same write
   */
  adding(record: unknown, entry: IndexEntry, profile?: TokenProfile): Change<readonly IndexEntry[] | undefined>
  /** Lists a session for longer, if it is listed. @param endsAt epoch milliseconds */
  prolong(of: string, id: string, endsAt: number): Promise<void>
  remove(of: string, ids: readonly string[]): Promise<void>
  /** The ids of all that are in the list. */
  list(of: string): Promise<string[]>
  /** The list with its times. */
  entries(of: string): Promise<readonly IndexEntry[]>
  /** Whether a session is in the list, and by the end that stands there is not over. */
  holds(of: string, id: string): Promise<boolean>
}

interface SessionIndexOptions {
  people: Pick<PersonRecords, 'read' | 'readCurrent' | 'update' | 'changeOf'>
}

export function createSessionIndex({ people }: SessionIndexOptions): SessionIndex {
  const added =
    (entry: IndexEntry, profile?: TokenProfile): ChangePerson<readonly IndexEntry[] | undefined> =>
    ({ sessions, ...rest }) => {
      if (rest.isBlocked) return { result: undefined }
      const listed = sessions.some(({ id }) => id === entry.id) ? sessions : [...sessions, entry]
      const last = profile && { told: laterProfile(rest.told, profile) }
      return { next: { ...rest, ...last, sessions: listed }, result: listed }
    }

  function change(of: string, made: (sessions: PersonRecord['sessions']) => PersonRecord['sessions']): Promise<void> {
    return people.update<void>(of, ({ sessions, ...rest }) => ({
      next: { ...rest, sessions: made(sessions) },
      result: undefined,
    }))
  }

  return {
    add: (of, entry) => people.update(of, added(entry)),
    adding: (record, entry, profile) => people.changeOf(record, added(entry, profile)),
    prolong: (of, id, endsAt) =>
      change(of, (sessions) => sessions.map((entry) => (entry.id === id ? { ...entry, endsAt } : entry))),
    remove(of, ids) {
      const removed = new Set(ids)
      return change(of, (sessions) => sessions.filter(({ id }) => !removed.has(id)))
    },
    list: async (of) => (await people.read(of)).sessions.map(({ id }) => id),
    entries: async (of) => (await people.read(of)).sessions,
    async holds(of, id) {
      return (await people.readCurrent(of)).sessions.some((entry) => entry.id === id)
    },
  }
}
