import { type Clock, secondsUntil } from '../clock.ts'
import type { Occasion } from '../http/occasion.ts'
import type { CurrentPerson, User } from '../identity/identity.ts'
import { isSamePerson, type Person } from '../identity/person-key.ts'
import type { RecordStore, StoredRecord } from '../store/record-store.ts'
import { isTouchDue, type Session, sessionIdOf } from './session.ts'
import { createSessionIndex, type IndexEntry } from './session-index.ts'
import { clearing } from './session-limit.ts'
import type { EndReason, OnSessionNews } from './session-news.ts'
import { createSessionRecords } from './session-records.ts'

export interface SessionPolicy {
  /** A browser's session: its whole life, and how long it may go unused. */
  lifeMs: number
  idleMs: number
  /** A phone's session, and a browser's that was asked to be remembered. */
  rememberMs: number
  /** Sessions that a person may have: the oldest browser's makes way for a new one. */
  most: number
}

export interface SessionServiceOptions {
  store: RecordStore
  clock: Clock
  policy: SessionPolicy
  currentPerson: CurrentPerson
  /** Called, and waited for, when a session that a login handed out is used for the first time. */
  onFirstUse: (loginId: string) => Promise<void>
  onPhoneEnd: OnPhoneEnd
  /** Told what happens to sessions, each thing once. */
  onNews?: OnSessionNews | undefined
}

/**
 * Called, and waited for, when a phone's session has ended and before anybody is told so: what it approved is to be
 * denied, and what it scanned, unless that is kept for the person's next session.
 * @returns the public ids of sessions that are being opened on its word at this moment
 */
export type OnPhoneEnd = (
  sessionId: string,
  how: { keepScanned: boolean; occasion?: Occasion | undefined },
) => Promise<readonly string[]>

export interface NewSession {
  secret: string
  user: User
  kind: Session['kind']
  remember: boolean
  browser: Session['browser']
  ip: string
  handedOverBy?: string
}

export interface OpenOptions {
  /** The public id of the session whose cookie the new one's takes the place of. It ends, whoever's it was. */
  replaces?: string | undefined
  /** From `lookUp`. */
  guess?: StoredRecord | null
  /** The request that it is opened on. Left out: a poll. */
  occasion?: Occasion | undefined
}

/** A session with its public id. */
export interface IdentifiedSession {
  id: string
  session: Session
}

export type SessionService = ReturnType<typeof createSessionService>

