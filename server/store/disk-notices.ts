import { type FSWatcher, watch } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import type { ChangeListeners } from './change-listeners.ts'
import { CHANGES, type DiskRecords } from './disk-records.ts'
import type { StoredRecord } from './record-store.ts'

interface DiskNoticesOptions {
  wakePath: string
  records: Pick<DiskRecords, 'latestChange' | 'changedKey'>
  listeners: ChangeListeners
  recordAt: (key: string) => StoredRecord | undefined
  /** Told of a look that failed. The next one tells of what it missed. */
  onError: (error: unknown) => void
}

/** Tells who waits in this process of changes by all processes. */
export interface DiskNotices {
  /** This process has changed something. */
  changed(): void
  close(): Promise<void>
}

/** Even where the system reports writes: some report none, or not for this folder. */
const LOOK_EVERY_MS = 250
/** Where the system refuses to report writes, so that looking is all there is. */
const LOOK_OFTEN_EVERY_MS = 25

/**
 * The store itself numbers all changes, so each look finds those not told of yet, and a reason to look may come late,
 * twice or not at all. Reasons are this process's own writes, writes to the file that all watch, and a timer.
 */
export async function createDiskNotices(options: DiskNoticesOptions): Promise<DiskNotices> {
  const { wakePath, records, listeners, recordAt, onError } = options
  const file = await open(wakePath, 'r+')
  let told = records.latestChange()
  let isClosed = false
  const watcher = watchFile(wakePath, look)
  const timer = setInterval(look, watcher === undefined ? LOOK_OFTEN_EVERY_MS : LOOK_EVERY_MS).unref()
  let waking: Promise<void> | undefined

  function look(): void {
    if (isClosed) return
    try {
      tellChanges()
    } catch (error) {
      onError(error)
    }
  }

  function tellChanges(): void {
    const latest = records.latestChange()
    if (latest - told > CHANGES) {
      told = latest
      listeners.tellAll()
    }
    while (told < latest) {
      const key = records.changedKey(told + 1)
      const isAwaited = key !== undefined && listeners.has(key)
      const record = isAwaited ? recordAt(key) : undefined
      told++
      if (key === undefined) listeners.tellAll()
      else if (isAwaited) listeners.tell(key, record)
    }
  }

  return {
    changed() {
      look()
      // Once for all that was written in this turn.
      waking ??= setImmediate().then(async () => {
        waking = undefined
        await wake(file)
      })
    },

    async close() {
      isClosed = true
      watcher?.close()
      clearInterval(timer)
      await waking
      await file.close()
    },
  }
}

/** A write that is lost does no harm: all processes also look by themselves. */
async function wake(file: FileHandle): Promise<void> {
  await file.write('.', 0).catch(() => undefined)
}

/** `undefined`: the system does not report writes, or has no more watches to give. */
function watchFile(path: string, onWrite: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(path, { persistent: false }, onWrite)
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}
