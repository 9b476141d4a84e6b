import { between, seeded } from './seeded.ts'

/** What a camera sees, one number of brightness a pixel, 0 to 255. */
export interface Frame {
  width: number
  height: number
  light: Float32Array
}

/** A code on a screen before a pinhole camera. Angles in degrees, lengths in camera pixels. */
export interface Pose {
  /** The width of the code with its margin, were it straight before the camera. */
  side: number
  /** Turned about the camera's horizontal axis, its vertical one, and the line of sight. */
  pitch: number
  yaw: number
  roll: number
  /** Where its middle is, from the middle of the frame. */
  x: number
  y: number
}

/** What is shown: a square of modules with their margin, dark where `true`. */
export interface Code {
  size: number
  isDark: (column: number, row: number) => boolean
}

export interface Screen {
  /** Brightness of dark and light modules. */
  dark: number
  light: number
  /** How many pixels of the screen the code is wide, where they are to be seen: they make moiré with the camera's. */
  pixels?: number
  /** How much there is around the code that looks like one: lines of text, squares in squares. */
  clutter?: 'text' | 'dense'
}

export interface FrameSize {
  width: number
  height: number
}

/** What the page asks a camera for. */
export const FRAME: FrameSize = { width: 1280, height: 720 }
/** Of a phone's main camera, that sees about 66° of a room. */
const FOCAL_LENGTH = 1000
/** Samples a pixel and axis within the code, and in its neighbourhood. */
const SAMPLES = 4

type Vector = readonly [number, number, number]

/** Photographs the screen: each sample follows its ray to the screen's plane, or on to the wall behind. */
export function photograph(code: Code, pose: Pose, screen: Screen, seed: number, size: FrameSize): Frame {
  const { width, height } = size
  const distance = FOCAL_LENGTH / pose.side
  const [right, down, away] = axesOf(pose)
  const middle: Vector = [(pose.x / FOCAL_LENGTH) * distance, (pose.y / FOCAL_LENGTH) * distance, distance]
  const toPlane = middle[0] * away[0] + middle[1] * away[1] + middle[2] * away[2]
  const surface = createSurface(code, screen, seed)
  const wall = createWall(seed, size)
  const light = new Float32Array(width * height)

  // Where on the screen the last ray ended. Not returned: a picture has two million of them.
  let u = 0
  let v = 0
  const brightnessAt = (x: number, y: number): number => {
    const rx = (x - width / 2) / FOCAL_LENGTH
    const ry = (y - height / 2) / FOCAL_LENGTH
    const along = toPlane / (rx * away[0] + ry * away[1] + away[2])
    const px = rx * along - middle[0]
    const py = ry * along - middle[1]
    const pz = along - middle[2]
    u = along > 0 ? px * right[0] + py * right[1] + pz * right[2] : 9
    v = along > 0 ? px * down[0] + py * down[1] + pz * down[2] : 9
    return surface(u, v) ?? wall(x, y)
  }

  // A sensor's pixel sees by a part of its width, so that a fine pattern is not averaged away, but becomes moiré.
  const seen = screen.pixels === undefined ? 1 : 0.5
  const samples = Array.from({ length: SAMPLES }, (_, at) => 0.5 + ((at + 0.5) / SAMPLES - 0.5) * seen)
  const averageOver = (x: number, y: number): number => {
    let sum = 0
    for (const below of samples) for (const across of samples) sum += brightnessAt(x + across, y + below)
    return sum / SAMPLES ** 2
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const brightness = brightnessAt(x + 0.5, y + 0.5)
      const isNear = Math.abs(u) < 0.62 && Math.abs(v) < 0.62
      light[y * width + x] = isNear ? averageOver(x, y) : brightness
    }
  }
  return { width, height, light }
}

