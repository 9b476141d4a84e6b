import type { RecordStore } from './record-store.ts'

/** What a store was asked, how long it took, and what went wrong. */
export interface StoreMeter {
  took(operation: 'read' | 'write' | 'remove', seconds: number): void
  failed(error: unknown): void
}

/** The same store, and its meter is told. What fails is timed as well. */
export function measureStore(store: RecordStore, meter: StoreMeter): RecordStore {
  function measured<Answer>(operation: Parameters<StoreMeter['took']>[0], answer: Promise<Answer>): Promise<Answer> {
    const since = performance.now()
    const end = () => meter.took(operation, (performance.now() - since) / 1000)
    // Beside the caller, and not in between: that would cost the caller a turn.
    answer.then(end, (error) => {
      end()
      meter.failed(error)
    })
    return answer
  }
  return {
    ...store,
    read: (key) => measured('read', store.read(key)),
    write: (key, value, options) => measured('write', store.write(key, value, options)),
    writeTogether: (writes) => measured('write', store.writeTogether(writes)),
    remove: (key, ifVersion) => measured('remove', store.remove(key, ifVersion)),
  }
}
