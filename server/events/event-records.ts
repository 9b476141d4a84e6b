import type { Clock } from '../clock.ts'
import type { RecordStore } from '../store/record-store.ts'
import { updateRecord } from '../store/update-record.ts'
import { EVENTS_KEPT_MS, withEvents } from './event-list.ts'
import { decodeEvents, type PersonEvent } from './person-event.ts'

/** What happened to people's accounts, in a store: one bounded record each. `of`: `personKeyHash`. */
export interface EventRecords {
  add(of: string, events: readonly PersonEvent[]): Promise<void>
  /** The newest first. */
  list(of: string): Promise<readonly PersonEvent[]>
  forget(of: string): Promise<void>
}

export function createEventRecords({ store, clock }: { store: RecordStore; clock: Clock }): EventRecords {
  return {
    async add(of, events) {
      await updateRecord(store, keyOf(of), (value) => {
        const now = clock()
        const next = withEvents(decodeEvents(value), events, now)
        // A store that is nearly full refuses events first, and keeps its room for sessions, on which people count.
        return { next: { value: next, expiresAt: now + EVENTS_KEPT_MS, begins: true }, result: undefined }
      })
    },

    async list(of) {
      return withEvents(decodeEvents((await store.read(keyOf(of)))?.value), [], clock())
    },

    async forget(of) {
      await store.remove(keyOf(of))
    },
  }
}

function keyOf(of: string): string {
  return `events-of:${of}`
}
