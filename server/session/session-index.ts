import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { type Clock, isWithin } from '../clock.ts'
import type { User } from '../identity/identity.ts'
import { createInTurn } from '../store/in-turn.ts'
import type { RecordStore, StoredRecord } from '../store/record-store.ts'
import { type Change, updateRecord } from '../store/update-record.ts'

/**
 * Which sessions a person has: only a list of where to look, the sessions themselves decide. `of`: `personKeyHash`. That a
 * person is blocked stands in the same record: whoever adds to the list has read it, and whoever blocks has read all that
 * were added. So does when a good token of theirs was shown, which their sessions hang on, and what it said of them.
 */
export interface SessionIndex {
  /** The list as the store has it, or `null`: a guess at what `adding` will find. */
  lookUp(of: string): Promise<StoredRecord | null>
  /** @returns the list with it. `undefined`: the person is blocked, and nothing was added */
  add(of: string, entry: IndexEntry): Promise<readonly IndexEntry[] | undefined>
  /** `add`, to be written together with something else, in turn: where the list is, and what becomes of it. */
  keyOf(of: string): string
  /** @param told by the token that lets them in there, as with `noteShown` */
  adding(list: unknown, entry: IndexEntry, told?: Told): Change<readonly IndexEntry[] | undefined>
  /** Runs what changes the list once all before it have: of one person's, each gets through at its first try. */
  inTurn<Result>(of: string, task: () => Promise<Result>): Promise<Result>
  /** Lists a session for longer, if it is listed. @param endsAt epoch milliseconds */
  prolong(of: string, id: string, endsAt: number): Promise<void>
  remove(of: string, ids: readonly string[]): Promise<void>
  list(of: string): Promise<string[]>
  /** Whether a session is in the list. */
  holds(of: string, id: string): Promise<boolean>
  /** The list with its times. */
  entries(of: string): Promise<readonly IndexEntry[]>
  /** From its answer on nothing is added. @returns all that is in the list */
  block(of: string): Promise<readonly IndexEntry[]>
  unblock(of: string): Promise<void>
  isBlocked(of: string): Promise<boolean>
  /** What was noted of good tokens of the person's. */
  shown(of: string): Promise<Shown>
  /**
   * Notes that one is shown now: where a session is listed that hangs on it, and it was not noted within `everyMs`, or it
   * says something else. What one said that was issued later stays.
   */
  noteShown(of: string, told: Told, everyMs: number): Promise<void>
}

/** What a token says of its person. */
export interface Told {
  name: string
  email?: string
  groups?: string[]
  /** Epoch milliseconds. Left out: nobody says. */
  issuedAt?: number
}

/** What a token says that its person is. */
export function toldBy({ name, email, groups }: User, issuedAt?: number): Told {
  return {
    name,
    ...(email !== undefined && { email }),
    ...(groups && { groups }),
    ...(issuedAt !== undefined && { issuedAt }),
  }
}

export interface Shown {
  /** When one was shown, as it was noted last, in epoch milliseconds. Left out: none was. */
  shownAt?: number
  /** By the one that was issued last. Left out: none has been noted since the first of their sessions began. */
  told?: Told
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
    isBlocked: Type.Optional(Type.Literal(true)),
    shownAt: Type.Optional(Type.Number()),
    told: Type.Optional(
      Type.Object({
        name: Type.String(),
        email: Type.Optional(Type.String()),
        groups: Type.Optional(Type.Array(Type.String())),
        issuedAt: Type.Optional(Type.Number()),
      }),
    ),
  }),
)

interface Listed extends Shown {
  sessions: readonly IndexEntry[]
  isBlocked?: true
}

type ChangeList<Result> = (found: Listed) => { next?: Listed; result: Result }

/** A block ends when somebody ends it; stores keep nothing without an end of its own. */
export const BLOCKED_FOR_MS = 100 * 365 * 24 * 3_600_000

