import { type Clock, secondsUntil } from '../clock.ts'
import type { CurrentPerson, User } from '../identity/identity.ts'
import type { RecordStore } from '../store/record-store.ts'
import { updateRecord } from '../store/update-record.ts'
import { decodeSession, expiryOf, isTouchDue, type Session, sessionIdOf } from './session.ts'
import { createSessionIndex } from './session-index.ts'

/** How long sessions last, in milliseconds. */
export interface SessionPolicy {
  /** A browser's session: its whole life, and how long it may go unused. */
  lifeMs: number
  idleMs: number
  /** A phone's session, and a browser's that was asked to be remembered. */
  rememberMs: number
}

export interface SessionServiceOptions {
  store: RecordStore
  clock: Clock
  policy: SessionPolicy
  currentPerson: CurrentPerson
  /** Called, and waited for, when a session that a login handed out is used for the first time. */
  onFirstUse: (loginId: string) => Promise<void>
}

export interface NewSession {
  secret: string
  user: User
  kind: Session['kind']
  remember: boolean
  browser: Session['browser']
  ip: string
  handedOverBy?: string
}

/** A session with its public id. */
export interface IdentifiedSession {
  id: string
  session: Session
}

/**
 * A revoked session leaves its place taken for this long, so that a hand-over that is still under way
 * cannot bring it back. Longer than a hand-over repeats.
 */
const REVOKED_FOR_MS = 60_000

/** What `createSessionService` gives. */
export type SessionService = ReturnType<typeof createSessionService>

/** Who is signed in where. Every method rejects with `store_unavailable` when the store does. */
export function createSessionService({ store, clock, policy, currentPerson, onFirstUse }: SessionServiceOptions) {
  const index = createSessionIndex({ store, clock })

  async function find(id: string): Promise<IdentifiedSession | undefined> {
    const session = decodeSession((await store.read(keyOf(id)))?.value)
    if (session === undefined || clock() >= expiryOf(session)) return undefined
    const user = currentPerson(session.user)
    return user && { id, session: { ...session, user } }
  }

  async function end({ id, session }: IdentifiedSession): Promise<void> {
    await store.write(keyOf(id), { revoked: true }, { expiresAt: clock() + REVOKED_FOR_MS, durable: true })
    await index.remove(session.user.id, id)
  }

  return {
    /**
     * Opens the session with this secret. Asked again, as when a reply was lost, the same session stays.
     * @returns how long its cookie is good, in seconds; `undefined` when it was revoked in the meantime
     */
    async open({ secret, kind, remember, ...rest }: NewSession): Promise<number | undefined> {
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
      const openOnce = (value: unknown) => {
        if (value === undefined) {
          const next = { value: fresh, expiresAt: expiryOf(fresh), durable: true }
          return { next, result: secondsUntil(fresh.endsAt, now) }
        }
        const existing = decodeSession(value)
        return { result: existing && secondsUntil(existing.endsAt, now) }
      }
      // Listed first, and not side by side: a browser can derive the secret from its key without our reply, and a session
      // that is not listed, nobody can revoke.
      await index.add(rest.user.id, { id, endsAt: fresh.endsAt })
      // Mostly it is not there yet.
      return updateRecord(store, keyOf(id), openOnce, null)
    },

    /** The session that a cookie's secret stands for; noted as used now. `undefined`: none, ended or revoked. */
    async authenticate(secret: string): Promise<IdentifiedSession | undefined> {
      const id = sessionIdOf(secret)
      const found = await find(id)
      if (found === undefined) return undefined
      const { handedOverBy } = found.session
      if (handedOverBy !== undefined) await onFirstUse(handedOverBy)
      if (handedOverBy === undefined && !isTouchDue(found.session, clock())) return found
      const session = await updateRecord<Session | undefined>(store, keyOf(id), (value) => {
        const current = decodeSession(value)
        if (current === undefined) return { result: undefined }
        const { handedOverBy: _acknowledged, ...used } = { ...current, lastSeenAt: clock() }
        return { next: { value: used, expiresAt: expiryOf(used) }, result: used }
      })
      return session && { id, session: { ...session, user: found.session.user } }
    },

    /** A person's sessions, the newest first. */
    async list(userId: string): Promise<IdentifiedSession[]> {
      const found = await Promise.all((await index.list(userId)).map(find))
      return found
        .filter((entry) => entry !== undefined)
        .sort((one, other) => other.session.createdAt - one.session.createdAt)
    },

    /** Ends one of a person's sessions. @returns `false` when the person has no such session */
    async revoke(userId: string, id: string): Promise<boolean> {
      const found = await find(id)
      if (found === undefined || found.session.user.id !== userId) return false
      await end(found)
      return true
    },

    /** Ends all of a person's sessions but the one named. @returns how many that were */
    async revokeOthers(userId: string, keptId: string): Promise<number> {
      const others = (await this.list(userId)).filter(({ id }) => id !== keptId)
      for (const other of others) await end(other)
      return others.length
    },
  }
}

function keyOf(id: string): string {
  return `session:${id}`
}
