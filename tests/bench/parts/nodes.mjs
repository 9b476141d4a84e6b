import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '../nodes')

/**
 * Runs this bench again on another Node, everything that it starts included: the service, the peers and the load.
 * @param major as in `nodes/package.json`
 * @returns its exit code
 */
export async function runOnNode(major, script, args) {
  const program = join(FOLDER, `node_modules/node-${major}/bin/node`)
  if (!existsSync(program)) install(major)
  const bench = spawn(program, [script, ...args], { stdio: 'inherit' })
  // It ends what it started.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => bench.kill(signal))
  const [code] = await once(bench, 'exit')
  return code ?? 1
}

function install(major) {
  const { dependencies } = JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8'))
  if (!(`node-${major}` in dependencies)) {
    const known = Object.keys(dependencies).map((name) => name.replace('node-', ''))
    throw new Error(`--node is one of ${known.join(', ')}; to measure on another, run the bench with it`)
  }
  const words = ['ci', '--ignore-scripts', '--no-audit', '--no-fund']
  execFileSync('npm', words, { cwd: FOLDER, stdio: ['ignore', 'ignore', 'inherit'] })
}
