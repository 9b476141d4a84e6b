import { ScanInError } from '../errors.ts'
import type { RecordStore, RecordWrite } from './record-store.ts'

/** `writeTogether` of a store that has its records in several places. */
export async function writeOneByOne(write: RecordStore['write'], writes: readonly RecordWrite[]): Promise<boolean> {
  const durable = writes.some((each) => each.durable)
  for (const [at, { key, value, ...options }] of writes.entries()) {
    const isWritten = await write(key, value, { ...options, durable }).catch((error: unknown) => {
      throw at === 0 ? error : writtenInPart(error)
    })
    if (!isWritten) return false
  }
  return true
}

/** Never certain that nothing is written, even if the last refusal is: the records before it are there. */
function writtenInPart(cause: unknown): ScanInError {
  return new ScanInError('store_unavailable', { cause: new Error('written in part', { cause }) })
}
