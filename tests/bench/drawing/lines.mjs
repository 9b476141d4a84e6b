import { brief, linear, logarithmic, whole } from './scales.mjs'
import { MARGIN, mark, picture, TOP, text, WIDTH } from './svg.mjs'

const TALL = 170
const [LEFT, RIGHT] = [MARGIN + 48, WIDTH - MARGIN - 136]
const BOTTOM = TOP + TALL
/** The least distance between the names of lines that end near each other. */
const APART = 18

/**
 * Lines from 0 up, with their names where they end.
 * @param reading what the upright axis counts
 * @param across what the other one counts
 * @param isLogarithmic whether that one is: a step for ten times as many
 * @param lines `name`, `points` of `x` and `y` from left to right, and whether it `isOurs`
 */
export function lines({ title, reading, across, isLogarithmic = false, lines: ways }) {
  const all = ways.flatMap(({ points }) => points)
  const xs = [...new Set(all.map(({ x }) => x))].sort((one, other) => one - other)
  const ends = { least: xs[0], most: xs.at(-1), from: LEFT + 12, to: RIGHT - 12 }
  const placeX = isLogarithmic ? logarithmic(ends).place : evenly(xs)
  const upright = linear({ most: Math.max(...all.map(({ y }) => y)) * 1.05, from: BOTTOM, to: TOP, steps: 4 })
  const grid = upright.ticks.flatMap((tick) => {
    const y = upright.place(tick)
    return [
      mark('line', { class: tick === 0 ? 'axis' : 'grid', x1: LEFT, x2: RIGHT, y1: y, y2: y }),
      text({ x: LEFT - 8, y: y + 4, words: whole(tick), kind: 'soft', anchor: 'end' }),
    ]
  })
  const below = xs.map((x) => text({ x: placeX(x), y: BOTTOM + 20, words: whole(x), kind: 'soft', anchor: 'middle' }))
  const place = ({ x, y }) => ({ x: placeX(x), y: upright.place(y) })
  return picture({
    title,
    reading,
    description: ways.map(describe).join(' '),
    height: BOTTOM + 62,
    marks: [
      ...grid,
      ...below,
      text({ x: (LEFT + RIGHT) / 2, y: BOTTOM + 44, words: across, kind: 'soft', anchor: 'middle' }),
      ...ways.flatMap((way) => wayOf(way, all, place)),
      ...namesOf(ways, place),
    ],
  })
}

function wayOf({ points, isOurs }, all, place) {
  const kind = isOurs ? 'ours' : 'other'
  const places = points.map(place)
  const d = places.map(({ x, y }, at) => `${at === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('')
  const dots = places.map(({ x, y }) => mark('circle', { class: kind, cx: x, cy: y, r: 4 }))
  const figures = points.map((point) => {
    const isHighest = all.every(({ x, y }) => x !== point.x || y <= point.y)
    const { x, y } = place(point)
    return text({ x, y: y + (isHighest ? -11 : 21), words: brief(point.y), kind: 'soft figure', anchor: 'middle' })
  })
  return [...figures, mark('path', { class: `way ${kind}`, d }), ...dots]
}

function namesOf(ways, place) {
  const ends = ways
    .map(({ name, points, isOurs }) => ({ name, isOurs, ...place(points.at(-1)) }))
    .sort((one, other) => one.y - other.y)
  let above = Number.NEGATIVE_INFINITY
  return ends.map(({ name, isOurs, x, y }) => {
    above = Math.max(y, above + APART)
    return text({ x: x + 26, y: above + 5, words: name, kind: isOurs ? 'strong' : '' })
  })
}

function evenly(xs) {
  const step = (RIGHT - LEFT - 24) / Math.max(1, xs.length - 1)
  return (x) => LEFT + 12 + xs.indexOf(x) * step
}

function describe({ name, points }) {
  return `${name}: ${points.map(({ x, y }) => `${brief(y)} at ${whole(x)}`).join(', ')}.`
}
