import type { Capacity } from './capacity.ts'
import { type DiskTables, endBytes, placeInEnd } from './disk-tables.ts'
import type { Version, WriteOptions } from './record-store.ts'
import { isVersion } from './text-record.ts'

/** What may be done to records within a write transaction, or, where it says so, outside of one. */
export interface DiskRecords {
  /** The text of the record that is live at `now`. Also outside of a transaction. */
  textAt(key: string, now: number): string | undefined
  /** The number of the latest change. Also outside of a transaction. */
  latestChange(): number
  /** The key of a change. `undefined`: it was too long ago. Also outside of a transaction. */
  changedKey(change: number): string | undefined
  /** All of them, or none. */
  write(writes: readonly TextWrite[], now: number): WriteOutcome
  remove(key: string, ifVersion: Version | undefined, now: number): WriteOutcome
}

/** A record's text, to be written. */
export interface TextWrite extends WriteOptions {
  key: string
  text: string
}

/** `changed`: a record that was there, so listeners have to be told. */
export type WriteOutcome = 'created' | 'changed' | 'conflict' | 'full'

/** How many changes are remembered. A process that missed more is told that anything may have changed. */
export const CHANGES = 4096
/** Measured: what a record takes on disk beside its text and twice its key, and by how much pages are larger. */
const RECORD_BYTES = 64
const SPACE_FACTOR = 1.8
/** Expired records that a write clears away at the most, unless it needs the room: more than one, so that none pile up. */
const SWEEP_AT_ONCE = 4
const NOTHING = Buffer.alloc(0)

interface Row {
  /** Its key, as the tables have it. */
  place: Buffer
  expiresAt: number
  text: string
}

interface Ledger {
  bytes: number
  change: number
}

/** Compare-and-set, expiry and the count of bytes. They hold because each step is all in one transaction. */
export function createDiskRecords(tables: DiskTables, capacity: Capacity): DiskRecords {
  const { records, ends, changes, state } = tables

  function find(place: Buffer): Row | undefined {
    const row = records.get(place)
    if (row === undefined) return undefined
    const end = row.indexOf(' ')
    return { place, expiresAt: Number(row.slice(0, end)), text: row.slice(end + 1) }
  }

  function readLedger(): Ledger {
    const [bytes = 0, change = 0] = (state.get('ledger') ?? '').split(' ').map(Number)
    return { bytes, change }
  }

  function drop(row: Row, ledger: Ledger): void {
    records.remove(row.place)
    ends.remove(endBytes(row))
    ledger.bytes -= sizeOf(row)
  }

  function put(row: Row, existing: Row | undefined, ledger: Ledger): void {
    records.put(row.place, `${row.expiresAt} ${row.text}`)
    if (row.expiresAt !== existing?.expiresAt) {
      if (existing !== undefined) ends.remove(endBytes(existing))
      ends.put(endBytes(row), '')
    }
    ledger.bytes += sizeOf(row) - sizeOf(existing)
  }

  /** The record that is live at `now`; one that has expired is dropped on the way. */
  function findLive(place: Buffer, now: number, ledger: Ledger): Row | undefined {
    const row = find(place)
    if (row === undefined || row.expiresAt > now) return row
    drop(row, ledger)
    return undefined
  }

  /** Removes whatever end it finds, even one without a record: left in front, it would block all that come later. */
  function sweep(now: number, ledger: Ledger): boolean {
    const expired = [...ends.getKeys({ end: endBytes({ expiresAt: now + 1, place: NOTHING }), limit: SWEEP_AT_ONCE })]
    for (const end of expired) {
      const row = find(placeInEnd(end))
      if (row !== undefined && endBytes(row).equals(end)) drop(row, ledger)
      else ends.remove(end)
    }
    return expired.length > 0
  }

  function note(key: string, ledger: Ledger): void {
    ledger.change++
    changes.put(ledger.change % CHANGES, `${ledger.change} ${key}`)
  }

  /** @returns whether there is room now */
  function makeRoom(growth: number, begins: boolean | undefined, now: number, ledger: Ledger): boolean {
    sweep(now, ledger)
    while (!capacity.admits(ledger.bytes, growth, begins)) if (!sweep(now, ledger)) return false
    return true
  }

  /** Runs one step on the ledger, and keeps it. */
  function keepingLedger<Result>(step: (ledger: Ledger) => Result): Result {
    const before = readLedger()
    const ledger = { ...before }
    const result = step(ledger)
    if (ledger.bytes !== before.bytes || ledger.change !== before.change) {
      state.put('ledger', `${ledger.bytes} ${ledger.change}`)
    }
    return result
  }

  return {
    textAt(key, now) {
      const row = find(Buffer.from(key))
      return row !== undefined && row.expiresAt > now ? row.text : undefined
    },

    latestChange: () => readLedger().change,

    changedKey(change) {
      const start = `${change} `
      const noted = changes.get(change % CHANGES)
      return noted?.startsWith(start) ? noted.slice(start.length) : undefined
    },

    write: (writes, now) =>
      keepingLedger((ledger) => {
        const rows = writes.map(({ key, text, expiresAt }) => ({ place: Buffer.from(key), text, expiresAt }))
        const found = rows.map(({ place }) => findLive(place, now, ledger))
        if (!writes.every(({ ifVersion }, at) => isVersion(found[at]?.text, ifVersion))) return 'conflict'
        const growth = rows.reduce((sum, row, at) => sum + sizeOf(row) - sizeOf(found[at]), 0)
        const begins = writes.some((each) => each.begins)
        if (!makeRoom(growth, begins, now, ledger)) return 'full'
        for (const [at, row] of rows.entries()) put(row, found[at], ledger)
        const changed = writes.filter((_, at) => found[at] !== undefined)
        for (const { key } of changed) note(key, ledger)
        return changed.length === 0 ? 'created' : 'changed'
      }),

    remove: (key, ifVersion, now) =>
      keepingLedger((ledger) => {
        const existing = findLive(Buffer.from(key), now, ledger)
        if (existing === undefined || !isVersion(existing.text, ifVersion)) return 'conflict'
        drop(existing, ledger)
        note(key, ledger)
        return 'changed'
      }),
  }
}

function sizeOf(row: Pick<Row, 'place' | 'text'> | undefined): number {
  if (row === undefined) return 0
  const { place, text } = row
  return Math.ceil(SPACE_FACTOR * (RECORD_BYTES + 2 * place.length + Buffer.byteLength(text)))
}
