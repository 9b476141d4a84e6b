import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import type { RecordStore } from '../store/record-store.ts'
import { type Change, updateRecord } from '../store/update-record.ts'
import { decodeSession, expiryOf, type Session } from './session.ts'

/** What is at a session's place. `undefined`: nothing, or its time is over. */
export type Place = { session: Session } | { endedBy: string | undefined } | undefined

/** Sessions in a store, each at the place that its public id names. */
export interface SessionRecords {
  find(id: string): Promise<Place>
  /**
   * Creates the session unless its place is taken.
   * @param onUncertain called when the store fails, and it may have been created
   * @returns the one there, which is `fresh` itself if it was created; `undefined`: it was ended
   */
  open(id: string, fresh: Session, onUncertain: () => void): Promise<Session | undefined>
  /** Changes a session that is there. `undefined`: it was ended. */
  change(id: string, change: (session: Session) => Session): Promise<Session | undefined>
  /**
   * From its answer on no instance finds the session.
   * @param by the login whose hand-over replaced it
   * @param onUncertain called when the store fails, and it may have been ended
   * @returns whether it was this call that ended it
   */
  end(id: string, by: string | undefined, onUncertain: () => void): Promise<boolean>
  /** Keeps a session from being opened; one that is open stays. */
  forestall(id: string): Promise<void>
}

const endedRecord = Compile(Type.Object({ revoked: Type.Literal(true), by: Type.Optional(Type.String()) }))

/**
 * An ended session leaves its place taken for this long, so that a hand-over that is still under way cannot bring it
 * back. Longer than a hand-over repeats.
 */
const ENDED_FOR_MS = 60_000

export function createSessionRecords({ store, clock }: { store: RecordStore; clock: Clock }): SessionRecords {
  function placeOf(value: unknown): Place {
    if (endedRecord.Check(value)) return { endedBy: value.by }
    const session = decodeSession(value)
    return session === undefined || clock() >= expiryOf(session) ? undefined : { session }
  }

  return {
    find: async (id) => placeOf((await store.read(keyOf(id)))?.value),

    open(id, fresh, onUncertain) {
      const decide = (value: unknown): Change<Session | undefined> => {
        const result = value === undefined ? fresh : decodeSession(value)
        // One that is there is written again: the first try may have reached no replica.
        return result === undefined
          ? { result }
          : {
              next: { value: value ?? fresh, expiresAt: expiryOf(result), durable: true },
              result,
              ...(result === fresh ? { onUncertain } : {}),
            }
      }
      // Mostly it is not there yet.
      return updateRecord(store, keyOf(id), decide, null)
    },

    change(id, change) {
      return updateRecord<Session | undefined>(store, keyOf(id), (value) => {
        const current = decodeSession(value)
        if (current === undefined) return { result: undefined }
        const next = change(current)
        return { next: { value: next, expiresAt: expiryOf(next) }, result: next }
      })
    },

    end(id, by, onUncertain) {
      const ended = { revoked: true, ...(by === undefined ? {} : { by }) }
      // Written also where it was ended already: whoever asked for that may not have got it onto all replicas.
      return updateRecord<boolean>(store, keyOf(id), (value) => {
        const place = placeOf(value)
        const wasLive = place !== undefined && 'session' in place
        const next = { value: ended, expiresAt: clock() + ENDED_FOR_MS, durable: true }
        return { next, result: wasLive, ...(wasLive ? { onUncertain } : {}) }
      })
    },

    async forestall(id) {
      const options = { expiresAt: clock() + ENDED_FOR_MS, durable: true, ifVersion: null }
      await store.write(keyOf(id), { revoked: true }, options)
    },
  }
}

function keyOf(id: string): string {
  return `session:${id}`
}
