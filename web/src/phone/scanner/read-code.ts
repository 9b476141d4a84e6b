import { decodeQR } from 'qr/decode.js'
import { type ReaderOptions, readBarcodes } from 'zxing-wasm/reader'
import { brightened, type Pixels, sharpened } from './enhance.ts'

/** How pictures are read: chosen by the table in docs/scanning.md. */
const options: ReaderOptions = {
  formats: ['QRCode'],
  maxNumberOfSymbols: 1,
  tryHarder: true,
  tryInvert: true,
  tryDownscale: true,
  // Codes are found whichever way they are turned; this is for those made of bars.
  tryRotate: false,
}

const attempts: readonly ((picture: Pixels) => Promise<string | undefined>)[] = [
  (picture) => read({ ...picture, data: brightened(picture) }),
  (picture) => read({ ...picture, data: sharpened(picture) }),
  // This reader finds codes that the other misses among much that looks like a code.
  async (picture) => readOtherwise(picture),
]

/**
 * What the code in a picture says. The picture is read as it is, and if nothing is found, in other ways.
 * @param thoroughly tries all of them; else one, which `number` chooses: a camera has the next picture soon
 */
export async function readCode(picture: Pixels, number: number, thoroughly: boolean): Promise<string | undefined> {
  const tried = thoroughly ? attempts : [attempts[number % attempts.length]]
  let text = await read(picture)
  for (const attempt of tried) text ??= await attempt?.(picture)
  return text
}

async function read({ width, height, data }: Pixels): Promise<string | undefined> {
  const [found] = await readBarcodes({ width, height, data, colorSpace: 'srgb' }, options)
  return found?.text
}

function readOtherwise(picture: Pixels): string | undefined {
  try {
    return decodeQR(picture)
  } catch {
    // There is none to be read.
    return undefined
  }
}
