import { describe, expect, test } from '@jest/globals'
import { nanoid } from 'nanoid'
import QRCode from 'qrcode'
import { qrImage } from '../../../../server/login/browser/qr-image.ts'
import { darkRunsOf } from '../../../support/dark-runs.ts'
import { readQr } from '../../../support/read-qr.ts'

const text = `https://login.example.com/scan#${'A'.repeat(16)}.${'b'.repeat(22)}`
const svg = svgOf(text)

test('is dark on white with a margin of four modules', () => {
  const { size } = QRCode.create(text, { errorCorrectionLevel: 'M' }).modules
  expect(svg).toContain(`viewBox="0 0 ${size + 8} ${size + 8}"`)
  expect(svg).toContain(`<path fill="#fff" d="M0 0h${size + 8}v${size + 8}H0z"/>`)
  for (const { x, y, length } of darkRunsOf(svg)) {
    expect(Math.min(x, y)).toBeGreaterThanOrEqual(4)
    expect(Math.max(x + length, y + 1)).toBeLessThanOrEqual(size + 4)
  }
})

describe('one mask for all loses nothing', () => {
  test('many tokens are read, small', async () => {
    for (let nth = 0; nth < 100; nth++) {
      const said = someUrl('https://login.example.com')
      expect(await read(said, { modulePixels: 3, degrees: 0 })).toBe(said)
    }
  })

  test.each([
    'http://192.168.178.42:3000',
    'https://id.example.org',
    'https://sign-in.department.a-rather-long-name.example.com',
  ])('links of %s are read at many sizes and angles', async (origin) => {
    for (const modulePixels of [3, 4, 7]) {
      for (const degrees of [0, 3, 12, 30, 45, 90, 171, 222, 300]) {
        const said = someUrl(origin)
        expect(await read(said, { modulePixels, degrees })).toBe(said)
      }
    }
  })
})

function someUrl(origin: string): string {
  return `${origin}/scan#${nanoid(16)}.${nanoid(22)}`
}

function svgOf(said: string): string {
  return Buffer.from(qrImage(said).replace('data:image/svg+xml;base64,', ''), 'base64').toString()
}

/** Draws the SVG as a camera would see it, turned about its middle, and reads it. */
function read(said: string, { modulePixels, degrees }: { modulePixels: number; degrees: number }): Promise<string> {
  const picture = svgOf(said)
  const modules = Number(/viewBox="0 0 (\d+)/.exec(picture)?.[1])
  const dark = new Set(
    darkRunsOf(picture).flatMap(({ x, y, length }) => Array.from({ length }, (_, at) => y * modules + x + at)),
  )
  const side = Math.ceil(modules * modulePixels * Math.SQRT2)
  const data = new Uint8Array(side * side * 3)
  const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)]
  for (let pixel = 0; pixel < side * side; pixel++) {
    const across = (pixel % side) + 0.5 - side / 2
    const down = Math.floor(pixel / side) + 0.5 - side / 2
    const column = Math.floor((across * cos + down * sin) / modulePixels + modules / 2)
    const row = Math.floor((down * cos - across * sin) / modulePixels + modules / 2)
    const isInside = Math.min(column, row) >= 0 && Math.max(column, row) < modules
    data.fill(isInside && dark.has(row * modules + column) ? 0 : 255, pixel * 3, pixel * 3 + 3)
  }
  return readQr({ width: side, height: side, data })
}
