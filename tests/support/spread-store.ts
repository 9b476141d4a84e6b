import type { RecordStore } from '../../server/store/record-store.ts'
import { writeOneByOne } from '../../server/store/write-one-by-one.ts'

/** Makes a store as one with its records in several places, as a Cluster: `writeTogether` writes one by one. */
export function spreadStore(store: RecordStore): RecordStore {
  return { ...store, writeTogether: (writes) => writeOneByOne(store.write, writes) }
}