export function createSessionIndex({ store, clock }: { store: RecordStore; clock: Clock }): SessionIndex {
  const inTurn = createInTurn()

  /** @param change what becomes of the list; without `next` it stays as it is */
  function changeOf<Result>(value: unknown, change: ChangeList<Result>): Change<Result> {
    const { next, result } = change(current(decode(value)))
    // A full store has no room for a list of nobody.
    if (next === undefined || (value === undefined && isEmpty(next))) return { result }
    // Also where it is so already: what was written before may have reached no replica. An empty list is kept for a
    // moment rather than removed: one way of writing, one way of losing a race.
    return { next: { value: next, expiresAt: endOf(next), durable: true }, result }
  }

  /** Of tokens that were shown before there was any of the sessions, nothing is known any more. */
  function current({ sessions, shownAt, told, ...rest }: Listed): Listed {
    const live = sessions.filter(({ endsAt }) => endsAt > clock())
    return live.length === 0
      ? { ...rest, sessions: live }
      : { ...rest, ...(shownAt !== undefined && { shownAt }), ...(told && { told }), sessions: live }
  }

  function update<Result>(of: string, change: ChangeList<Result>): Promise<Result> {
    const key = keyOf(of)
    return inTurn(key, () => updateRecord<Result>(store, key, (value) => changeOf(value, change)))
  }

  function adding(list: unknown, entry: IndexEntry, told?: Told): Change<readonly IndexEntry[] | undefined> {
    return changeOf<readonly IndexEntry[] | undefined>(list, ({ sessions, ...rest }) => {
      if (rest.isBlocked) return { result: undefined }
      const listed = sessions.some(({ id }) => id === entry.id) ? sessions : [...sessions, entry]
      const last = told && { told: lastOf(rest.told, told) }
      return { next: { ...rest, ...last, sessions: listed }, result: listed }
    })
  }

  function endOf({ sessions, isBlocked }: Listed): number {
    if (isBlocked) return clock() + BLOCKED_FOR_MS
    return Math.max(clock() + 1000, ...sessions.map(({ endsAt }) => endsAt))
  }

  const read = async (of: string) => decode((await store.read(keyOf(of)))?.value)

  return {
    lookUp: async (of) => (await store.read(keyOf(of))) ?? null,
    add(of, entry) {
      const key = keyOf(of)
      return inTurn(key, () => updateRecord(store, key, (value) => adding(value, entry)))
    },
    keyOf,
    adding,
    inTurn: (of, task) => inTurn(keyOf(of), task),
    prolong: (of, id, endsAt) =>
      update<void>(of, ({ sessions, ...rest }) => ({
        next: { ...rest, sessions: sessions.map((entry) => (entry.id === id ? { ...entry, endsAt } : entry)) },
        result: undefined,
      })),
    remove(of, ids) {
      const removed = new Set(ids)
      return update<void>(of, ({ sessions, ...rest }) => ({
        next: { ...rest, sessions: sessions.filter(({ id }) => !removed.has(id)) },
        result: undefined,
      }))
    },
    list: async (of) => (await read(of)).sessions.map(({ id }) => id),
    async holds(of, id) {
      return current(await read(of)).sessions.some((entry) => entry.id === id)
    },
    entries: async (of) => (await read(of)).sessions,
    block: (of) => update(of, ({ sessions }) => ({ next: { sessions, isBlocked: true }, result: sessions })),
    unblock: (of) => update<void>(of, ({ sessions }) => ({ next: { sessions }, result: undefined })),
    isBlocked: async (of) => (await read(of)).isBlocked === true,
    async shown(of) {
      const { shownAt, told } = await read(of)
      return { ...(shownAt !== undefined && { shownAt }), ...(told && { told }) }
    },
    async noteShown(of, told, everyMs) {
      const note: ChangeList<void> = (found) => {
        const last = lastOf(found.told, told)
        const isDue = !isWithin(everyMs, found.shownAt ?? 0, clock()) || last !== found.told
        const next = { ...found, shownAt: clock(), told: last }
        return { ...(found.sessions.length > 0 && isDue && { next }), result: undefined }
      }
      // Asked at each request of an app: in line stands only who has something to write.
      const { next } = note(current(await read(of)))
      if (next !== undefined) await update(of, note)
    },
  }
}

const isEmpty = ({ sessions, isBlocked }: Listed) => sessions.length === 0 && isBlocked === undefined

/** What is to be known of a person by one more token. @returns `known` itself, where that stays as it is */
function lastOf(known: Told | undefined, told: Told): Told {
  if (known === undefined) return told
  const [before, now] = [known.issuedAt, told.issuedAt]
  // The later one also where it says the same: whatever was issued in between is older than it.
  if (before !== undefined && now !== undefined && before !== now) return now > before ? told : known
  return wordsOf(told) === wordsOf(known) ? known : told
}

/** Providers list groups in any order. */
function wordsOf({ name, email, groups = [] }: Told): string {
  return JSON.stringify([name, email, ...groups.toSorted()])
}

function decode(value: unknown): Listed {
  if (!indexRecord.Check(value)) return { sessions: [] }
  return { ...value, sessions: value.sessions.map((entry) => ({ openedAt: 0, ...entry })) }
}

function keyOf(of: string): string {
  return `sessions-of:${of}`
}
