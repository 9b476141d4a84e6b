import { expect, test } from '@jest/globals'
import QRCode from 'qrcode'
import { qrImage } from '../../../server/login/qr-image.ts'

const text = `https://login.example.com/scan#${'A'.repeat(16)}.${'b'.repeat(22)}`
const svg = Buffer.from(qrImage(text).replace('data:image/svg+xml;base64,', ''), 'base64').toString()

test('is dark on white with a margin of four modules', () => {
  const { size } = QRCode.create(text, { errorCorrectionLevel: 'M' }).modules
  expect(svg).toContain(`viewBox="0 0 ${size + 8} ${size + 8}"`)
  expect(svg).toContain(`<path fill="#fff" d="M0 0h${size + 8}v${size + 8}H0z"/>`)
  const columns = [...svg.matchAll(/M(\d+) (\d+)\.5h(\d+)/g)].map(([, x, y, length]) => [
    Number(x),
    Number(y),
    Number(length),
  ])
  for (const [x = 0, y = 0, length = 0] of columns) {
    expect(Math.min(x, y)).toBeGreaterThanOrEqual(4)
    expect(Math.max(x + length, y + 1)).toBeLessThanOrEqual(size + 4)
  }
})
