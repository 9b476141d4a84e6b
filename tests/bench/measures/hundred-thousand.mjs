// A hundred thousand browsers on one core, by hand:
//   node tests/bench/measures/hundred-thousand.mjs [BROWSERS] [MINUTES] [--node 24] [--instances N] [--store disk] [--shared]
// Each has a connection of its own, from 127.0.0.2 and on; that takes `ulimit -n` of more than there are browsers. Where it
// is less, --instances N spreads them over so many services on that core, and --shared lets connections share a real one
// (servers/shared-lane.mjs). The store is a Redis on the load's core; with --store disk it is a STORE_PATH.
import { parseArgs } from 'node:util'
import { runOnNode } from '../parts/nodes.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string' },
    instances: { type: 'string', default: '1' },
    store: { type: 'string', default: 'redis' },
    shared: { type: 'boolean', default: false },
  },
})
if (values.node) {
  const args = process.argv.slice(2).filter((word, at, all) => word !== '--node' && all[at - 1] !== '--node')
  process.exit(await runOnNode(values.node, import.meta.filename, args))
}

const { overload } = await import('../parts/overload.mjs')
const { stopAll } = await import('../parts/processes.mjs')
const { circumstances, printTable } = await import('../report.mjs')
const [browsers = 100_000, minutes = 5] = positionals.map(Number)

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopAll().then(() => process.exit(130)))

const samples = []
const result = await overload({
  browsers,
  instances: Number(values.instances),
  store: values.store,
  isLaneShared: values.shared,
  // A thousand a second, as long as that is no shorter than a page takes to be opened.
  arriveOverMs: Math.max(10_000, browsers),
  settleMs: 15_000,
  signIn: { perSecond: 20, seconds: minutes * 60 },
  leaving: [
    { stay: Math.floor(browsers / 2), seconds: 60 },
    { stay: Math.floor(browsers / 10), seconds: 60 },
  ],
  onSample(sample) {
    samples.push(sample)
    console.error(JSON.stringify(sample))
  },
})
printTable('Circumstances', [circumstances()])
printTable('Over time', samples)
console.log(JSON.stringify(result, null, 2))