/** The screen's own axes, as the camera sees them: first turned about its own line of sight, then tilted. */
function axesOf({ pitch, yaw, roll }: Pose): readonly [Vector, Vector, Vector] {
  const radians = Math.PI / 180
  const [sp, cp] = [Math.sin(pitch * radians), Math.cos(pitch * radians)]
  const [sy, cy] = [Math.sin(yaw * radians), Math.cos(yaw * radians)]
  const [sr, cr] = [Math.sin(roll * radians), Math.cos(roll * radians)]
  const turned = ([x, y, z]: Vector): Vector => {
    const [x1, y1] = [cr * x - sr * y, sr * x + cr * y]
    const [y2, z2] = [cp * y1 - sp * z, sp * y1 + cp * z]
    return [cy * x1 + sy * z2, y2, -sy * x1 + cy * z2]
  }
  return [turned([1, 0, 0]), turned([0, 1, 0]), turned([0, 0, 1])]
}

/** The screen: a page around the code, a frame around that. Lengths are of the code's side, from its middle. */
function createSurface(code: Code, screen: Screen, seed: number) {
  const grid = screen.pixels === undefined ? undefined : pixelGrid(screen.pixels)
  const print = screen.clutter === undefined ? undefined : createPrint(screen, seed)
  const plain = (u: number, v: number): number | undefined => {
    if (Math.abs(u) < 0.5 && Math.abs(v) < 0.5) {
      const column = Math.floor((u + 0.5) * code.size)
      return code.isDark(column, Math.floor((v + 0.5) * code.size)) ? screen.dark : screen.light
    }
    if (Math.abs(u) > 1.45 || Math.abs(v) > 0.95) return Math.abs(u) < 1.55 && Math.abs(v) < 1.05 ? 24 : undefined
    return print?.(u, v) ?? screen.light * 0.96
  }
  return (u: number, v: number): number | undefined => {
    const brightness = plain(u, v)
    return brightness === undefined || grid === undefined ? brightness : brightness * grid(u, v)
  }
}

/** A screen's pixels, with less light between them, as far as a lens tells them apart. */
function pixelGrid(pixels: number) {
  return (u: number, v: number) =>
    0.65 + 0.22 * Math.cos(2 * Math.PI * pixels * u) + 0.13 * Math.cos(2 * Math.PI * pixels * v)
}

/** What stands beside a code: lines of text, or a chequered mass with squares like a code's corners. */
function createPrint({ clutter, dark, light }: Screen, seed: number) {
  const noise = hashed(seed)
  if (clutter === 'text') {
    return (u: number, v: number): number => {
      if (Math.abs(u) < 0.56 && Math.abs(v) < 0.56) return light
      const line = Math.floor(v * 22)
      const isBetween = v * 22 - line > 0.55
      return isBetween || noise(Math.floor(u * 90), line) < 0.4 ? light : dark
    }
  }
  return (u: number, v: number): number => {
    if (Math.abs(u) < 0.5 && Math.abs(v) < 0.5) return light
    const [column, row] = [Math.floor(u * 6), Math.floor(v * 6)]
    if (noise(column, row) < 0.35) {
      // Rings of 1:1:3:1:1, as the corners of a code have them.
      const ring = Math.max(Math.abs(u * 6 - column - 0.5), Math.abs(v * 6 - row - 0.5)) * 9
      return ring < 1.5 || (ring > 2.5 && ring < 3.5) ? dark : light
    }
    return noise(Math.floor(u * 48), Math.floor(v * 48)) < 0.5 ? dark : light
  }
}

/** A wall with a slope of light on it, and things that stand before it. */
function createWall(seed: number, { width, height }: FrameSize) {
  const random = seeded(seed ^ 0x5eed)
  const things = Array.from({ length: 14 }, () => ({
    x: between(random, -100, width),
    y: between(random, -100, height),
    width: between(random, 30, 300),
    height: between(random, 20, 220),
    brightness: between(random, 20, 220),
  }))
  return (x: number, y: number): number => {
    for (const thing of things) {
      if (x > thing.x && y > thing.y && x < thing.x + thing.width && y < thing.y + thing.height) return thing.brightness
    }
    return 150 - (x / width) * 40 - (y / height) * 25
  }
}

/** A number in [0, 1) of two whole ones. */
function hashed(seed: number) {
  return (one: number, other: number): number => {
    let mixed = Math.imul(one + 0x9e37, 0x85ebca6b) ^ Math.imul(other + seed * 977, 0xc2b2ae35)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0x27d4eb2f)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}
