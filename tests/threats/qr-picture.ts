import { type DarkRun, darkRunsOf } from '../support/dark-runs.ts'
import { readQr } from '../support/read-qr.ts'

const SCALE = 4

/** What the service's QR says: its SVG drawn pixel by pixel, and read as a camera's picture would be. */
export function readQrImage(dataUrl: string): Promise<string> {
  const svg = Buffer.from(dataUrl.replace(/^data:image\/svg\+xml;base64,/, ''), 'base64').toString()
  const size = Number(/viewBox="0 0 (\d+) /.exec(svg)?.[1])
  const width = size * SCALE
  const data = new Uint8ClampedArray(width * width * 4).fill(255)
  for (const run of darkRunsOf(svg)) darken(data, width, run)
  return readQr({ width, height: width, data })
}

/** One horizontal run of dark modules, one module high. */
function darken(data: Uint8ClampedArray, width: number, run: DarkRun): void {
  for (let row = run.y * SCALE; row < (run.y + 1) * SCALE; row++) {
    for (let column = run.x * SCALE; column < (run.x + run.length) * SCALE; column++) {
      data.fill(0, (row * width + column) * 4, (row * width + column) * 4 + 3)
    }
  }
}
