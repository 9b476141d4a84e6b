import { ScanInError } from '../errors.ts'
import { createCapacity, storeFull } from './capacity.ts'
import { createChangeListeners } from './change-listeners.ts'
import { createCircuitBreaker } from './circuit-breaker.ts'
import { sameFilesAs } from './disk-file.ts'
import { createDiskNotices } from './disk-notices.ts'
import { createDiskRecords, type WriteOutcome } from './disk-records.ts'
import { openDiskTables } from './disk-tables.ts'
import { isStoreLost, StoreReplacedError } from './embedded-trouble.ts'
import { NotWrittenError } from './not-written.ts'
import { plainKey } from './plain-key.ts'
import type { RecordStore, RecordWrite } from './record-store.ts'
import { TextRecord } from './text-record.ts'

interface DiskStoreOptions {
  /** A folder; made where it is missing. */
  path: string
  /** Before every key. */
  keyPrefix: string
  /** Now, in epoch milliseconds; the same for all processes of a machine. */
  clock: () => number
  /** As for the store in memory: nobody's login makes way for another's. */
  maxBytes?: number
  /** How many writes may wait for the disk at a time. */
  mostWaiting?: number
  /** Told of errors that no caller gets to see, again and again. */
  onError?: (error: Error) => void
  /** Told once that this process can read and write no more; another one can. */
  onLost?: (error: Error) => void
}

export interface DiskStore extends RecordStore {
  /** How much of the writes that may wait for the disk do: 0 to 1. */
  use(): number
}

const DEFAULT_MAX_BYTES = 1024 ** 3
const MOST_WAITING = 10_000
/** A disk that is busy may take seconds for a commit, and so may other processes for theirs. */
const HANGS_AFTER_MS = 5000
const GIVE_UP_AFTER_MS = 8000
/** A next process may open what was put in the place of our files, and then there are two stores. */
const LOOK_AT_FILES_EVERY_MS = 1000
const SILENCE = 'nothing is heard of the disk: it hangs, or another process on this folder does'

/**
 * Records on this machine's disk, in LMDB, shared by any number of its processes. A write is answered once the disk has
 * it (`fdatasync`), durable or not: it outlives the process, however that ends, and the machine's power. What was not
 * answered is there wholly or not at all.
 * @throws StoreSettingError when the folder cannot be used
 */
export async function createDiskStore(options: DiskStoreOptions): Promise<DiskStore> {
  const { path, keyPrefix, clock, maxBytes = DEFAULT_MAX_BYTES, mostWaiting = MOST_WAITING, onError, onLost } = options
  const tables = await openDiskTables(path)
  const areSameFiles = sameFilesAs(path)
  const records = createDiskRecords(tables, createCapacity(maxBytes))
  const listeners = createChangeListeners()
  const keyOf = (key: string) => keyPrefix + plainKey(key)
  const breaker = createCircuitBreaker({
    probe: () => tables.root.transaction(() => undefined),
    silence: SILENCE,
    hangsAfterMs: HANGS_AFTER_MS,
    giveUpAfterMs: GIVE_UP_AFTER_MS,
  })
  let waiting = 0
  let isClosed = false
  let isLost = false

  function noteLost(error: unknown): void {
    if (isLost || !isStoreLost(error)) return
    isLost = true
    onLost?.(error)
  }

  async function lookAtFiles(): Promise<void> {
    if (!(await areSameFiles()) && !isClosed) noteLost(new StoreReplacedError('taken away, or another in its place'))
    if (!isClosed && !isLost) looking = setTimeout(lookAtFiles, LOOK_AT_FILES_EVERY_MS).unref()
  }
  let looking = setTimeout(lookAtFiles, LOOK_AT_FILES_EVERY_MS).unref()

  function recordAt(key: string): TextRecord | undefined {
    // A new read, which finds what other processes have written by now, also within this turn of the event loop.
    tables.root.resetReadTxn()
    const text = records.textAt(key, clock())
    return text === undefined ? undefined : new TextRecord(text)
  }
  const latestChange = () => {
    tables.root.resetReadTxn()
    return records.latestChange()
  }
  const notices = await createDiskNotices({
    wakePath: tables.wakePath,
    records: { ...records, latestChange },
    listeners,
    recordAt,
    onError(error) {
      noteLost(error)
      if (!isLost) onError?.(error instanceof Error ? error : new Error(String(error)))
    },
  })

  async function commit(step: () => WriteOutcome): Promise<WriteOutcome> {
    waiting++
    try {
      return await tables.root.transaction(step)
    } finally {
      waiting--
    }
  }

  /** Whatever is asked for in one turn of the event loop is one transaction. */
  async function transact(step: () => WriteOutcome): Promise<boolean> {
    if (waiting >= mostWaiting) {
      throw new ScanInError('store_unavailable', { cause: new NotWrittenError(`${waiting} writes wait for the disk`) })
    }
    let hasBegun = false
    let isGivenUp = false
    const outcome = await available(() =>
      breaker.ask(() =>
        commit(() => {
          // The caller was told that nothing is written, so nothing may be written later.
          if (isGivenUp) return 'conflict'
          hasBegun = true
          return step()
        }),
      ),
    ).catch((error: unknown) => {
      isGivenUp = true
      throw hasBegun ? error : notWritten(error)
    })
    if (outcome === 'full') throw storeFull()
    if (outcome === 'changed') notices.changed()
    return outcome !== 'conflict'
  }

  async function available<Answer>(ask: () => Answer | PromiseLike<Answer>): Promise<Answer> {
    if (isClosed) throw new ScanInError('store_unavailable')
    try {
      return await ask()
    } catch (error) {
      const cause = await reasonOf(error)
      noteLost(cause)
      throw new ScanInError('store_unavailable', { cause })
    }
  }

  async function writeTogether(writes: readonly RecordWrite[]): Promise<boolean> {
    const texts = writes.map(({ key, value, ...more }) => ({
      key: keyOf(key),
      text: JSON.stringify(value),
      ...more,
    }))
    return transact(() => records.write(texts, clock()))
  }

  return {
    read: (key) => available(() => recordAt(keyOf(key))),

    write: (key, value, writeOptions) => writeTogether([{ key, value, ...writeOptions }]),

    writeTogether,

    remove: (key, ifVersion) => transact(() => records.remove(keyOf(key), ifVersion, clock())),

    watch: (key, onChange) => listeners.add(keyOf(key), onChange),

    use: () => waiting / mostWaiting,

    async close() {
      if (isClosed) return
      isClosed = true
      clearTimeout(looking)
      await notices.close()
      await tables.root.close()
    },
  }
}

/** The error of a write that failed before anything of it was written. */
function notWritten(error: unknown): ScanInError {
  const { code, cause } = ScanInError.from(error)
  const why = cause instanceof Error ? cause.message : code
  return new ScanInError(code, {
    cause: cause instanceof NotWrittenError ? cause : new NotWrittenError(why, { cause }),
  })
}

/** A failed commit gives its reason later, by a promise of its own that would be an unhandled rejection otherwise. */
async function reasonOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error) || !(error.commitError instanceof Promise)) return error
  return error.commitError.catch((reason) => reason)
}
