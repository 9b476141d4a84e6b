import { ScanInError } from '../errors.ts'
import { createChangeListeners } from './change-listeners.ts'
import type { RecordStore } from './record-store.ts'
import { TextRecord } from './text-record.ts'

export interface MemoryStoreOptions {
  /** Now, in epoch milliseconds. */
  clock: () => number
  /** Records beyond this are refused with `store_unavailable`: nobody's login makes way for another's. */
  maxBytes?: number
}

interface Entry {
  text: string
  expiresAt: number
}

const SWEEP_EVERY_MS = 1000
/** What a Map entry, its key and its object cost besides their text, roughly. */
const ENTRY_OVERHEAD_BYTES = 150

/** The embedded default: one process, bounded, gone with it. */
export function createMemoryStore({ clock, maxBytes = 256 * 1024 * 1024 }: MemoryStoreOptions): RecordStore {
  const entries = new Map<string, Entry>()
  const listeners = createChangeListeners()
  let bytes = 0
  let nextSweepAt = 0
  let isClosed = false

  function drop(key: string, entry: Entry): void {
    entries.delete(key)
    bytes -= sizeOf(key, entry.text)
  }

  /** The live entry at `key`; one that has expired is dropped on the way. */
  function find(key: string): Entry | undefined {
    if (isClosed) throw new ScanInError('store_unavailable')
    const entry = entries.get(key)
    if (entry === undefined || entry.expiresAt > clock()) return entry
    drop(key, entry)
    return undefined
  }

  function sweep(): void {
    const now = clock()
    // A clock that was set back does not put the next sweep off.
    if (now < nextSweepAt && nextSweepAt - now <= SWEEP_EVERY_MS) return
    nextSweepAt = now + SWEEP_EVERY_MS
    for (const [key, entry] of entries) if (entry.expiresAt <= now) drop(key, entry)
  }

  return {
    async read(key) {
      const entry = find(key)
      return entry && new TextRecord(entry.text)
    },

    async write(key, value, { expiresAt, ifVersion }) {
      const existing = find(key)
      if (ifVersion !== undefined && (existing?.text ?? null) !== ifVersion) return false
      sweep()
      const text = JSON.stringify(value)
      const growth = sizeOf(key, text) - (existing ? sizeOf(key, existing.text) : 0)
      if (bytes + growth > maxBytes) throw new ScanInError('store_unavailable', { retryAfterSeconds: 10 })
      entries.set(key, { text, expiresAt })
      bytes += growth
      if (existing) queueMicrotask(() => listeners.tell(key, new TextRecord(text)))
      return true
    },

    async remove(key, ifVersion) {
      const existing = find(key)
      if (existing === undefined || (ifVersion !== undefined && existing.text !== ifVersion)) return false
      drop(key, existing)
      queueMicrotask(() => listeners.tell(key))
      return true
    },

    watch: listeners.add,

    async close() {
      isClosed = true
      entries.clear()
    },
  }
}

function sizeOf(key: string, text: string): number {
  return key.length + text.length + ENTRY_OVERHEAD_BYTES
}
