/** `npm run copy-store -- FROM TO`: a compact copy of a store on disk, also while services run on it. */
import { chmodSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { DATA_FILE, makeFolder } from './store/disk-file.ts'
import { openDiskTables } from './store/disk-tables.ts'
import { StoreSettingError } from './store/store-setting-error.ts'

const [from, to, ...more] = process.argv.slice(2)

try {
  if (from === undefined || to === undefined || more.length > 0)
    throw new StoreSettingError('npm run copy-store -- FROM TO')
  await copy(from, to)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}

async function copy(source: string, target: string): Promise<void> {
  if (!existsSync(join(source, DATA_FILE))) throw new StoreSettingError(`${source} has no store in it`)
  if (existsSync(join(target, DATA_FILE))) throw new StoreSettingError(`${target} has a store in it already`)
  makeFolder(target)
  const { root } = await openDiskTables(source)
  await root.backup(target, true)
  await root.close()
  chmodSync(join(target, DATA_FILE), 0o600)
}
