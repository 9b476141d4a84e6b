import { ScanInError } from '../errors.ts'
import { NotWrittenError } from './not-written.ts'
import type { RecordStore } from './record-store.ts'

/** The clock of a store, which goes with it. */
export interface StoreTime {
  isKnown(): boolean
  close(): void
}

/**
 * The store, but away until its time is known, which takes one round trip after connecting: an end that was made by
 * another clock would be too early or too late.
 */
export function timedStore(store: RecordStore, time: StoreTime): RecordStore {
  function inTime<Result>(call: () => Promise<Result>): Promise<Result> {
    if (time.isKnown()) return call()
    const cause = new NotWrittenError('its time is not known yet', { kind: 'time_unknown' })
    return Promise.reject(new ScanInError('store_unavailable', { cause }))
  }
  return {
    ...store,
    read: (key) => inTime(() => store.read(key)),
    write: (...what) => inTime(() => store.write(...what)),
    writeTogether: (writes) => inTime(() => store.writeTogether(writes)),
    remove: (...what) => inTime(() => store.remove(...what)),
    close() {
      time.close()
      return store.close()
    },
  }
}
