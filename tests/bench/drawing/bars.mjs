import { brief, linear, whole } from './scales.mjs'
import { bar, MARGIN, mark, picture, TOP, text, WIDTH } from './svg.mjs'

const LABELS = 236
const PITCH = 46
const THICK = 22
/** Room for the figure at the end of the longest bar. */
const FIGURE = 64

/**
 * Lying bars from 0 on, the longest first, each with its figure.
 * @param unit of the figures, behind each
 * @param rows `label`, `note` below it, `value`, and whether it `isOurs`
 * @param goal a value, and whether ours is to lie `above` or `below` it
 */
export function bars({ title, reading, unit, rows, goal }) {
  const sorted = [...rows].sort((one, other) => other.value - one.value)
  const [left, right] = [MARGIN + LABELS, WIDTH - MARGIN]
  const most = Math.max(...rows.map(({ value }) => value), goal?.value ?? 0)
  const { ticks, place } = linear({ most, from: left, to: right - FIGURE })
  const bottom = TOP + PITCH * rows.length
  const grid = ticks.flatMap((tick) => [
    mark('line', { class: tick === 0 ? 'axis' : 'grid', x1: place(tick), x2: place(tick), y1: TOP, y2: bottom }),
    text({ x: place(tick), y: bottom + 20, words: `${whole(tick)}${unit}`, kind: 'soft', anchor: 'middle' }),
  ])
  const marks = sorted.flatMap((row, at) => barOf(row, { y: TOP + PITCH * at + PITCH / 2, left, place, unit }))
  return picture({
    title,
    reading,
    description: describe(sorted, unit, goal),
    height: bottom + 38,
    marks: [...grid, ...(goal ? goalAt(goal, place, unit, bottom) : []), ...marks],
  })
}

function barOf({ label, note, value, isOurs }, { y, left, place, unit }) {
  const kind = isOurs ? 'ours' : 'other'
  return [
    text({ x: MARGIN, y: note ? y - 3 : y + 5, words: label, kind: isOurs ? 'strong' : '' }),
    ...(note ? [text({ x: MARGIN, y: y + 14, words: note, kind: 'soft' })] : []),
    bar({ x: left, y: y - THICK / 2, width: Math.max(place(value) - left, 2), height: THICK, kind }),
    text({ x: place(value) + 8, y: y + 5, words: `${brief(value)}${unit}`, kind: isOurs ? 'figure strong' : 'figure' }),
  ]
}

function goalAt({ value, wanted }, place, unit, bottom) {
  const x = place(value)
  return [
    mark('line', { class: 'goal', x1: x, x2: x, y1: TOP - 6, y2: bottom }),
    text({ x, y: TOP - 12, words: `goal: ${wanted} ${whole(value)}${unit}`, kind: 'soft', anchor: 'middle' }),
  ]
}

function describe(rows, unit, goal) {
  const each = rows.map(({ label, note, value }) => `${label}${note ? ` (${note})` : ''}: ${brief(value)}${unit}`)
  const end = goal ? ` The goal was ${goal.wanted} ${whole(goal.value)}${unit}.` : ''
  return `${each.join('; ')}.${end}`
}
