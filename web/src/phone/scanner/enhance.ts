/** Pixels as canvases have them, four bytes each. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly data: Uint8ClampedArray<ArrayBuffer>
}

/**
 * The picture in the full range of greys, with each pixel's own error averaged away: for what is dark or washed out.
 * That blurs a code's modules if they are smaller than three pixels: for those the picture itself is read.
 */
export function brightened(pixels: Pixels): Uint8ClampedArray<ArrayBuffer> {
  const greys = averaged(greysOf(pixels), pixels, 1)
  const [low, high] = rangeOf(greys)
  const gain = 255 / Math.max(1, high - low)
  return painted(greys, (grey) => (grey - low) * gain)
}

/** The picture with its edges back: for what is out of focus. Takes each pixel's distance from its neighbours sevenfold. */
export function sharpened(pixels: Pixels): Uint8ClampedArray<ArrayBuffer> {
  const greys = greysOf(pixels)
  // Two averages over squares come near to what a lens does.
  const blurred = averaged(averaged(greys, pixels, BLUR_REACH), pixels, BLUR_REACH)
  return painted(greys, (grey, at) => grey + SHARPNESS * (grey - (blurred[at] ?? 0)))
}

const BLUR_REACH = 3
const SHARPNESS = 6

/** Green is what a sensor sees best, and has twice as many pixels of. */
function greysOf({ width, height, data }: Pixels): Uint8Array {
  const greys = new Uint8Array(width * height)
  for (let at = 0; at < greys.length; at++) greys[at] = data[4 * at + 1] ?? 0
  return greys
}

function painted(greys: Uint8Array, brightness: (grey: number, at: number) => number): Uint8ClampedArray<ArrayBuffer> {
  const data = new Uint8ClampedArray(greys.length * 4)
  for (let at = 0; at < greys.length; at++) {
    const value = brightness(greys[at] ?? 0, at)
    data[4 * at] = value
    data[4 * at + 1] = value
    data[4 * at + 2] = value
    data[4 * at + 3] = 255
  }
  return data
}

/** The range in which all greys lie, but for the darkest and the brightest hundredth. */
function rangeOf(greys: Uint8Array): readonly [number, number] {
  const counts = new Uint32Array(256)
  for (const grey of greys) counts[grey] = (counts[grey] ?? 0) + 1
  const few = greys.length / 100
  const firstPast = (order: readonly number[]) => {
    let seen = 0
    return order.find((grey) => {
      seen += counts[grey] ?? 0
      return seen > few
    })
  }
  return [firstPast(upwards) ?? 0, firstPast(downwards) ?? 255]
}

const upwards = Array.from({ length: 256 }, (_, grey) => grey)
const downwards = [...upwards].reverse()

/** Each pixel as the average of the square around it, reaching so far on each side. Edges go on beyond the picture. */
function averaged(greys: Uint8Array, { width, height }: Pixels, reach: number): Uint8Array {
  const across = new Uint8Array(greys.length)
  for (let row = 0; row < height; row++) averageLine(greys, across, row * width, 1, width, reach)
  const both = new Uint8Array(greys.length)
  for (let column = 0; column < width; column++) averageLine(across, both, column, width, height, reach)
  return both
}

/** A running sum takes in one pixel and lets go of one with each step: the work is the same for any reach. */
function averageLine(from: Uint8Array, to: Uint8Array, start: number, step: number, length: number, reach: number) {
  const last = length - 1
  const at = (index: number) => from[start + step * Math.max(0, Math.min(index, last))] ?? 0
  const share = 1 / (2 * reach + 1)
  let sum = 0
  for (let index = -reach; index <= reach; index++) sum += at(index)
  for (let index = 0; index < length; index++) {
    to[start + step * index] = sum * share + 0.5
    sum += at(index + reach + 1) - at(index - reach)
  }
}
