import { ScanInError } from '../errors.ts'
import { isNotWritten } from './not-written.ts'
import type { RecordStore, RecordWrite, StoredRecord, WriteOptions } from './record-store.ts'

/** What to make of a record: the next value, or nothing to leave it as it is. With it, what the caller is told. */
export interface Change<Result> {
  next?: { value: unknown } & Pick<WriteOptions, 'expiresAt' | 'durable' | 'begins'>
  /** Called once `next` is written. */
  onWritten?: () => void
  /** Called when the store does not answer the write of `next`, which may have happened all the same. */
  onUncertain?: () => void
  result: Result
}

/** What to make of several records, in their order. Where one is left as it is, all are. */
export interface Changes<Result> {
  changes: readonly Change<unknown>[]
  result: Result
}

/** A record that is to be changed. */
export interface RecordPlace {
  key: string
  /**
   * What the caller takes to be there, `null` for nothing: a right guess saves the first read, a wrong one is a
   * conflict like any other. A decision not to write is never made on a guess: the record is read first.
   */
  guess?: StoredRecord | null | undefined
}

/**
 * Each conflict, but for a wrong guess, means that another writer succeeded. More than this in a row is not contention
 * between people but a broken store.
 */
const MOST_TRIES = 200

/**
 * Reads, decides, and writes if nobody wrote in between; otherwise decides again on what is there now.
 * `decide` may run many times: it must have no effects.
 * @param guess as in `RecordPlace`
 */
export function updateRecord<Result>(
  store: RecordStore,
  key: string,
  decide: (value: unknown) => Change<Result>,
  guess?: StoredRecord | null,
): Promise<Result> {
  return updateTogether(store, [{ key, guess }], ([value]) => {
    const change = decide(value)
    return { changes: [change], result: change.result }
  })
}

/**
 * As `updateRecord`, with several records, which are written together (`RecordStore.writeTogether`).
 * @param decide is given what is at the places, in their order
 */
export async function updateTogether<Result>(
  store: RecordStore,
  places: readonly RecordPlace[],
  decide: (values: readonly unknown[]) => Changes<Result>,
): Promise<Result> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const guessOf = ({ guess }: RecordPlace) => (tries === 0 ? guess : undefined)
    const found = await Promise.all(
      places.map((place) => (guessOf(place) === undefined ? store.read(place.key) : guessOf(place))),
    )
    const { changes, result } = decide(found.map((record) => record?.value))
    const writes = places.flatMap(({ key }, at): RecordWrite[] => {
      const next = changes[at]?.next
      return next === undefined ? [] : [{ key, ...next, ifVersion: found[at]?.version ?? null }]
    })
    if (writes.length === places.length) {
      if (await write(store, writes, changes)) {
        for (const { onWritten } of changes) onWritten?.()
        return result
      }
    } else if (places.every((place) => guessOf(place) === undefined)) return result
  }
  throw tooManyTries()
}

/**
 * Reads a record and removes it if nobody wrote in between; otherwise tries again: a removal that fails need not mean
 * that somebody else removed it.
 * @param use what is to be done with its value before it goes
 * @returns its value as it was when it went. `undefined`: there is none, or somebody else has removed it
 */
export async function removeAsRead(
  store: Pick<RecordStore, 'read' | 'remove'>,
  key: string,
  use: (value: unknown) => Promise<unknown> = async () => undefined,
): Promise<unknown> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const record = await store.read(key)
    if (record === undefined) return undefined
    await use(record.value)
    if (await store.remove(key, record.version)) return record.value
  }
  throw tooManyTries()
}

const tooManyTries = () =>
  new ScanInError('store_unavailable', { cause: new Error(`${MOST_TRIES} tries at one record`) })

async function write(
  store: RecordStore,
  writes: readonly RecordWrite[],
  changes: readonly Change<unknown>[],
): Promise<boolean> {
  try {
    const [first, ...others] = writes
    if (first === undefined || others.length > 0) return await store.writeTogether(writes)
    const { key, value, ...options } = first
    return await store.write(key, value, options)
  } catch (error) {
    if (!isNotWritten(error)) for (const { onUncertain } of changes) onUncertain?.()
    throw error
  }
}
