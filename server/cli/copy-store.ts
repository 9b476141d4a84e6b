import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DATA_FILE, makeFolder } from '../store/disk-file.ts'
import { openDiskTables } from '../store/disk-tables.ts'
import { StoreSettingError } from '../store/store-setting-error.ts'
import { sync } from './replace-file.ts'
import { type Command, UsageError } from './terminal.ts'

/** A compact copy of a store on disk, also while services run on it. It is there wholly or not at all. */
export const copyStore: Command = async ([source, target, ...more]) => {
  if (source === undefined || target === undefined || more.length > 0) throw new UsageError('From where, and to where?')
  if (!existsSync(join(source, DATA_FILE))) throw new StoreSettingError(`${source} has no store in it`)
  if (existsSync(join(target, DATA_FILE))) throw new StoreSettingError(`${target} has a store in it already`)
  makeFolder(target)
  const { root } = await openDiskTables(source)
  // Nobody else may look into this folder: LMDB makes files that others can read, and these have keys in them at once.
  const unfinished = mkdtempSync(join(target, '.copy-'))
  try {
    await root.backup(unfinished, true)
    chmodSync(join(unfinished, DATA_FILE), 0o600)
    // LMDB leaves writing the copy out to the system: it has to be on the disk before somebody deletes an older one.
    await sync(join(unfinished, DATA_FILE))
    renameSync(join(unfinished, DATA_FILE), join(target, DATA_FILE))
    await sync(target)
    await sync(dirname(resolve(target)))
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
    await root.close()
  }
}
