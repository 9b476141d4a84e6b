import type { Trouble } from '../log/trouble-log.ts'
import { NotWrittenError } from './not-written.ts'
import { originsOf, StoreError } from './store-error.ts'

/** The cause of a refusal for want of room. */
export class StoreFullError extends NotWrittenError {
  override name = 'StoreFullError'
}

/** A full disk often comes as an error of input and output, because a page was written in part. */
const OF_THE_DISK = /no space left|quota exceeded|input\/output error|read-only file system/i

/** What LMDB answers to everything that a process asks after it could not finish a commit. */
const LOST = /MDB_PANIC/

/** The files that this process has open are not those that the next one finds: they would use different stores. */
export class StoreReplacedError extends Error {
  override name = 'StoreReplacedError'
}

/** Whether this process can do nothing with the store on its disk any more, whatever becomes of the disk. The next one can. */
export function isStoreLost(error: unknown): error is Error {
  return error instanceof StoreReplacedError || (error instanceof Error && LOST.test(error.message))
}

/** Words for an error of a store of ours; `undefined`: none are known. */
export function embeddedTrouble(error: unknown): Trouble | undefined {
  const origins = originsOf(error)
  if (origins.some((origin) => origin instanceof StoreFullError)) {
    return {
      kind: 'store_full',
      text: 'The embedded store is full: new logins are refused until others end. See who starts so many; Redis holds more (REDIS_URL)',
    }
  }
  if (origins.some((origin) => origin instanceof StoreReplacedError)) {
    return {
      kind: 'store_disk',
      text: 'The files of STORE_PATH are not those that this process has open: somebody took one away, or put another in its place. What it did since may be lost, and it ends, to be started anew with those that are there. Stop all processes before a store is moved, restored or deleted',
    }
  }
  const lost = origins.find(isStoreLost)
  if (lost !== undefined) {
    return {
      kind: 'store_disk',
      text: `The disk of STORE_PATH failed in the middle of a commit, and only a new process can read what is on it: this one ends, to be started anew. See the disk's room, and the system's own log (${lost.message})`,
    }
  }
  const origin = origins.find(isOfTheDisk)
  if (origin === undefined) return undefined
  return {
    kind: 'store_disk',
    text: `The disk of STORE_PATH is full, or cannot be written: see its room, and the system's own log (${origin.message})`,
  }
}

function isOfTheDisk(error: Error): boolean {
  const kind = error instanceof StoreError ? error.kind : undefined
  return kind === 'no_answer' || kind === 'slow' || OF_THE_DISK.test(error.message)
}
