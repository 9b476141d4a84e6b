import { ScanInError } from '../errors.ts'
import type { RecordStore, StoredRecord, WriteOptions } from './record-store.ts'

/** What to make of a record: the next value, or `undefined` to leave it as it is. With it, what the caller is told. */
export interface Change<Result> {
  next?: { value: unknown } & Pick<WriteOptions, 'expiresAt' | 'durable' | 'begins'>
  /** Called when the store fails to answer the write of `next`, which may have happened all the same. */
  onUncertain?: () => void
  result: Result
}

/**
 * Each conflict means that somebody else got on, so but for a guess a try is only lost to a success. More than this in a
 * row is not contention between people but a broken store.
 */
const MOST_TRIES = 200

/**
 * Reads, decides, and writes if nobody wrote in between; otherwise decides again on what is there now.
 * `decide` may run many times: it must have no effects.
 * @param guess what the caller takes to be there, `null` for nothing: a right guess saves the first read, a wrong one
 *   is a conflict like any other. What is not written is not decided on a guess.
 */
export async function updateRecord<Result>(
  store: RecordStore,
  key: string,
  decide: (value: unknown) => Change<Result>,
  guess?: StoredRecord | null,
): Promise<Result> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const isGuessed = tries === 0 && guess !== undefined
    const record = isGuessed ? guess : await store.read(key)
    const { next, result, onUncertain } = decide(record?.value)
    if (next !== undefined) {
      const { value, ...options } = next
      const isDone = await store
        .write(key, value, { ...options, ifVersion: record?.version ?? null })
        .catch((error) => {
          onUncertain?.()
          throw error
        })
      if (isDone) return result
    } else if (!isGuessed) return result
  }
  throw new ScanInError('store_unavailable', { cause: new Error(`${MOST_TRIES} tries at one record`) })
}
