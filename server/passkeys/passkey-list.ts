import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import { type Person, personKeyHash } from '../identity/person-key.ts'
import type { Randomness } from '../randomness.ts'
import type { RecordStore } from '../store/record-store.ts'
import { type Change, updateRecord } from '../store/update-record.ts'

/** Where to look for a person's passkeys: each itself decides whose it is. */
export interface PasskeyList {
  read(person: Person): Promise<readonly ListEntry[]>
  /** What authenticators know a person by. `undefined`: there is none, or no more. */
  handleOf(person: Person): Promise<string | undefined>
  /** The same, made where there is none, and good for an hour from now at the least. */
  keepHandle(person: Person): Promise<string>
  /** @returns whether it is in the list now: else there are too many */
  add(person: Person, entry: ListEntry): Promise<boolean>
  /** Lists it until a later end, to within a day: not every use is worth two writes. */
  prolong(person: Person, entry: ListEntry): Promise<void>
  remove(person: Person, ids: readonly string[]): Promise<void>
}

export interface ListEntry {
  id: string
  /** When the passkey is forgotten, in epoch milliseconds. */
  endsAt: number
}

/** Of one person. */
const MOST_PASSKEYS = 20

/** 44 of 64 characters: 33 bytes, of which base64url has one spelling. */
const HANDLE_LENGTH = 44
/** An empty list is kept this long, for a person who is about to add the first passkey. */
const EMPTY_FOR_MS = 3_600_000
const COARSEST_END_MS = 24 * 3_600_000

const listRecord = Compile(
  Type.Object({
    handle: Type.String(),
    passkeys: Type.Array(Type.Object({ id: Type.String(), endsAt: Type.Number() })),
  }),
)

interface List {
  handle: string
  passkeys: ListEntry[]
}

interface PasskeyListOptions {
  store: RecordStore
  clock: Clock
  randomness: Randomness
}

export function createPasskeyList({ store, clock, randomness }: PasskeyListOptions): PasskeyList {
  /** @param change returns the very list that it was given, where nothing changes */
  function update(person: Person, change: (list: List) => List): Promise<List> {
    return updateRecord<List>(store, keyOf(person), (value): Change<List> => {
      const known = decode(value)
      const list = known ?? { handle: randomness.text(HANDLE_LENGTH), passkeys: [] }
      const next = change(list)
      if (next === known) return { result: next }
      const expiresAt = Math.max(clock() + EMPTY_FOR_MS, ...next.passkeys.map(({ endsAt }) => endsAt))
      return { next: { value: next, expiresAt, durable: true }, result: next }
    })
  }

  const find = async (person: Person) => decode((await store.read(keyOf(person)))?.value)

  return {
    read: async (person) => (await find(person))?.passkeys ?? [],

    handleOf: async (person) => (await find(person))?.handle,

    // Written anew even where nothing changes, as the record may be about to end.
    keepHandle: async (person) => (await update(person, (list) => ({ ...list }))).handle,

    async add(person, entry) {
      const { passkeys } = await update(person, (list) =>
        list.passkeys.length < MOST_PASSKEYS ? withEntry(list, entry) : list,
      )
      return passkeys.some(({ id }) => id === entry.id)
    },

    async prolong(person, entry) {
      await update(person, (list) => {
        const known = list.passkeys.find(({ id }) => id === entry.id)
        return known !== undefined && entry.endsAt - known.endsAt < COARSEST_END_MS ? list : withEntry(list, entry)
      })
    },

    async remove(person, ids) {
      await update(person, (list) => {
        const passkeys = list.passkeys.filter(({ id }) => !ids.includes(id))
        return passkeys.length === list.passkeys.length ? list : { ...list, passkeys }
      })
    },
  }
}

function withEntry(list: List, entry: ListEntry): List {
  return { ...list, passkeys: [...list.passkeys.filter(({ id }) => id !== entry.id), entry] }
}

function decode(value: unknown): List | undefined {
  return listRecord.Check(value) ? value : undefined
}

function keyOf(person: Person): string {
  return `passkeys-of:${personKeyHash(person)}`
}
