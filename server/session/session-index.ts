import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import { hashSecret } from '../hashes.ts'
import { createInTurn } from '../store/in-turn.ts'
import type { RecordStore } from '../store/record-store.ts'
import { updateRecord } from '../store/update-record.ts'

/** Which sessions a person has: only a list of where to look, the sessions themselves decide. */
export interface SessionIndex {
  add(userId: string, entry: IndexEntry): Promise<void>
  remove(userId: string, id: string): Promise<void>
  list(userId: string): Promise<string[]>
}

export interface IndexEntry {
  id: string
  /** Epoch milliseconds; the entry is dropped at the first write after it. */
  endsAt: number
}

const indexRecord = Compile(
  Type.Object({ sessions: Type.Array(Type.Object({ id: Type.String(), endsAt: Type.Number() })) }),
)

export function createSessionIndex({ store, clock }: { store: RecordStore; clock: Clock }): SessionIndex {
  const inTurn = createInTurn()

  function update(userId: string, change: (live: IndexEntry[]) => IndexEntry[]): Promise<void> {
    const key = keyOf(userId)
    return inTurn(key, () => updateOnce(key, change))
  }

  function updateOnce(key: string, change: (live: IndexEntry[]) => IndexEntry[]): Promise<void> {
    return updateRecord<void>(store, key, (value) => {
      const entries = decode(value)
      const next = change(entries.filter(({ endsAt }) => endsAt > clock()))
      if (isSame(entries, next)) return { result: undefined }
      // An empty list is kept for a moment rather than removed: one way of writing, one way of losing a race.
      const expiresAt = Math.max(clock() + 1000, ...next.map(({ endsAt }) => endsAt))
      return { next: { value: { sessions: next }, expiresAt, durable: true }, result: undefined }
    })
  }

  return {
    add: (userId, entry) =>
      update(userId, (live) => (live.some(({ id }) => id === entry.id) ? live : [...live, entry])),
    remove: (userId, removed) => update(userId, (live) => live.filter(({ id }) => id !== removed)),
    list: async (userId) => decode((await store.read(keyOf(userId)))?.value).map(({ id }) => id),
  }
}

function decode(value: unknown): IndexEntry[] {
  return indexRecord.Check(value) ? value.sessions : []
}

function isSame(entries: IndexEntry[], next: IndexEntry[]): boolean {
  return entries.length === next.length && entries.every(({ id }, at) => id === next[at]?.id)
}

/** Hashed, because an identity provider's user ids may hold anything. */
function keyOf(userId: string): string {
  return `sessions-of:${hashSecret(userId)}`
}
