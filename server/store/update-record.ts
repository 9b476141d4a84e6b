import { ScanInError } from '../errors.ts'
import type { RecordStore } from './record-store.ts'

/** What to make of a record: the next value, or `undefined` to leave it as it is. With it, what the caller is told. */
export interface Change<Result> {
  next?: { value: unknown; expiresAt: number; durable?: boolean }
  result: Result
}

/**
 * Each conflict means that somebody else got on, so a try is only lost to a success. More than this in a row is not
 * contention between people but a broken store.
 */
const MOST_CONFLICTS = 200

/**
 * Reads, decides, and writes if nobody wrote in between; otherwise decides again on what is there now.
 * `decide` may run many times: it must have no effects.
 */
export async function updateRecord<Result>(
  store: RecordStore,
  key: string,
  decide: (value: unknown) => Change<Result>,
): Promise<Result> {
  for (let conflicts = 0; conflicts < MOST_CONFLICTS; conflicts++) {
    const record = await store.read(key)
    const { next, result } = decide(record?.value)
    if (next === undefined) return result
    const { value, ...options } = next
    if (await store.write(key, value, { ...options, ifVersion: record?.version ?? null })) return result
  }
  throw new ScanInError('store_unavailable', { cause: new Error(`${MOST_CONFLICTS} conflicts on one record`) })
}
