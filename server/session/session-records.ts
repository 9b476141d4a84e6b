import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import { personKeyHash } from '../identity/person-key.ts'
import type { RecordStore } from '../store/record-store.ts'
import { type Change, updateRecord } from '../store/update-record.ts'
import { decodeSession, expiryOf, type Session } from './session.ts'

/** What is at a session's place. `undefined`: nothing, or its time is over. */
export type SessionSlot = TakenSlot | undefined

export type TakenSlot = { state: 'open'; session: Session } | { state: 'ended'; ended: EndedSession }

/** What is kept of a session that was ended. */
export interface EndedSession {
  /** Whose it was: `personKeyHash`. */
  of: string
  isPhone: boolean
  /** The login whose hand-over replaced it, or made it one too many. */
  replacedBy: string | undefined
}

interface ChangeOptions {
  durable?: boolean
  /** Called once it is written, with what was made of which. */
  onWritten?: (made: Session, before: Session) => void
  /** Called when the store fails, and it may have become what was made of it. */
  onUncertain?: (made: Session, before: Session) => void
}

/** Sessions in a store, each at the place that its public id names. */
export interface SessionRecords {
  find(id: string): Promise<SessionSlot>
  /** What is at many places, in their order: in one round trip. */
  findAll(ids: readonly string[]): Promise<{ id: string; slot: SessionSlot }[]>
  keyOf(id: string): string
  /**
   * What becomes of a session's place when this one is to be created there.
   * @returns with the session that is there then, which is `fresh` unless the place was taken; `undefined`: it was ended
   */
  opening(slot: unknown, fresh: Session): Change<Session | undefined>
  /** Changes a session that is there. `undefined`: it was ended. */
  change(id: string, change: (session: Session) => Session, how?: ChangeOptions): Promise<Session | undefined>
  /**
   * From its answer on no instance finds the session.
   * @param onUncertain called when the store fails, and it may have been ended
   * @returns whether it was this call that ended it
   */
  end(id: string, ended: EndedSession, onUncertain: () => void): Promise<boolean>
}

interface SessionRecordsOptions {
  store: RecordStore
  clock: Clock
  /** How long a login may lead to its session once it is approved. */
  openingMs: number
}

/** Shorter than any session, so that a store that is full takes it in the place of one. */
const endedRecord = Compile(
  Type.Tuple([
    Type.Literal('ended'),
    Type.String({ title: 'of' }),
    Type.Boolean({ title: 'isPhone' }),
    Type.Union([Type.String(), Type.Null()], { title: 'replaced by' }),
  ]),
)

/**
 * An ended session leaves its place taken for as long as a login may lead to it and this much more, so that no hand-over
 * that is still under way can bring it back.
 */
const ENDED_FOR_MS = 60_000

export function createSessionRecords({ store, clock, openingMs }: SessionRecordsOptions): SessionRecords {
  function slotOf(value: unknown): SessionSlot {
    if (endedRecord.Check(value)) {
      return { state: 'ended', ended: { of: value[1], isPhone: value[2], replacedBy: value[3] ?? undefined } }
    }
    const session = decodeSession(value)
    return session === undefined || clock() >= expiryOf(session) ? undefined : { state: 'open', session }
  }

  const find = async (id: string) => slotOf((await store.read(keyOf(id)))?.value)

  return {
    find,

    findAll: (ids) => Promise.all(ids.map(async (id) => ({ id, slot: await find(id) }))),

    keyOf,

    opening(slot, fresh) {
      const result = slot === undefined ? fresh : decodeSession(slot)
      // One that is there is written again: the first try may have reached no replica.
      return result === undefined
        ? { result }
        : { next: { value: slot ?? fresh, expiresAt: expiryOf(result), durable: true }, result }
    },

    change(id, change, { durable = false, onWritten, onUncertain } = {}) {
      return updateRecord<Session | undefined>(store, keyOf(id), (value) => {
        const current = decodeSession(value)
        if (current === undefined) return { result: undefined }
        const next = change(current)
        return {
          next: { value: next, expiresAt: expiryOf(next), durable },
          result: next,
          ...(onWritten && { onWritten: () => onWritten(next, current) }),
          ...(onUncertain && { onUncertain: () => onUncertain(next, current) }),
        }
      })
    },

    end(id, { of, isPhone, replacedBy = null }, onUncertain) {
      // Written also where it was ended already: whoever asked for that may not have got it onto all replicas.
      return updateRecord<boolean>(store, keyOf(id), (value) => {
        const wasOpen = sessionIn(slotOf(value)) !== undefined
        const expiresAt = clock() + openingMs + ENDED_FOR_MS
        const next = { value: ['ended', of, isPhone, replacedBy], expiresAt, durable: true }
        return { next, result: wasOpen, ...(wasOpen ? { onUncertain } : {}) }
      })
    },
  }
}

/** The session that is there, whether or not its person still is. */
export function sessionIn(slot: SessionSlot): Session | undefined {
  return slot?.state === 'open' ? slot.session : undefined
}

export function kindOf(slot: TakenSlot): Session['kind'] {
  if (slot.state === 'open') return slot.session.kind
  return slot.ended.isPhone ? 'phone' : 'browser'
}

/** Whose session it is or was: `personKeyHash`. */
export function ownerOf(slot: TakenSlot): string {
  return slot.state === 'open' ? personKeyHash(slot.session.user) : slot.ended.of
}

function keyOf(id: string): string {
  return `session:${id}`
}
