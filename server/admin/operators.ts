import { ScanInError } from '../errors.ts'
import type { RequestContext } from '../http/request-context.ts'
import { isId } from '../identity/names.ts'
import { type Person, personOfSubject } from '../identity/person-key.ts'
import type { Logins } from '../login/logins.ts'
import type { IdentifiedSession } from '../session/session.ts'
import type { SessionService } from '../session/session-service.ts'
import type { AdminNews, OnAdminNews } from './admin-news.ts'
import type { BlockedList, BlockedPerson } from './blocked-list.ts'

export interface OperatorsOptions {
  sessions: Pick<SessionService, 'list' | 'endAll' | 'block' | 'unblock' | 'isBlocked'>
  logins: Pick<Logins, 'withdrawApps'>
  blocked: BlockedList
  /** Whether there is an account with this id. */
  hasAccount: (id: string) => boolean
  onNews: OnAdminNews
}

export interface SeenPerson {
  isBlocked: boolean
  /** The newest first. */
  sessions: IdentifiedSession[]
}

/** What whoever runs ScanIn does about people. Each does what was left undone where it was cut short before. */
export interface Operators {
  /** @param subject a person as `subjectOf` names one. @throws ScanInError `not_found`: it can be nobody's */
  personOf(subject: string): Person
  see(person: Person): Promise<SeenPerson>
  /** @returns how many there were */
  endSessions(person: Person, by: RequestContext): Promise<number>
  /** As `endSessions`, and they can neither sign in nor approve until `unblock`. @throws ScanInError `not_found` */
  block(person: Person, by: RequestContext): Promise<number>
  unblock(person: Person, by: RequestContext): Promise<void>
  /** Who is blocked now, the latest last. */
  blocked(): Promise<BlockedPerson[]>
}

/** Opens what operators do. All of it is told to `onNews`, also where nobody knows whether it was done. */
export function createOperators({ sessions, logins, blocked, hasAccount, onNews }: OperatorsOptions): Operators {
  /** Tells of what was done, also where nobody knows whether it was. */
  async function tell<Result>(
    news: Extract<AdminNews, { person: Person }>,
    work: () => Promise<Result>,
    more: (result: Result) => { sessions?: number },
  ): Promise<Result> {
    const result = await work().catch((error: unknown) => {
      onNews({ ...news, isUncertain: true })
      throw error
    })
    onNews({ ...news, ...more(result) })
    return result
  }

  return {
    personOf(subject) {
      const person = personOfSubject(subject)
      if (!isId(person.id)) throw new ScanInError('not_found')
      return person
    },

    async see(person) {
      const [isBlocked, list] = await Promise.all([sessions.isBlocked(person), sessions.list(person)])
      return { isBlocked, sessions: list }
    },

    endSessions: (person, by) =>
      tell(
        { type: 'sessions_ended', person, by },
        async () => {
          // First: so all sessions that are handed over until then are in the list, and end with it.
          const [withdrawal] = await Promise.allSettled([logins.withdrawApps(person, by)])
          const count = await sessions.endAll(person, by)
          if (withdrawal.status === 'rejected') throw withdrawal.reason
          return count
        },
        (count) => ({ sessions: count }),
      ),

    async block(person, by) {
      // A mistyped id must not look like a block that was done. Which people a provider has, nobody here knows.
      if (person.source === undefined && !hasAccount(person.id)) throw new ScanInError('not_found')
      const block = async () => {
        await blocked.note(person, { isAnew: !(await sessions.isBlocked(person)) })
        const count = await sessions.block(person, by)
        // An `unblock` meanwhile has taken them off the list.
        await blocked.note(person)
        await logins.withdrawApps(person, by)
        return count
      }
      return tell({ type: 'blocked', person, by }, block, (count) => ({ sessions: count }))
    },

    async unblock(person, by) {
      const unblock = async () => {
        await sessions.unblock(person)
        await blocked.forget(person)
        // Somebody may have blocked them meanwhile.
        if (await sessions.isBlocked(person)) await blocked.note(person)
      }
      await tell({ type: 'unblocked', person, by }, unblock, () => ({}))
    },

    async blocked() {
      const noted = await blocked.all()
      const isBlocked = await Promise.all(noted.map(({ person }) => sessions.isBlocked(person)))
      return noted.filter((_one, at) => isBlocked[at])
    },
  }
}
