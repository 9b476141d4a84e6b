import { fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, mkdirSync, openSync, readSync, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { codeOf } from '../errors.ts'
import { StoreSettingError } from './store-setting-error.ts'

/** The file in a store's folder that its records are in. */
export const DATA_FILE = 'data.mdb'
/** The one by which LMDB's processes know of each other. */
export const LOCK_FILE = 'lock.mdb'

/** In the first page of an LMDB file: its magic number, and the version of what follows. */
const MAGIC = Buffer.from('dec0efbe02', 'hex')
const MAGIC_WITHIN_BYTES = 64
/** From the magic number on, in either of the first two pages (`MDB_meta` in LMDB's mdb.c). */
const PAGE_BYTES_AT = 24
const LAST_PAGE_AT = 120
const META_BYTES = 256
const LEAST_PAGE_BYTES = 256
/** To read a store to its end: a second or so. */
const PROBE_PATIENCE_MS = 60_000

/**
 * Makes a folder for its owner alone where there is none, and those above it. Not by Node's `recursive`, which never
 * ends where nothing can be made in a folder that is there, as in /proc.
 */
export function makeFolder(path: string): void {
  if (isFolder(path)) return
  if (!isFolder(dirname(path)) && dirname(path) !== path) makeFolder(dirname(path))
  mkdirSync(path, { mode: 0o700 })
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/**
 * Looks at a store's files. The function that it returns says whether they are still the same: none was taken away, or
 * replaced by another. It never rejects: files that nobody can look at are taken for the same.
 */
export function sameFilesAs(path: string): () => Promise<boolean> {
  const files = [DATA_FILE, LOCK_FILE].map((name) => {
    const file = join(path, name)
    return { file, was: statSync(file, { bigint: true }) }
  })
  return async () => {
    // One after the other, so that a disk that hangs blocks one of the few threads for files, and not two.
    for (const { file, was } of files) {
      try {
        const is = await stat(file, { bigint: true })
        if (is.dev !== was.dev || is.ino !== was.ino) return false
      } catch (error) {
        if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return false
      }
    }
    return true
  }
}

/** Whether it is LMDB's, or empty, for LMDB to fill. LMDB looks too, but its binding ends the process if it is not. */
export function isLmdbFile(file: string): boolean {
  return reading(file, ({ size, bytesAt }) => size === 0 || bytesAt(0, MAGIC_WITHIN_BYTES).includes(MAGIC))
}

/**
 * LMDB ends a process that reads beyond the end of its file. So another process first reads a file that is shorter than
 * it says of itself. Such a file may be good all the same: last pages that are free need not be there.
 * @throws StoreSettingError when it was cut short
 */
export async function refuseCutFile(path: string): Promise<void> {
  const file = join(path, DATA_FILE)
  if (!isShort(file)) return
  const probe = fork(join(import.meta.dirname, 'disk-probe.js'), [path], {
    stdio: 'ignore',
    execArgv: [],
    timeout: PROBE_PATIENCE_MS,
  })
  const [code] = await once(probe, 'exit')
  if (code === 0) return
  throw new StoreSettingError(
    `STORE_PATH ${path} is broken: ${DATA_FILE} was cut short, as by a copy that did not end: put a backup in its place, or name an empty folder`,
  )
}

function isShort(file: string): boolean {
  return reading(file, ({ size, bytesAt }) => {
    if (size === 0) return false
    const metaAt = bytesAt(0, MAGIC_WITHIN_BYTES).indexOf(MAGIC)
    const first = bytesAt(metaAt, META_BYTES)
    const pageBytes = Math.max(first.readUInt32LE(PAGE_BYTES_AT), LEAST_PAGE_BYTES)
    const metas = [first, bytesAt(pageBytes + metaAt, META_BYTES)]
    const pages = metas.map((meta) => Number(meta.readBigUInt64LE(LAST_PAGE_AT)) + 1)
    return size < Math.max(metas.length, ...pages) * pageBytes
  })
}

interface OpenFile {
  size: number
  /** Zeros where there is nothing. */
  bytesAt(position: number, length: number): Buffer
}

function reading<Result>(path: string, read: (file: OpenFile) => Result): Result {
  const descriptor = openSync(path, 'r')
  try {
    return read({
      size: fstatSync(descriptor).size,
      bytesAt(position, length) {
        const bytes = Buffer.alloc(length)
        readSync(descriptor, bytes, 0, length, position)
        return bytes
      },
    })
  } finally {
    closeSync(descriptor)
  }
}
