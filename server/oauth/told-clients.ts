import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import type { RecordStore } from '../store/record-store.ts'
import { removeAsRead, updateRecord } from '../store/update-record.ts'

/** Which clients were told of a session, and want to be told of its end. */
export interface ToldClients {
  /** Noted before the client is told. Rejects with `store_unavailable`. @param endsAt when the session is over at the latest */
  note(sessionId: string, clientId: string, endsAt: number): Promise<void>
  /**
   * Takes the list away: of all instances that hear of the end, one gets it. More do where the store does not say whether it
   * was taken: better told twice than never. Rejects with `store_unavailable` where it cannot be read.
   */
  take(sessionId: string): Promise<readonly string[]>
}

const clientsRecord = Compile(Type.Array(Type.String()))

export function createToldClients({ store, clock }: { store: RecordStore; clock: Clock }): ToldClients {
  return {
    note: (sessionId, clientId, endsAt) =>
      updateRecord<void>(store, keyOf(sessionId), (value) => {
        const known = clientsRecord.Check(value) ? value : []
        if (known.includes(clientId)) return { result: undefined }
        const expiresAt = Math.max(endsAt, clock() + 1000)
        return { next: { value: [...known, clientId], expiresAt, durable: true }, result: undefined }
      }),

    async take(sessionId) {
      const remove: RecordStore['remove'] = (key, version) => store.remove(key, version).catch(() => true)
      const taken = await removeAsRead({ ...store, remove }, keyOf(sessionId))
      return clientsRecord.Check(taken) ? taken : []
    },
  }
}

function keyOf(sessionId: string): string {
  return `oauth:told:${sessionId}`
}
