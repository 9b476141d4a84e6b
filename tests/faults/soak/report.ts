import { figuresOf } from '../driver/figures.ts'
import type { Phase } from '../stage/run.ts'
import type { CrowdFigures } from './tally.ts'

const MOST_SHOWN = 3

/** How many polls a crowd has made. */
export function polls({ replies, begun }: CrowdFigures): number {
  return Object.values(replies).reduce((sum, count) => sum + count, 0) - begun
}

export function tellPhases(phases: readonly Phase[]): void {
  for (const { fault, played, starved } of phases) {
    const { logins, waits } = figuresOf(played)
    console.log(
      `${fault}: ${logins} logins; confirm to session ${waits.median} ms, p99 ${waits.p99}, at most ${waits.longest}`,
    )
    if (starved.length > 0) console.log(`  ${starved.length} confirmed and refused in peace until its time was over`)
    for (const lines of starved.slice(0, MOST_SHOWN)) console.log(lines.replace(/^/gm, '    '))
  }
  const all = [...new Set(phases.flatMap(({ played }) => played))]
  const { logins, calls, signedIn, denied, replies } = figuresOf(all)
  console.log(`in all ${logins} logins, ${signedIn} signed in, ${denied} denied; ${calls} calls: ${shown(replies)}`)
}

export function tellCrowd({ begun, ended, outdated, lost, replies }: CrowdFigures): void {
  console.log(
    `who waited: ${begun} logins begun, ${ended} to their end, ${outdated} not told of a new code, ${lost} lost; ${shown(replies)}`,
  )
}

export function shown(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([kind, count]) => `${kind}: ${count}`)
    .join(', ')
}
