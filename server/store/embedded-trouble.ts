import type { Trouble } from '../log/trouble-log.ts'
import { NotWrittenError } from './not-written.ts'

/** The cause of a refusal for want of room. */
export class StoreFullError extends NotWrittenError {
  override name = 'StoreFullError'
}

/** A full disk is often called an error of input and output: a page was written in part. */
const OF_THE_DISK =
  /nothing is heard of the disk|no space left|quota exceeded|input\/output error|read-only file system/i

/** Words for an error of a store of ours; `undefined`: none are known. */
export function embeddedTrouble(error: unknown): Trouble | undefined {
  if (error instanceof StoreFullError) {
    return {
      kind: 'store_full',
      text: 'The embedded store is full: new logins are refused until others end. See who starts so many; Redis holds more (REDIS_URL)',
    }
  }
  if (!(error instanceof Error) || !OF_THE_DISK.test(error.message)) return undefined
  return {
    kind: 'store_disk',
    text: `The disk of STORE_PATH is full, or cannot be written: see its room, and the system's own log (${error.message})`,
  }
}
