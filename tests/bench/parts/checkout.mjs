import { execFile, execFileSync } from 'node:child_process'
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryFolder } from './folders.mjs'

const HERE = join(import.meta.dirname, '../../..')

/** Builds ScanIn in a folder. Fails with what the build has said. */
export async function build(root) {
  await promisify(execFile)('npm', ['run', 'build'], { cwd: root })
}

/** Another version of ScanIn, built in a folder of its own for as long as this process runs. @param ref as git knows it */
export async function checkOut(ref) {
  const git = (...words) => execFileSync('git', words, { cwd: HERE, stdio: ['ignore', 'ignore', 'inherit'] })
  const root = join(temporaryFolder(), 'scanin')
  git('worktree', 'add', '--quiet', '--detach', root, ref)
  process.once('exit', () => git('worktree', 'prune'))
  installIn(root)
  await build(root)
  return root
}

/** Installs a version's dependencies, or links ours where they are the same. */
function installIn(root) {
  const lockOf = (folder) => readFileSync(join(folder, 'package-lock.json'), 'utf8')
  if (lockOf(root) === lockOf(HERE)) symlinkSync(join(HERE, 'node_modules'), join(root, 'node_modules'))
  else execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
}
