import { median } from './statistics.mjs'

/** Nobody would notice a smaller difference, however certain it is. */
const WORTH_SAYING = 0.02
/** How often a verdict may come about by chance alone. */
const CHANCE = 0.05

/**
 * Whether something costs more or less than it did. Each ratio is of two processes that were started anew and measured
 * in turn. If nothing has changed, each lies above or below 1 like a tossed coin. So the true median's interval is
 * known, however the ratios scatter (the sign test). A verdict needs an interval without 1: with six ratios, all six on
 * one side.
 * @param ratios of what it costs now to what it cost, one a start
 * @returns `ratio`, their median; `from` and `to`, between which the true one lies; and `verdict`
 */
export function verdictOn(ratios) {
  const sorted = [...ratios].sort((one, other) => one - other)
  const ratio = median(sorted)
  const left = howManyToLeave(sorted.length)
  if (left < 0) return { ratio, from: 0, to: Number.POSITIVE_INFINITY, verdict: 'unknown' }
  const [from, to] = [sorted[left], sorted[sorted.length - 1 - left]]
  return { ratio, from, to, verdict: wordFor({ ratio, from, to }) }
}

function wordFor({ ratio, from, to }) {
  if (Math.abs(ratio - 1) < WORTH_SAYING) return 'same'
  if (to < 1) return 'better'
  return from > 1 ? 'worse' : 'same'
}

/** How many ratios the interval leaves out at each end. -1: there are too few to say anything. */
function howManyToLeave(count) {
  let left = -1
  let ways = 1
  let chance = 2 / 2 ** count
  while (chance <= CHANCE && left < count) {
    left++
    ways *= (count - left) / (left + 1)
    chance += (2 * ways) / 2 ** count
  }
  return left
}
