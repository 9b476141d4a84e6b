import type { RecordStore } from '../../server/store/record-store.ts'
import { writeOneByOne } from '../../server/store/write-one-by-one.ts'

/** The same store as one that has its records in several places, as a Cluster has: what is written together is not. */
export function spreadStore(store: RecordStore): RecordStore {
  return { ...store, writeTogether: (writes) => writeOneByOne(store.write, writes) }
}
