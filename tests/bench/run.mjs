// npm run bench: everything that docs/performance.md states, measured in one run on this machine.
//   node tests/bench/run.mjs [--node 22|24|26] [--quick] [--json FILE] [--only NAME,NAME]
//   (publish.mjs makes that document's tables and pictures of FILE)
//   node tests/bench/run.mjs [--node 22|24|26] --against REF [--quick]: better, same or worse than another version
// It starts its own Redis, service and peers on loopback, on free ports, and ends them by itself.
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runOnNode } from './parts/nodes.mjs'

const HERE = import.meta.dirname
const { values: options } = parseArgs({
  options: {
    node: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    only: { type: 'string' },
    against: { type: 'string' },
  },
})

install()
if (options.node) process.exit(await runOnNode(options.node, import.meta.filename, argumentsWithoutNode()))
const { measurements } = await import('./measurements.mjs')
const { circumstances, printTable } = await import('./report.mjs')
const { goalsSeen } = await import('./goals.mjs')
const { stopAll } = await import('./parts/processes.mjs')

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopAll().then(() => process.exit(130)))

if (options.against) {
  const { compareWith } = await import('./against.mjs')
  const isWorse = await compareWith(options.against, { starts: options.quick ? 6 : 12 }).finally(stopAll)
  printTable('Circumstances', [circumstances()])
  process.exit(isWorse ? 1 : 0)
}

const results = { circumstances: circumstances(), quick: options.quick, figures: {}, failures: {} }
const wanted = options.only?.split(',')
try {
  for (const { name, title, measure, rowsOf } of measurements(options.quick)) {
    if (wanted && !wanted.includes(name)) continue
    try {
      results.figures[name] = await measure()
      printTable(title, rowsOf(results.figures[name]))
    } catch (error) {
      results.failures[name] = error.message
      console.error(`\n### ${title}\n\nnot measured: ${error.stack}`)
      await stopAll()
    }
  }
} finally {
  await stopAll()
}
results.circumstances.loadAfter = loadavg().map((load) => Number(load.toFixed(2)))
printTable('Circumstances', [results.circumstances])
if (!wanted) printTable('Goals, which are for a whole run on Node 24', goalsSeen(results.figures))
if (options.json) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`)
process.exit(Object.keys(results.failures).length > 0 ? 1 : 0)

/** The arguments for the same run on the Node that was named, without that name. */
function argumentsWithoutNode() {
  const args = process.argv.slice(2)
  const at = args.findIndex((word) => word.startsWith('--node'))
  args.splice(at, args[at] === '--node' ? 2 : 1)
  return args
}

/** The service has to be built, and the peers installed: into this folder, where users of ScanIn never look. */
function install() {
  const root = process.env.BENCH_ROOT ?? join(HERE, '../..')
  const run = (cwd, ...words) => execFileSync('npm', words, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
  if (!existsSync(join(HERE, 'node_modules'))) run(HERE, 'ci', '--ignore-scripts', '--no-audit', '--no-fund')
  if (!existsSync(join(root, 'dist/server/main.js'))) run(root, 'run', 'build')
}
