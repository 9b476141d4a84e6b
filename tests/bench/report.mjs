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
  console.log(`\n### ${title}\n`)
  console.log(tableOf(rows))
}

/** A Markdown table, with words for the names of what the rows have. */
export function tableOf(rows) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const line = (cells) => `| ${cells.join(' | ')} |`
  const lines = rows.map((row) => line(names.map((name) => shown(row[name]))))
  return [line(names.map(wordsFor)), line(names.map(() => '---')), ...lines].join('\n')
}

/** Words for names that the rule below would spell badly. */
const WORDS = {
  perSecond: 'a second',
  ofFloor: 'of the floor',
  ofConstant: 'of the constant',
  ofBetterAuth: 'of better-auth',
  ofFloorCpu: "of the floor's processor",
  ofCreationCpu: "of a creation's processor",
  usage: '`MEMORY USAGE`',
}

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** `p99Ms` is "p99, ms", `bytesAReply` "bytes a reply", `redisCpuMicros` "Redis processor, µs". Words stay as they are. */
function wordsFor(name) {
  if (/\W/.test(name)) return name
  return (
    WORDS[name] ??
    name
      .replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
      .replace(/ (ms|micros|percent|megabytes)$/, (_all, unit) => `, ${UNITS[unit]}`)
      .replace(/\bcpu\b/, 'processor')
      .replace(/\bredis\b/, 'Redis')
      .replace(/\bper second\b/, 'a second')
  )
}

const UNITS = { ms: 'ms', micros: 'µs', percent: '%', megabytes: 'MB' }

function shown(value) {
  if (Array.isArray(value)) return value.map(shown).join(', ')
  if (typeof value !== 'number') return String(value ?? '')
  return Math.abs(value) >= 100 ? number.format(value) : String(rounded(value))
}
