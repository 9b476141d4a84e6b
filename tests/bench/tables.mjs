import { goalsSeen } from './goals.mjs'
import { measurements } from './measurements.mjs'
import { millionWaiting } from './parts/million.mjs'
import { tableOf } from './report.mjs'

const PLACE = /(<!-- bench: (\S+) -->\n)[\s\S]*?(<!-- end -->)/g

/**
 * The document with the tables of a run, each between its own `<!-- bench: NAME -->` and the next `<!-- end -->`. Names are
 * those of measurements, and of what is put together below.
 */
export function withTables(document, run) {
  return document.replaceAll(PLACE, (_all, start, name, end) => {
    const rows = TOGETHER[name]?.(run) ?? rowsOf(name, run)
    return `${start}${tableOf(rows)}\n${end}`
  })
}

const TOGETHER = {
  circumstances: ({ circumstances: { at, ...others } }) => [{ at: at.replace(/T(.{5}).*/, ' $1 UTC'), ...others }],
  goals: ({ figures }) => goalsSeen(figures),
  million: ({ figures }) => millionWaiting(figures),
}

function rowsOf(name, { figures, quick }) {
  const measurement = measurements(quick).find((one) => one.name === name)
  if (!(measurement && name in figures)) throw new Error(`the run has no ${name}`)
  return measurement.rowsOf(figures[name])
}
