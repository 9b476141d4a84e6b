import { ScanInError } from '../errors.ts'
import { createCapacity, storeFull } from './capacity.ts'
import { createChangeListeners } from './change-listeners.ts'
import { createExpiryQueue } from './expiry-queue.ts'
import type { RecordStore, RecordWrite } from './record-store.ts'
import { isVersion, TextRecord } from './text-record.ts'

interface MemoryStoreOptions {
  /** Now, in epoch milliseconds. */
  clock: () => number
  /** Records beyond this are refused with `store_unavailable`: nobody's login makes way for another's. */
  maxBytes?: number
}

interface Entry {
  key: string
  text: string
  expiresAt: number
  /** What it costs. */
  bytes: number
  place: number
}

const DEFAULT_MAX_BYTES = 256 * 1024 * 1024
/**
 * What an entry costs besides its characters: measured on Node 20 and 24, by the growth of the heap over 100,000 to a
 * million entries (240 to 270). It is the entry itself, two strings' headers, and its places in the map and the queue.
 */
const ENTRY_BYTES = 260
/** V8 keeps a string that has any of these at two bytes a character, and else at one. */
const WIDE = /[^\0-\xff]/
/** Expired entries that a write clears away at the most, unless it needs the room: more than one, so that none pile up. */
const SWEEP_AT_ONCE = 8
/** A map that grows is copied: half a million entries take 50 ms. Many small maps grow one at a time instead. */
const SHARDS = 64

/** The embedded default: for one process, bounded, and gone when that ends. */
export function createMemoryStore({ clock, maxBytes = DEFAULT_MAX_BYTES }: MemoryStoreOptions): RecordStore {
  const entries = createShardedMap<Entry>()
  const expiry = createExpiryQueue<Entry>()
  const listeners = createChangeListeners()
  const capacity = createCapacity(maxBytes)
  let bytes = 0
  let isClosed = false

  function drop(entry: Entry): void {
    entries(entry.key).delete(entry.key)
    expiry.remove(entry)
    bytes -= entry.bytes
  }

  /** The entry at `key` that is live at `now`; one that has expired is dropped on the way. */
  function find(key: string, now: number): Entry | undefined {
    if (isClosed) throw new ScanInError('store_unavailable')
    const entry = entries(key).get(key)
    if (entry === undefined || entry.expiresAt > now) return entry
    drop(entry)
    return undefined
  }

  /** @returns whether there was one */
  function dropOneExpired(now: number): boolean {
    const first = expiry.first()
    if (first === undefined || first.expiresAt > now) return false
    drop(first)
    return true
  }

  function makeRoom(growth: number, begins: boolean | undefined, now: number): void {
    for (let swept = 0; swept < SWEEP_AT_ONCE && dropOneExpired(now); swept++);
    while (!capacity.admits(bytes, growth, begins)) {
      if (!dropOneExpired(now)) throw storeFull()
    }
  }

  function put(key: string, text: string, size: number, expiresAt: number, existing: Entry | undefined): void {
    bytes += size - (existing?.bytes ?? 0)
    if (existing === undefined) {
      const entry = { key, text, expiresAt, bytes: size, place: 0 }
      entries(key).set(key, entry)
      expiry.add(entry)
    } else {
      Object.assign(existing, { text, expiresAt, bytes: size })
      expiry.moved(existing)
    }
  }

  async function writeTogether(writes: readonly RecordWrite[]): Promise<boolean> {
    const now = clock()
    const found = writes.map(({ key }) => find(key, now))
    if (!writes.every(({ ifVersion }, at) => isVersion(found[at]?.text, ifVersion))) return false
    const rows = writes.map(({ key, value, expiresAt }, at) => {
      const text = JSON.stringify(value)
      return { key, text, expiresAt, size: sizeOf(key, text), existing: found[at] }
    })
    const growth = rows.reduce((sum, { size, existing }) => sum + size - (existing?.bytes ?? 0), 0)
    makeRoom(
      growth,
      writes.some(({ begins }) => begins),
      now,
    )
    for (const { key, text, size, expiresAt, existing } of rows) {
      put(key, text, size, expiresAt, existing)
      if (existing) queueMicrotask(() => listeners.tell(key, new TextRecord(text)))
    }
    return true
  }

  return {
    async read(key) {
      const entry = find(key, clock())
      return entry && new TextRecord(entry.text)
    },

    write: (key, value, options) => writeTogether([{ key, value, ...options }]),

    writeTogether,

    async remove(key, ifVersion) {
      const existing = find(key, clock())
      if (existing === undefined || !isVersion(existing.text, ifVersion)) return false
      drop(existing)
      queueMicrotask(() => listeners.tell(key))
      return true
    },

    watch: listeners.add,

    async close() {
      isClosed = true
    },
  }
}

function sizeOf(key: string, text: string): number {
  // The test looks at every character, which also joins the pieces that V8 may keep a string in.
  return ENTRY_BYTES + key.length + text.length * (WIDE.test(text) ? 2 : 1)
}

/** @returns the map that an entry of this key is in. Keys end in something random. */
function createShardedMap<Value>(): (key: string) => Map<string, Value> {
  const first = new Map<string, Value>()
  const others = Array.from({ length: SHARDS - 1 }, () => new Map<string, Value>())
  return (key) => {
    const at = (key.charCodeAt(key.length - 1) + 31 * key.charCodeAt(key.length - 2)) % SHARDS
    return others[at] ?? first
  }
}
