import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const made = []
process.once('exit', () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true })
})

/** A folder that is gone with this process. @returns its path */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-bench-'))
  made.push(folder)
  return folder
}
