/**
 * The seam between ScanIn and whatever keeps its records. A store keeps records, compares versions, forgets on
 * time and tells who is waiting; it knows no business rule. Any text is a key. `tests/contract/record-store.ts` holds every store
 * to this.
 *
 * Every method rejects with `ScanInError('store_unavailable')` when the store cannot be reached or is closed.
 */
export interface RecordStore {
  /** The record at `key`, or `undefined` when there is none or it has expired. */
  read(key: string): Promise<StoredRecord | undefined>
  /**
   * Writes `value` at `key` and answers `true`; answers `false` and leaves everything as it was when `ifVersion`
   * does not hold. Of any number of writers that name the same version, one succeeds. A store that is full still takes
   * what is no longer than what it replaces: ends and denials are.
   */
  write(key: string, value: unknown, options: WriteOptions): Promise<boolean>
  /**
   * Writes several records, each as `write` does, if every `ifVersion` holds, and answers `true`; else it answers `false`.
   * A store that has all of its records in one place writes all or none. One that has them in several writes one after
   * the other, in this order, up to the first that does not hold or fails: so the first few have to be harmless alone.
   * All are durable if one is. No key comes twice.
   */
  writeTogether(writes: readonly RecordWrite[]): Promise<boolean>
  /** Removes the record. `false`: there was none, or `ifVersion` does not hold. */
  remove(key: string, ifVersion?: Version): Promise<boolean>
  /**
   * Calls `onChange` some time after any process wrote over or removed a record that existed at `key`: with what was
   * written, which may be over by then, or without a record if it was removed, or if notices may have been lost (a
   * broken connection). Expiry is not told, and a loss may go unnoticed: a caller that waits needs an end of its own.
   * @returns stops watching; safe to call twice
   */
  watch(key: string, onChange: OnChange): () => void
  /** Lets go of connections. Whatever is called afterwards is `store_unavailable`. */
  close(): Promise<void>
}

/** Without a record: it was removed, or it is to be read again. */
export type OnChange = (record?: StoredRecord) => void

/** A record as it was when it was read. */
export interface StoredRecord {
  /** What was written, as JSON gives it back, parsed when it is asked for. Not to be trusted until decoded. */
  readonly value: unknown
  /** The same as long as the content is. */
  readonly version: Version
}

/** Opaque to all but the store that gave it out. Two records with the same content may share a version. */
export type Version = string & { readonly brand: unique symbol }

/** A record to be written. */
export interface RecordWrite extends WriteOptions {
  key: string
  value: unknown
}

export interface WriteOptions {
  /** Epoch milliseconds. From then on the record is gone. */
  expiresAt: number
  /** Write only if the record still has this version; `null`: only if there is none. Left out: in any case. */
  ifVersion?: Version | null
  /**
   * Answer only once the configured number of replicas has it too. A rejection leaves open whether it was written. So a
   * retry writes again even what is there already: else it would promise what replicas may not have.
   */
  durable?: boolean
  /**
   * Begins something that nobody counts on yet. A store that is nearly full refuses this first (`store_unavailable`), and
   * keeps the rest of its room for what is under way.
   */
  begins?: boolean
}
