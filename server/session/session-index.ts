import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import { createInTurn } from '../store/in-turn.ts'
import type { RecordStore, StoredRecord } from '../store/record-store.ts'
import { updateRecord } from '../store/update-record.ts'

/** Which sessions a person has: only a list of where to look, the sessions themselves decide. `of`: `personKeyHash`. */
export interface SessionIndex {
  /** The list as the store has it, or `null`: a guess for `add`. */
  lookUp(of: string): Promise<StoredRecord | null>
  /** @returns the list with it */
  add(of: string, entry: IndexEntry, guess?: StoredRecord | null): Promise<readonly IndexEntry[]>
  remove(of: string, ids: readonly string[]): Promise<void>
  list(of: string): Promise<string[]>
}

export interface IndexEntry {
  id: string
  /** Epoch milliseconds. */
  openedAt: number
  /** Epoch milliseconds; the entry is dropped at the first write after it. */
  endsAt: number
}

const indexRecord = Compile(
  Type.Object({
    sessions: Type.Array(
      Type.Object({ id: Type.String(), openedAt: Type.Optional(Type.Number()), endsAt: Type.Number() }),
    ),
  }),
)

export function createSessionIndex({ store, clock }: { store: RecordStore; clock: Clock }): SessionIndex {
  const inTurn = createInTurn()

  function update(
    of: string,
    change: (live: IndexEntry[]) => IndexEntry[],
    guess?: StoredRecord | null,
  ): Promise<readonly IndexEntry[]> {
    const key = keyOf(of)
    return inTurn(key, () => updateOnce(key, change, guess))
  }

  function updateOnce(
    key: string,
    change: (live: IndexEntry[]) => IndexEntry[],
    guess?: StoredRecord | null,
  ): Promise<readonly IndexEntry[]> {
    const decide = (value: unknown) => {
      const next = change(decode(value).filter(({ endsAt }) => endsAt > clock()))
      // A full store has no room for a list of nobody.
      if (value === undefined && next.length === 0) return { result: next }
      // Also where it is so already: what was written before may have reached no replica. An empty list is kept for a
      // moment rather than removed: one way of writing, one way of losing a race.
      const expiresAt = Math.max(clock() + 1000, ...next.map(({ endsAt }) => endsAt))
      return { next: { value: { sessions: next }, expiresAt, durable: true }, result: next }
    }
    return updateRecord<readonly IndexEntry[]>(store, key, decide, guess)
  }

  return {
    lookUp: async (of) => (await store.read(keyOf(of))) ?? null,
    add: (of, entry, guess) =>
      update(of, (live) => (live.some(({ id }) => id === entry.id) ? live : [...live, entry]), guess),
    async remove(of, ids) {
      const removed = new Set(ids)
      await update(of, (live) => live.filter(({ id }) => !removed.has(id)))
    },
    list: async (of) => decode((await store.read(keyOf(of)))?.value).map(({ id }) => id),
  }
}

function decode(value: unknown): IndexEntry[] {
  return indexRecord.Check(value) ? value.sessions.map((entry) => ({ openedAt: 0, ...entry })) : []
}

function keyOf(of: string): string {
  return `sessions-of:${of}`
}
