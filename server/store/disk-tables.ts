import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { codeInBrackets } from '../errors.ts'
import { DATA_FILE, isLmdbFile, LOCK_FILE, makeFolder, refuseCutFile } from './disk-file.ts'
import { StoreSettingError } from './store-setting-error.ts'

/** The tables of one LMDB environment. */
export interface DiskTables {
  root: RootDatabase<string, string>
  /** By key: when the record ends, a space, and its text. */
  records: Database<string, Buffer>
  /** Which record ends when: all of it in the key (`endBytes`), with an empty value. */
  ends: Database<string, Buffer>
  /** The latest changes, each written over the oldest: at `number % CHANGES`, the number, a space, and the key. */
  changes: Database<string, number>
  /** `format`, and `ledger`: the bytes of all records, a space, and the number of the latest change. */
  state: Database<string, string>
  /** Written to when something has changed, so that other processes look. */
  wakePath: string
}

/** Raised when the tables mean something else. */
const FORMAT = '1'
/** Of address space. LMDB makes it larger when it has to. */
const MAP_BYTES = 4 * 1024 ** 3

/**
 * Opens the tables in a folder, which is made where it is missing: for its owner alone, as are the files. Any number of
 * processes of one machine may have them open.
 * @throws StoreSettingError in words for who set `STORE_PATH`
 */
export async function openDiskTables(path: string): Promise<DiskTables> {
  const wakePath = join(path, 'changed')
  try {
    makeFolder(path)
    // LMDB would make its files readable by the group, and only afterwards could that be mended.
    for (const file of [join(path, DATA_FILE), join(path, LOCK_FILE), wakePath]) {
      closeSync(openSync(file, 'a', 0o600))
    }
  } catch (cause) {
    throw new StoreSettingError(
      `STORE_PATH ${path} cannot be written to, or a file in it${codeInBrackets(cause)}: see whose they are, or name ` +
        'another folder',
      { cause },
    )
  }
  if (!isLmdbFile(join(path, DATA_FILE))) {
    throw new StoreSettingError(`STORE_PATH ${path} is no store of ScanIn's: name an empty folder, or a new one`)
  }
  await refuseCutFile(path)
  const tables = { ...openTables(path), wakePath }
  const format = tables.root.transactionSync(() => {
    if (tables.state.get('format') === undefined) tables.state.put('format', FORMAT)
    return tables.state.get('format')
  })
  if (format === FORMAT) return tables
  tables.root.close()
  throw new StoreSettingError(
    `STORE_PATH ${path} is of another version of ScanIn (format ${format}, not ${FORMAT}): go back to that version, or name another folder`,
  )
}

/** The tables alone, whatever is in them. */
export function openTables(path: string): Omit<DiskTables, 'wakePath'> {
  try {
    const root = open<string, string>({
      path,
      noSubdir: false,
      encoding: 'string',
      maxDbs: 4,
      mapSize: MAP_BYTES,
      // As LMDB itself does it: a commit is on the disk when it is answered.
      overlappingSync: false,
      // Transactions of a turn are one without it too. With it, a failed one rejects a promise that nobody handles.
      eventTurnBatching: false,
    })
    return {
      root,
      records: root.openDB<string, Buffer>('records', { encoding: 'string', keyEncoding: 'binary' }),
      ends: root.openDB<string, Buffer>('ends', { encoding: 'string', keyEncoding: 'binary' }),
      changes: root.openDB<string, number>('changes', { encoding: 'string', keyEncoding: 'uint32' }),
      state: root.openDB<string, string>('state', { encoding: 'string' }),
    }
  } catch (cause) {
    throw new StoreSettingError(
      `STORE_PATH ${path} cannot be opened: its disk may be one that processes cannot share (${messageOf(cause)})`,
      { cause },
    )
  }
}

const TIME_BYTES = 9

/**
 * A record's key in `ends`: its time, in bytes that sort as times do, a zero, and its own key. Written as plain bytes,
 * not as a list in LMDB's own encoding: there a zero in a key would be that key's end.
 */
export function endBytes({ expiresAt, place }: { expiresAt: number; place: Buffer }): Buffer {
  const time = Buffer.alloc(8)
  time.writeDoubleBE(expiresAt)
  return Buffer.concat([Buffer.from(`1${time.toString('hex')}0`, 'hex'), Buffer.alloc(1), place])
}

/** The record's own key in one of these. */
export function placeInEnd(end: Buffer): Buffer {
  return end.subarray(TIME_BYTES + 1)
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'for no known reason'
}
