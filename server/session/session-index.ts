import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import { hashSecret } from '../hashes.ts'
import { type Person, personKey } from '../identity/person-key.ts'
import { createInTurn } from '../store/in-turn.ts'
import type { RecordStore, StoredRecord } from '../store/record-store.ts'
import { updateRecord } from '../store/update-record.ts'

/** Which sessions a person has: only a list of where to look, the sessions themselves decide. */
export interface SessionIndex {
  /** The list as the store has it, or `null`: a guess for `add`. */
  lookUp(person: Person): Promise<StoredRecord | null>
  /** @returns the list with it */
  add(person: Person, entry: IndexEntry, guess?: StoredRecord | null): Promise<readonly IndexEntry[]>
  remove(person: Person, ids: readonly string[]): Promise<void>
  list(person: Person): Promise<string[]>
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
    person: Person,
    change: (live: IndexEntry[]) => IndexEntry[],
    guess?: StoredRecord | null,
  ): Promise<readonly IndexEntry[]> {
    const key = keyOf(person)
    return inTurn(key, () => updateOnce(key, change, guess))
  }

  function updateOnce(
    key: string,
    change: (live: IndexEntry[]) => IndexEntry[],
    guess?: StoredRecord | null,
  ): Promise<readonly IndexEntry[]> {
    const decide = (value: unknown) => {
      const next = change(decode(value).filter(({ endsAt }) => endsAt > clock()))
      // Also where it is so already: what was written before may have reached no replica. An empty list is kept for a moment rather than removed: one way of writing, one way of losing a race.
      const expiresAt = Math.max(clock() + 1000, ...next.map(({ endsAt }) => endsAt))
      return { next: { value: { sessions: next }, expiresAt, durable: true }, result: next }
    }
    return updateRecord<readonly IndexEntry[]>(store, key, decide, guess)
  }

  return {
    lookUp: async (person) => (await store.read(keyOf(person))) ?? null,
    add: (person, entry, guess) =>
      update(person, (live) => (live.some(({ id }) => id === entry.id) ? live : [...live, entry]), guess),
    async remove(person, ids) {
      const removed = new Set(ids)
      await update(person, (live) => live.filter(({ id }) => !removed.has(id)))
    },
    list: async (person) => decode((await store.read(keyOf(person)))?.value).map(({ id }) => id),
  }
}

function decode(value: unknown): IndexEntry[] {
  return indexRecord.Check(value) ? value.sessions.map((entry) => ({ openedAt: 0, ...entry })) : []
}

/** Hashed, because an identity provider's user ids may hold anything. */
function keyOf(person: Person): string {
  return `sessions-of:${hashSecret(personKey(person))}`
}
