import { brief, logarithmic } from './scales.mjs'
import { MARGIN, mark, picture, TOP, text, WIDTH } from './svg.mjs'

const LABELS = 190
const RATIOS = 108
const PITCH = 58
/** For the figure before the first dot, and the one behind the last. */
const FIGURE = 44
const HEAD = TOP + 16

/**
 * How long something takes, by case: from the median (a dot) to the slowest of a hundred (a ring), ours above theirs.
 * @param cases `label`, `note`, and for `ours` and `theirs` `p50` and `p99` in milliseconds; what they are to each other,
 *   as it was measured round by round, is `ratios`
 */
export function spans({ title, reading, ours, theirs, cases }) {
  const [left, right] = [MARGIN + LABELS, WIDTH - MARGIN - RATIOS]
  const all = cases.flatMap((one) => [one.ours, one.theirs]).flatMap(({ p50, p99 }) => [p50, p99])
  const range = { least: Math.min(...all), most: Math.max(...all), from: left + FIGURE, to: right - FIGURE }
  const { ticks, place } = logarithmic(range)
  const bottom = HEAD + 12 + PITCH * cases.length
  const grid = ticks.flatMap((tick) => [
    mark('line', { class: 'grid', x1: place(tick), x2: place(tick), y1: HEAD + 8, y2: bottom }),
    text({ x: place(tick), y: bottom + 20, words: `${brief(tick)} ms`, kind: 'soft', anchor: 'middle' }),
  ])
  const rows = cases.flatMap((one, at) => caseOf(one, { y: HEAD + 12 + PITCH * at + PITCH / 2, place }))
  return picture({
    title,
    reading,
    description: cases.map((one) => describe(one, ours, theirs)).join(' '),
    height: bottom + 38,
    marks: [...grid, ...legend(ours, theirs), ...rows],
  })
}

function legend(ours, theirs) {
  const y = HEAD - 14
  return [
    mark('circle', { class: 'ours', cx: MARGIN + 6, cy: y, r: 5 }),
    text({ x: MARGIN + 18, y: y + 5, words: ours, kind: 'strong' }),
    mark('circle', { class: 'other', cx: MARGIN + 106, cy: y, r: 5 }),
    text({ x: MARGIN + 118, y: y + 5, words: theirs }),
    mark('circle', { class: 'other', cx: MARGIN + LABELS + 50, cy: y, r: 5 }),
    text({ x: MARGIN + LABELS + 62, y: y + 5, words: 'p50, the middle', kind: 'soft' }),
    mark('circle', { class: 'ring other', cx: MARGIN + LABELS + 180, cy: y, r: 4 }),
    text({ x: MARGIN + LABELS + 192, y: y + 5, words: 'p99, one in a hundred is slower', kind: 'soft' }),
    text({ x: WIDTH - MARGIN, y: y + 5, words: 'ratios', kind: 'soft', anchor: 'end' }),
  ]
}

function caseOf({ label, note, ours, theirs, ratios }, { y, place }) {
  const ratio = `${ratios.p50.toFixed(2)}, ${ratios.p99.toFixed(2)}`
  return [
    text({ x: MARGIN, y: y - 3, words: label }),
    text({ x: MARGIN, y: y + 14, words: note, kind: 'soft' }),
    ...spanOf(ours, { y: y - 10, place, kind: 'ours' }),
    ...spanOf(theirs, { y: y + 10, place, kind: 'other' }),
    text({ x: WIDTH - MARGIN, y: y + 5, words: ratio, anchor: 'end' }),
  ]
}

function spanOf({ p50, p99 }, { y, place, kind }) {
  const [from, to] = [place(p50), place(p99)]
  return [
    mark('line', { class: `way ${kind}`, x1: from, x2: to, y1: y, y2: y }),
    mark('circle', { class: kind, cx: from, cy: y, r: 5 }),
    mark('circle', { class: `ring ${kind}`, cx: to, cy: y, r: 4 }),
    text({ x: from - 10, y: y + 4, words: brief(p50), kind: 'soft figure', anchor: 'end' }),
    text({ x: to + 10, y: y + 4, words: brief(p99), kind: 'soft figure' }),
  ]
}

function describe({ label, note, ours, theirs, ratios }, ourName, theirName) {
  const each = ([name, { p50, p99 }]) => `${name} p50 ${brief(p50)} ms, p99 ${brief(p99)} ms`
  const both = [
    [ourName, ours],
    [theirName, theirs],
  ]
    .map(each)
    .join('; ')
  return `${label}, ${note}: ${both}; ratios ${ratios.p50.toFixed(2)} and ${ratios.p99.toFixed(2)}.`
}
