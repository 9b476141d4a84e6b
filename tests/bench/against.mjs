import { measureSideBySide } from './measures/comparison.mjs'
import { build, checkOut } from './parts/checkout.mjs'
import { ROOT } from './parts/service.mjs'
import { median, rounded } from './parts/statistics.mjs'
import { verdictOn } from './parts/verdict.mjs'
import { printTable } from './report.mjs'

/**
 * Compares this checkout, as it stands, with another version.
 * @returns whether it is worse in something
 */
export async function compareWith(ref, { starts }) {
  const [other] = await Promise.all([checkOut(ref), build(ROOT)])
  const measured = await measureSideBySide([ROOT, other], { starts })
  const rows = measured.map(({ name, byStart }) => ({ name, ...rowOf(byStart) }))
  printTable(`Beside ${ref}: what it costs, ${starts} starts of each`, rows)
  return rows.some(({ verdict }) => verdict === 'worse')
}

function rowOf(byStart) {
  const { ratio, from, to, verdict } = verdictOn(byStart.map(([own, other]) => own / other))
  return {
    here: median(byStart.map(([own]) => own)),
    there: median(byStart.map(([, other]) => other)),
    ratio,
    between: `${rounded(from)} and ${rounded(to)}`,
    verdict,
  }
}
