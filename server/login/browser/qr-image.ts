import QRCode from 'qrcode'

/** The quiet zone that ISO/IEC 18004 asks for, in modules. */
const MARGIN = 4

/**
 * One fixed mask: drawing all eight and rating them is nine tenths of the work. Any mask is valid; rating gains only a
 * little contrast, and `qr-image.test.ts` reads many codes to show that none becomes unreadable.
 * The text goes as one byte segment: looking for shorter encodings would find none in a URL with lower-case letters.
 */
const MASK = 2

/**
 * A QR code as a base64 `data:` URL of an SVG: dark on white whatever the page's colours, error correction M.
 * The page scales it; the SVG has no size of its own.
 */
export function qrImage(text: string): string {
  const { modules } = QRCode.create([{ mode: 'byte', data: Buffer.from(text) }], {
    errorCorrectionLevel: 'M',
    maskPattern: MASK,
  })
  const size = modules.size + 2 * MARGIN
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">` +
    `<path fill="#fff" d="M0 0h${size}v${size}H0z"/><path stroke="#000" d="${darkRuns(modules)}"/></svg>`
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`
}

/** One stroke for each run of dark modules in a row: a third of the bytes of a square for each module. */
function darkRuns({ size, data }: QRCode.BitMatrix): string {
  let path = ''
  for (let row = 0; row < size; row++) {
    let penAt = -1
    for (let column = 0; column < size; ) {
      if (!data[row * size + column]) {
        column++
        continue
      }
      const start = column
      while (column < size && data[row * size + column]) column++
      path +=
        penAt === -1 ? `M${start + MARGIN} ${row + MARGIN}.5h${column - start}` : stroke(start - penAt, column - start)
      penAt = column
    }
  }
  return path
}

const strokes: string[][] = []

/** On by `gap`, then a line of `length`. A code has hundreds, of few kinds: made once, they are a third of the garbage. */
function stroke(gap: number, length: number): string {
  strokes[gap] ??= []
  const made = strokes[gap]
  made[length] ??= `m${gap} 0h${length}`
  return made[length]
}
