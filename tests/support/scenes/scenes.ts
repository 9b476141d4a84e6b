import QRCode from 'qrcode'
import { type Code, FRAME, type FrameSize, type Pose, photograph, type Screen } from './projection.ts'
import { between, seeded } from './seeded.ts'
import { develop, type Trouble } from './trouble.ts'

/** One way in which a code may be hard to read, and how much of it. */
export interface Condition {
  name: string
  pose?: Partial<Pose>
  screen?: Partial<Screen>
  trouble?: Trouble
}

export interface Scene {
  width: number
  height: number
  data: Uint8ClampedArray<ArrayBuffer>
  /** What the code in it says. */
  said: string
}

const MARGIN = 4
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-'

/**
 * The scene of a condition by its number: the same for the same number, here and everywhere.
 * @param size less than a whole frame is drawn and read the sooner
 */
export function drawScene(condition: Condition, number: number, size: FrameSize = FRAME): Scene {
  const { pose = {}, screen = {}, trouble = {} } = condition
  const seed = number * 7919 + 17
  const random = seeded(seed)
  const letters = (count: number) =>
    Array.from({ length: count }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join('')
  const said = `https://login.example.com/scan#${letters(16)}.${letters(22)}`
  // No hand is still, and no two pictures have the code on the same pixels.
  const held: Pose = {
    side: 300,
    x: between(random, -60, 60),
    y: between(random, -40, 40),
    ...pose,
    pitch: (pose.pitch ?? 0) + between(random, -3, 3),
    yaw: (pose.yaw ?? 0) + between(random, -3, 3),
    roll: (pose.roll ?? 0) + between(random, -4, 4),
  }
  const frame = photograph(codeOf(said), held, { dark: 20, light: 235, ...screen }, seed, size)
  return { ...size, data: develop(frame, held, trouble, seed), said }
}

/** The code as the server draws it (server/login/browser/qr-image.ts), with its margin. */
function codeOf(text: string): Code {
  const { modules } = QRCode.create([{ mode: 'byte', data: Buffer.from(text) }], {
    errorCorrectionLevel: 'M',
    maskPattern: 2,
  })
  return {
    size: modules.size + 2 * MARGIN,
    isDark(column, row) {
      const [x, y] = [column - MARGIN, row - MARGIN]
      return x >= 0 && y >= 0 && x < modules.size && y < modules.size && modules.get(y, x) === 1
    },
  }
}
