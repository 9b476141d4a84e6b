import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import type { RecordStore, StoredRecord } from '../store/record-store.ts'
import { type Change, updateRecord } from '../store/update-record.ts'
import { createWriteQueues } from '../store/write-queues.ts'
import { type TokenProfile, tokenProfileRecord } from './token-profile.ts'

/** What is kept of a person besides their sessions themselves. */
export interface PersonRecord {
  /** Where their sessions are. */
  sessions: readonly IndexEntry[]
  /** They may not come in. */
  isBlocked?: true
  /** When a good token of theirs was last noted as shown, in epoch milliseconds. Left out: none was. */
  shownAt?: number
  /** By the token that was issued last. Left out: none has been noted since the first of their sessions began. */
  told?: TokenProfile
}

export interface IndexEntry {
  id: string
  /** Epoch milliseconds. */
  openedAt: number
  /** Epoch milliseconds; the entry is dropped at the first write after it. */
  endsAt: number
}

/** What becomes of a record, given what is so by now; without `next` it stays as it is. */
export type ChangePerson<Result> = (found: PersonRecord) => { next?: PersonRecord; result: Result }

/**
 * People in a store, each in one record: whoever changes one thing of a person has read the others. Rejects with
 * `store_unavailable`, and where something is done in turn with `overloaded` too. `of`: `personKeyHash`.
 */
export interface PersonRecords {
  /** The record as it was written last, with what is over by now. Empty for a person who has none. */
  read(of: string): Promise<PersonRecord>
  /** The record without what is over by now: what a change would be given. */
  readCurrent(of: string): Promise<PersonRecord>
  /** Writes what becomes of it, in turn. @returns what the change results in */
  update<Result>(of: string, change: ChangePerson<Result>): Promise<Result>
  /** `update`, to be written together with something else, in turn: where the record is, and what becomes of it. */
  keyOf(of: string): string
  changeOf<Result>(value: unknown, change: ChangePerson<Result>): Change<Result>
  /** Runs changes of one person's record one after the other, so that each gets through at its first try. */
  inTurn<Result>(of: string, task: () => Promise<Result>): Promise<Result>
  /** The record as the store has it, or `null`: a guess at what will be changed. */
  lookUp(of: string): Promise<StoredRecord | null>
}

const personRecord = Compile(
  Type.Object({
    sessions: Type.Array(
      Type.Object({ id: Type.String(), openedAt: Type.Optional(Type.Number()), endsAt: Type.Number() }),
    ),
    isBlocked: Type.Optional(Type.Literal(true)),
    shownAt: Type.Optional(Type.Number()),
    told: Type.Optional(tokenProfileRecord),
  }),
)

/** A block ends when somebody ends it; stores keep nothing without an end of its own. */
export const BLOCKED_FOR_MS = 100 * 365 * 24 * 3_600_000

export function createPersonRecords({ store, clock }: { store: RecordStore; clock: Clock }): PersonRecords {
  const inTurn = createWriteQueues()

  function changeOf<Result>(value: unknown, change: ChangePerson<Result>): Change<Result> {
    const { next, result } = change(current(decode(value)))
    // A record that would be new and empty is not written: a full store would have no room for it.
    if (next === undefined || (value === undefined && isEmpty(next))) return { result }
    // Written even if nothing changes: what was written before may have reached no replica. An empty list is kept for a
    // moment, not removed: with one way of writing there is only one way to lose a race.
    return { next: { value: next, expiresAt: endOf(next), durable: true }, result }
  }

  /** Drops sessions that are over. Without any left, what was noted of shown tokens is dropped too. */
  function current({ sessions, shownAt, told, ...rest }: PersonRecord): PersonRecord {
    const live = sessions.filter(({ endsAt }) => endsAt > clock())
    return live.length === 0
      ? { ...rest, sessions: live }
      : { ...rest, ...(shownAt !== undefined && { shownAt }), ...(told && { told }), sessions: live }
  }

  function endOf({ sessions, isBlocked }: PersonRecord): number {
    if (isBlocked) return clock() + BLOCKED_FOR_MS
    return Math.max(clock() + 1000, ...sessions.map(({ endsAt }) => endsAt))
  }

  const read = async (of: string) => decode((await store.read(keyOf(of)))?.value)

  return {
    read,
    readCurrent: async (of) => current(await read(of)),
    update<Result>(of: string, change: ChangePerson<Result>) {
      const key = keyOf(of)
      return inTurn(key, () => updateRecord<Result>(store, key, (value) => changeOf(value, change)))
    },
    keyOf,
    changeOf,
    inTurn: (of, task) => inTurn(keyOf(of), task),
    lookUp: async (of) => (await store.read(keyOf(of))) ?? null,
  }
}

const isEmpty = ({ sessions, isBlocked }: PersonRecord) => sessions.length === 0 && isBlocked === undefined

function decode(value: unknown): PersonRecord {
  if (!personRecord.Check(value)) return { sessions: [] }
  return { ...value, sessions: value.sessions.map((entry) => ({ openedAt: 0, ...entry })) }
}

function keyOf(of: string): string {
  return `sessions-of:${of}`
}
