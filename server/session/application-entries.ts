import type { Clock } from '../clock.ts'
import type { IdentifiedSession, Session } from './session.ts'
import type { SessionRecords } from './session-records.ts'

/**
 * The applications that a session is signed in at, each by a secret of its own. They are in the session's own record,
 * so one read finds them all, and none of them outlives the session.
 */
export interface ApplicationEntries {
  /** Signs a session that was just used in at an application. `undefined`: there is no such session any more. */
  enter(found: IdentifiedSession, origin: string, secretHash: string): Promise<IdentifiedSession | undefined>
  /** The session that is signed in by this secret there; noted as used now. */
  authenticateAt(id: string, origin: string, secretHash: string): Promise<IdentifiedSession | undefined>
  /**
   * Ends all that the session has at an application.
   * @param onUncertain called when the store fails, and it may have been ended
   */
  leave(id: string, origin: string, onUncertain: () => void): Promise<void>
}

interface ApplicationEntriesOptions {
  clock: Clock
  records: SessionRecords
  /** The session with this public id, if somebody is signed in by it. */
  find: (id: string) => Promise<IdentifiedSession | undefined>
  /** Notes a session as used, where that is due. */
  use: (found: IdentifiedSession) => Promise<IdentifiedSession | undefined>
}

/** Tabs that enter at once overwrite each other's cookie in an unknown order, so the last few secrets are all good. */
const MOST_AT_ONE = 4
const MOST = 64

export function createApplicationEntries({ clock, records, find, use }: ApplicationEntriesOptions): ApplicationEntries {
  function entered(session: Session, origin: string, secretHash: string): Session {
    const known = session.applications ?? []
    const here = known.filter(([at]) => at === origin).slice(1 - MOST_AT_ONE)
    const elsewhere = known.filter(([at]) => at !== origin)
    const applications = [...elsewhere, ...here, [origin, secretHash] as [string, string]].slice(-MOST)
    return { ...session, lastSeenAt: clock(), applications }
  }

  return {
    async enter({ id, session: { user } }, origin, secretHash) {
      const changed = await records.change(id, (session) => entered(session, origin, secretHash))
      return changed && { id, session: { ...changed, user } }
    },

    async authenticateAt(id, origin, secretHash) {
      const found = await find(id)
      const isIn = found?.session.applications?.some(([at, hash]) => at === origin && hash === secretHash)
      return found && isIn ? use(found) : undefined
    },

    async leave(id, origin, onUncertain) {
      const without = ({ applications = [], ...session }: Session): Session => {
        const left = applications.filter(([at]) => at !== origin)
        return left.length === 0 ? session : { ...session, applications: left }
      }
      await records.change(id, without, { durable: true, onUncertain })
    },
  }
}
