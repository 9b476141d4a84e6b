/** `npm run copy-store -- FROM TO`: a compact copy of a store on disk, also while services run on it. */
import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openDiskTables } from './store/disk-tables.ts'
import { StoreSettingError } from './store/store-setting-error.ts'

const FILE = 'data.mdb'
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
  if (!existsSync(join(source, FILE))) throw new StoreSettingError(`${source} has no store in it`)
  if (existsSync(join(target, FILE))) throw new StoreSettingError(`${target} has a store in it already`)
  mkdirSync(target, { recursive: true, mode: 0o700 })
  const { root } = openDiskTables(source)
  await root.backup(target, true)
  await root.close()
  chmodSync(join(target, FILE), 0o600)
}