/** Who is signed in where. Every method rejects with `store_unavailable` when the store does. */
export function createSessionService(options: SessionServiceOptions) {
  const { clock, policy, currentPerson, onFirstUse, onPhoneEnd, onNews = () => undefined } = options
  const index = createSessionIndex(options)
  const records = createSessionRecords(options)

  async function find(id: string): Promise<IdentifiedSession | undefined> {
    const place = await records.find(id)
    if (place === undefined || !('session' in place)) return undefined
    const user = currentPerson(place.session.user)
    return user && { id, session: { ...place.session, user } }
  }

  interface Ending {
    why: EndReason
    occasion?: Occasion | undefined
    keepScanned?: boolean
    /** The login whose hand-over replaces the session. */
    by?: string | undefined
  }

  /**
   * Once this is answered, no session opens on the ended one's word. A hand-over looks whether the session that approved
   * is good, marks the login as delivered, and opens the new session, in that order. If it looks after the end is
   * written, it stops. If it looked before, then either the login is not delivered yet, and is denied here, or it is, and
   * says which session is to come: here its place is taken, so that it cannot come.
   */
  async function end(ending: IdentifiedSession, { why, occasion, keepScanned = false, by }: Ending): Promise<void> {
    const { id, session } = ending
    const news = { type: why, id, session, by: occasion }
    const isEnded = await records.end(id, by, () => onNews({ ...news, isUncertain: true }))
    if (isEnded) onNews(news)
    const how = { keepScanned, occasion }
    await Promise.all([index.remove(session.user, [id]), session.kind === 'phone' && withdraw(id, how)])
  }

  async function withdraw(id: string, how: Parameters<OnPhoneEnd>[1]): Promise<void> {
    const underWay = await onPhoneEnd(id, how)
    await Promise.all(underWay.map(records.forestall))
  }

  /** After the new one is there, so that who is signed in is never signed out in between. */
  async function endReplaced(id: string, by: Session, occasion: Occasion | undefined): Promise<void> {
    const { kind, user, handedOverBy } = by
    const place = await records.find(id)
    if (place === undefined || !('session' in place)) return
    // Signed in anew as the same person, a phone goes on with what it scanned.
    const keepScanned = kind === 'phone' && isSamePerson(place.session.user, user)
    await end({ id, session: place.session }, { why: 'replaced', occasion, keepScanned, by: handedOverBy })
  }

  async function clear(person: Person, entries: readonly IndexEntry[], newId: string): Promise<void> {
    const listed = await Promise.all(entries.map(async (entry) => ({ entry, place: await records.find(entry.id) })))
    const { surplus, gone } = clearing(listed, newId, policy.most, clock())
    for (const each of surplus) await end(each, { why: 'displaced' })
    if (gone.length > 0) await index.remove(person, gone)
  }

  return {
    /** A guess at the list that `open` will write, to be read beside something else. */
    lookUp: (person: Person): Promise<StoredRecord | null> => index.lookUp(person),

    /**
     * Opens the session with this secret. Asked again, as when a reply was lost, the same session stays.
     * @returns how long its cookie is good, in seconds; `undefined` when it was ended in the meantime
     */
    async open(
      { secret, kind, remember, ...rest }: NewSession,
      { replaces, guess, occasion }: OpenOptions = {},
    ): Promise<number | undefined> {
      const now = clock()
      const isLong = kind === 'phone' || remember
      const fresh: Session = {
        ...rest,
        kind,
        createdAt: now,
        lastSeenAt: now,
        endsAt: now + (isLong ? policy.rememberMs : policy.lifeMs),
        ...(isLong ? {} : { idleMs: policy.idleMs }),
      }
      const id = sessionIdOf(secret)
      // Listed first, and not side by side: a session that is not listed, nobody can revoke.
      const entries = await index.add(rest.user, { id, openedAt: now, endsAt: fresh.endsAt }, guess)
      const news = { type: 'opened', id, session: fresh, by: occasion } as const
      const opened = await records.open(id, fresh, () => onNews({ ...news, isUncertain: true }))
      if (opened === undefined) return undefined
      if (opened === fresh) onNews(news)
      if (replaces !== undefined && replaces !== id) await endReplaced(replaces, fresh, occasion)
      if (entries.length > policy.most) await clear(rest.user, entries, id)
      return secondsUntil(opened.endsAt, now)
    },

    /** The session that a cookie's secret stands for; noted as used now. `undefined`: none, ended or revoked. */
    async authenticate(secret: string): Promise<IdentifiedSession | undefined> {
      const id = sessionIdOf(secret)
      const found = await find(id)
      if (found === undefined) return undefined
      const { handedOverBy } = found.session
      if (handedOverBy !== undefined) await onFirstUse(handedOverBy)
      if (handedOverBy === undefined && !isTouchDue(found.session, clock())) return found
      const session = await records.change(id, (current) => {
        const { handedOverBy: _acknowledged, ...used } = { ...current, lastSeenAt: clock() }
        return used
      })
      return session && { id, session: { ...session, user: found.session.user } }
    },

    /**
     * Whether what this phone's session approved is still good: it lives, and its person is one of ours.
     * @param loginId what it approved; a session that this very login's hand-over replaced was good until then
     */
    async mayApprove(id: string, loginId: string): Promise<boolean> {
      const place = await records.find(id)
      if (place === undefined) return false
      if ('endedBy' in place) return place.endedBy === loginId
      return place.session.kind === 'phone' && currentPerson(place.session.user) !== undefined
    },

    /** A person's sessions, the newest first. */
    async list(person: Person): Promise<IdentifiedSession[]> {
      const found = await Promise.all((await index.list(person)).map(find))
      return found
        .filter((entry) => entry !== undefined)
        .sort((one, other) => other.session.createdAt - one.session.createdAt)
    },

    /** Ends one of a person's sessions. @returns `false` when the person has no such session */
    async revoke(person: Person, id: string, occasion?: Occasion, why: EndReason = 'revoked'): Promise<boolean> {
      const found = await find(id)
      if (found === undefined || !isSamePerson(found.session.user, person)) return false
      await end(found, { why, occasion })
      return true
    },

    /** Ends all of a person's sessions but the one named. @returns how many that were */
    async revokeOthers(person: Person, keptId: string, occasion?: Occasion): Promise<number> {
      const others = (await this.list(person)).filter(({ id }) => id !== keptId)
      for (const other of others) await end(other, { why: 'revoked', occasion })
      return others.length
    },
  }
}
