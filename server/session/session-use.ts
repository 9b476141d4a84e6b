import type { Clock } from '../clock.ts'
import { isTransient } from '../errors.ts'
import type { CurrentPerson, Revalidate, User } from '../identity/identity.ts'
import { personKeyHash } from '../identity/person-key.ts'
import { type IdentifiedSession, isTouchDue, type Session, sessionIdOf } from './session.ts'
import { type EndSessions, endingOf } from './session-ends.ts'
import type { SessionListing } from './session-listing.ts'
import { type SessionRecords, type SessionSlot, sessionIn } from './session-records.ts'
import type { TokenActivity } from './token-activity.ts'

/** Who is signed in by what they show, or by what was given in their session's name. */
export interface SessionUse {
  /** The kind of the session with this public id, if somebody is signed in by it. Not a use, as `useFor` is. */
  kindOf(id: string): Promise<Session['kind'] | undefined>
  /**
   * The session that a cookie's secret stands for; noted as used now. `undefined`: none, ended or revoked. A first use
   * also ends the repeating of the hand-over, and rejects if that cannot be done.
   */
  authenticate(secret: string): Promise<IdentifiedSession | undefined>
  /** As `authenticate`, for who shows what was given in the name of the session with this public id. */
  useFor(id: string): Promise<IdentifiedSession | undefined>
  /**
   * Whom a phone's session speaks for, as they are now. `undefined`: what it approved is no longer good, as the session
   * has ended, or its person is not one of ours or not vouched for.
   * @param loginId what it approved: still good if this login's own hand-over ended the session, replaced or as surplus
   * @throws ScanInError `identity_provider_unavailable` where nobody can say so
   */
  approvingPerson(approver: { id: string; user: User }, loginId: string): Promise<User | undefined>
}

/** Sessions that somebody is signed in by: how one is found among the records, and used. */
export interface LiveSessions {
  /** The session of a record, if somebody is signed in by it. */
  live(id: string, slot: SessionSlot): IdentifiedSession | undefined
  /** The session with this public id, if somebody is signed in by it. */
  find(id: string): Promise<IdentifiedSession | undefined>
  /**
   * Notes a session as used, where that is due. `undefined`: it has ended, as nobody vouches for its person any more, or they
   * are blocked.
   */
  use(found: IdentifiedSession): Promise<IdentifiedSession | undefined>
}

interface SessionUseOptions {
  clock: Clock
  currentPerson: CurrentPerson
  revalidate?: Revalidate | undefined
  onFirstUse: (loginId: string) => Promise<void>
  records: SessionRecords
  end: EndSessions
  listing: SessionListing
  tokenActivity: Pick<TokenActivity, 'vouchFor'>
}

export function createSessionUse(options: SessionUseOptions): SessionUse & LiveSessions {
  const {
    clock,
    currentPerson,
    revalidate = async () => undefined,
    onFirstUse,
    records,
    end,
    listing,
    tokenActivity,
  } = options

  /**
   * `undefined`: it has ended, or its person is gone or has another password by now. People with accounts elsewhere
   * have the names and groups of when the session was let in; `vouched` has those of now, by which things are decided.
   */
  function live(id: string, slot: SessionSlot): IdentifiedSession | undefined {
    const session = sessionIn(slot)
    if (session === undefined) return undefined
    const user = currentPerson(session.user)
    return user && { id, session: { ...session, user } }
  }

  /** A session stays good even if the store cannot note its use. */
  async function touch({ id, session }: IdentifiedSession): Promise<IdentifiedSession | undefined> {
    try {
      const used = await records.change(id, (current) => {
        const { handedOverBy: _acknowledged, ...rest } = { ...current, lastSeenAt: clock() }
        return rest
      })
      return used && { id, session: { ...used, user: session.user } }
    } catch (error) {
      if (!isTransient(error)) throw error
      return { id, session }
    }
  }

  /**
   * Runs once a minute at most, so it also looks, in the same round trip, whether the person's list has the session.
   */
  async function noteUse(found: IdentifiedSession): Promise<IdentifiedSession | undefined> {
    const [used, isListed] = await Promise.all([touch(found), listing.isListed(found)])
    return used === undefined || isListed ? used : listing.listAgain(used)
  }

  const find = async (id: string) => live(id, await records.find(id))

  /** Asks the team's provider about its people, now and then; a native app's need to have shown a token lately. */
  async function vouched(found: IdentifiedSession): Promise<IdentifiedSession | undefined> {
    const { id, session } = found
    const { source } = session.user
    if (source === undefined) return found
    const user = source === 'oidc' ? await revalidate(session.user) : await tokenActivity.vouchFor(session)
    if (user !== undefined) return { id, session: { ...session, user } }
    if (source === 'oidc') return undefined
    await end(personKeyHash(session.user), [endingOf(found)], { why: 'withdrawn', reason: 'unheard' })
    return undefined
  }

  async function use(named: IdentifiedSession): Promise<IdentifiedSession | undefined> {
    const found = await vouched(named)
    if (found === undefined) return undefined
    const { handedOverBy } = found.session
    if (handedOverBy !== undefined) await onFirstUse(handedOverBy)
    else if (!isTouchDue(found.session, clock())) return found
    return noteUse(found)
  }

  async function useFor(id: string): Promise<IdentifiedSession | undefined> {
    const found = await find(id)
    return found && use(found)
  }

  return {
    live,
    find,
    use,

    kindOf: async (id) => (await find(id))?.session.kind,

    useFor,
    authenticate: (secret) => useFor(sessionIdOf(secret)),

    async approvingPerson({ id, user }, loginId) {
      const slot = await records.find(id)
      if (slot?.state === 'ended') return slot.ended.replacedBy === loginId ? currentPerson(user) : undefined
      const found = live(id, slot)
      return found?.session.kind === 'phone' ? (await vouched(found))?.session.user : undefined
    },
  }
}
