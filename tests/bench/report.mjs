import { cpus, loadavg } from 'node:os'
import { NODE_OPTIONS } from './parts/service.mjs'
import { rounded } from './parts/statistics.mjs'

/** On what, when and beside what other load this was measured: a figure means nothing without. */
export function circumstances() {
  return {
    at: new Date().toISOString(),
    node: process.version,
    nodeOptions: NODE_OPTIONS.join(' ') || 'none',
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    loadBefore: loadavg().map((load) => rounded(load)),
  }
}

/** Prints a titled Markdown table of whatever the rows have. */
export function printTable(title, rows) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const line = (cells) => `| ${cells.join(' | ')} |`
  console.log(`\n### ${title}\n`)
  console.log(line(names))
  console.log(line(names.map(() => '---')))
  for (const row of rows) console.log(line(names.map((name) => shown(row[name]))))
}

function shown(value) {
  if (typeof value !== 'number') return String(value ?? '')
  return String(Math.abs(value) >= 100 ? Math.round(value) : rounded(value))
}
