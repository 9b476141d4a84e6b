import type { Page } from 'playwright-core'
import type { Place } from './look.ts'

/**
 * Two ways to see that a page is broken. Where its parts are, by their names: one that is missing or has moved is named. And
 * a coarse picture, of one colour for each cell: what has no name, or another colour. Both forgive what another version of the
 * same letters does.
 */

/** Edge of a cell, in CSS pixels. */
const CELL = 12
/** How far a part may have moved, or grown. */
const FORGIVEN_PX = 6
/** By how much a cell's red, green or blue may be another one. */
const FORGIVEN_COLOUR = 20
/** The same where nothing is but ground, in both pictures: letters are never drawn there, so a ground is as it was or another. */
const FORGIVEN_GROUND = 2
/** Which share of cells may be other ones. */
const FORGIVEN_SHARE = 0.002

/** As it is kept: a line a part. */
export const written = (places: readonly Place[]): string =>
  places.map(({ part, box }) => `${part} ${box.join(' ')}\n`).join('')

export function read(text: string): Place[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [part = '', ...box] = line.split(' ')
      const [left = 0, top = 0, width = 0, height = 0] = box.map(Number)
      return { part, box: [left, top, width, height] }
    })
}

/** @returns in words what is not where it was */
export function moved(before: readonly Place[], after: readonly Place[]): string[] {
  const [left, right] = [byPart(before), byPart(after)]
  const names = [...new Set([...left.keys(), ...right.keys()])]
  return names.flatMap((name) => {
    const [was = [], is = []] = [left.get(name), right.get(name)]
    if (was.length !== is.length) return [`${name}: there ${timesWords(was.length)}, now ${timesWords(is.length)}`]
    return was.flatMap(({ box }, at) => {
      const now = is[at]?.box ?? box
      const isNear = box.every((value, side) => Math.abs(value - (now[side] ?? 0)) <= FORGIVEN_PX)
      return isNear ? [] : [`${name}: was at ${box.join(' ')}, is at ${now.join(' ')}`]
    })
  })
}

const timesWords = (times: number) => (times === 1 ? 'once' : `${times} times`)

function byPart(places: readonly Place[]): Map<string, Place[]> {
  const found = new Map<string, Place[]>()
  for (const place of places) found.set(place.part, [...(found.get(place.part) ?? []), place])
  return found
}

/** @param canvas an empty page to draw in. @returns the coarse picture, a PNG */
export async function coarse(canvas: Page, picture: Buffer): Promise<Buffer> {
  return Buffer.from(await canvas.evaluate(shrink, { picture: picture.toString('base64'), cell: CELL }), 'base64')
}

/** @returns in words where cells have other colours, if so many have that it is not the letters */
export async function recoloured(canvas: Page, before: Buffer, after: Buffer): Promise<string[]> {
  const pictures = [before, after].map((picture) => picture.toString('base64'))
  const { sizes, cells, differing, box } = await canvas.evaluate(differences, {
    pictures,
    forgiven: FORGIVEN_COLOUR,
    forgivenGround: FORGIVEN_GROUND,
  })
  if (sizes[0] !== sizes[1]) return [`the page was ${sizes[0]} cells large, is ${sizes[1]}`]
  if (differing <= cells * FORGIVEN_SHARE) return []
  return [`${differing} of ${cells} cells have another colour, between ${box.map((at) => at * CELL).join(' ')}`]
}

/** In an empty page. Each colour of a cell is the mean of its pixels'. */
async function shrink({ picture, cell }: { picture: string; cell: number }): Promise<string> {
  const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${picture}`)).blob())
  // Read once: a getter that is asked for each pixel takes a hundred times as long as all the rest.
  const { width, height } = bitmap
  const whole = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })
  const small = new OffscreenCanvas(Math.ceil(width / cell), Math.ceil(height / cell))
  const into = small.getContext('2d')
  if (whole === null || into === null) throw new Error('there is no canvas')
  whole.drawImage(bitmap, 0, 0)
  const { data } = whole.getImageData(0, 0, width, height)
  const means = into.createImageData(small.width, small.height)
  const meanOf = (left: number, top: number, part: number) => {
    const [right, bottom] = [Math.min(left + cell, width), Math.min(top + cell, height)]
    let sum = 0
    for (let y = top; y < bottom; y++) {
      for (let at = (y * width + left) * 4 + part, end = (y * width + right) * 4; at < end; at += 4)
        sum += data[at] ?? 0
    }
    return Math.round(sum / ((right - left) * (bottom - top)))
  }
  let to = 0
  for (let top = 0; top < height; top += cell) {
    for (let left = 0; left < width; left += cell) {
      for (let part = 0; part < 4; part++) means.data[to++] = meanOf(left, top, part)
    }
  }
  into.putImageData(means, 0, 0)
  const bytes = new Uint8Array(await (await small.convertToBlob({ type: 'image/png' })).arrayBuffer())
  return btoa(String.fromCharCode(...bytes))
}

interface Compared {
  pictures: string[]
  forgiven: number
  forgivenGround: number
}

/** In an empty page. */
async function differences({ pictures, forgiven, forgivenGround }: Compared) {
  const both = await Promise.all(
    pictures.map(async (picture) => {
      const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${picture}`)).blob())
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')
      canvas?.drawImage(bitmap, 0, 0)
      return canvas?.getImageData(0, 0, bitmap.width, bitmap.height) ?? new ImageData(1, 1)
    }),
  )
  const [one, other] = both
  if (one === undefined || other === undefined) throw new Error('there are two pictures')
  const { width } = one
  const furthest = (data: ImageData['data'], at: number, from: ImageData['data'], there: number) =>
    Math.max(...[0, 1, 2].map((part) => Math.abs((data[at + part] ?? 0) - (from[there + part] ?? 0))))
  // Of the colour of all cells around it: what has moved by less than a cell is no ground, where it was and where it is.
  const around = [-1, 0, 1].flatMap((down) => [-1, 0, 1].map((right) => (down * width + right) * 4))
  const isGround = ({ data }: ImageData, at: number) =>
    around.every((step) => data[at + step] === undefined || furthest(data, at, data, at + step) <= 1)
  let differing = 0
  let box = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0]
  for (let at = 0; at < one.data.length; at += 4) {
    const by = furthest(one.data, at, other.data, at)
    if (by <= forgivenGround || (by <= forgiven && !(isGround(one, at) && isGround(other, at)))) continue
    differing++
    const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)]
    box = [
      Math.min(box[0] ?? x, x),
      Math.min(box[1] ?? y, y),
      Math.max(box[2] ?? x, x + 1),
      Math.max(box[3] ?? y, y + 1),
    ]
  }
  return { sizes: both.map(({ width, height }) => `${width} × ${height}`), cells: one.data.length / 4, differing, box }
}
