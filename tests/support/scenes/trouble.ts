import type { Frame, Pose } from './projection.ts'
import { between, normal, seeded } from './seeded.ts'

/** What comes between a code and its picture. Lengths in pixels of the camera. */
export interface Trouble {
  /** Out of focus: the spread of a Gaussian, as CSS's `blur()` has it. */
  blur?: number
  /** How far the hand moved while the shutter was open. */
  motion?: number
  /** How much of the light over a quarter of the code is a lamp's, 0 to 1. */
  glare?: number
  /** How much of the light reaches the sensor, 0 to 1, and how much greyness comes with it. */
  exposure?: number
  haze?: number
  /** The spread of each pixel's own error. */
  noise?: number
}

/** The frame as a camera hands it over, in RGBA. */
export function develop(frame: Frame, pose: Pose, trouble: Trouble, seed: number): Uint8ClampedArray<ArrayBuffer> {
  const random = seeded(seed ^ 0x701b1e)
  let { light } = frame
  if (trouble.glare) light = withGlare(frame, pose, trouble.glare, random)
  if (trouble.motion) light = moved({ ...frame, light }, trouble.motion, between(random, 0, Math.PI))
  if (trouble.blur) light = blurred({ ...frame, light }, trouble.blur)
  const { exposure = 1, haze = 0, noise = 1.5 } = trouble
  const errors = Float32Array.from({ length: 4096 }, () => noise * normal(random))
  const picture = new Uint8ClampedArray(light.length * 4)
  for (let at = 0; at < light.length; at++) {
    const value = (light[at] ?? 0) * exposure + haze + (errors[(random() * 4096) | 0] ?? 0)
    const to = at * 4
    picture[to] = value
    picture[to + 1] = value
    picture[to + 2] = value
    picture[to + 3] = 255
  }
  return picture
}

/** A lamp's reflection in the glass, brightest in its middle, over a corner of the code. */
function withGlare({ width, height, light }: Frame, pose: Pose, strength: number, random: () => number): Float32Array {
  const lit = light.slice()
  const cx = width / 2 + pose.x + pose.side * 0.25 * (random() < 0.5 ? -1 : 1)
  const cy = height / 2 + pose.y + pose.side * 0.25 * (random() < 0.5 ? -1 : 1)
  const radius = pose.side * 0.28
  for (let at = 0; at < lit.length; at++) {
    const distance = Math.hypot((at % width) - cx, Math.floor(at / width) - cy) / radius
    const share = strength * Math.min(1, Math.max(0, (1.35 - distance) / 0.7))
    lit[at] = (lit[at] ?? 0) * (1 - share) + 255 * share
  }
  return lit
}

function moved({ width, height, light }: Frame, length: number, angle: number): Float32Array {
  const steps = Math.max(2, Math.ceil(length * 2))
  const offsets = Array.from({ length: steps }, (_, step) => {
    const along = ((step + 0.5) / steps - 0.5) * length
    return Math.round(Math.sin(angle) * along) * width + Math.round(Math.cos(angle) * along)
  })
  const smeared = new Float32Array(light.length)
  for (let at = 0; at < light.length; at++) {
    let sum = 0
    for (const offset of offsets) sum += light[Math.min(Math.max(at + offset, 0), width * height - 1)] ?? 0
    smeared[at] = sum / steps
  }
  return smeared
}

/** A Gaussian, by rows and then by columns. */
function blurred(frame: Frame, spread: number): Float32Array {
  const reach = Math.ceil(spread * 3)
  const weights = Array.from({ length: 2 * reach + 1 }, (_, at) => Math.exp(-((at - reach) ** 2) / (2 * spread ** 2)))
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  const shares = Float32Array.from(weights, (weight) => weight / whole)
  const across = convolved(frame, shares, 1)
  return convolved({ ...frame, light: across }, shares, frame.width)
}

function convolved({ light }: Frame, shares: Float32Array, stride: number): Float32Array {
  const reach = (shares.length - 1) / 2
  const out = new Float32Array(light.length)
  for (let at = 0; at < light.length; at++) {
    let sum = 0
    for (let step = -reach; step <= reach; step++) {
      const from = Math.min(Math.max(at + step * stride, 0), light.length - 1)
      sum += (light[from] ?? 0) * (shares[step + reach] ?? 0)
    }
    out[at] = sum
  }
  return out
}
