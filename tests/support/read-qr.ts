import { decodeQR } from 'qr/decode.js'
import { PATIENCE_MS } from './patience.ts'

export interface Picture {
  width: number
  height: number
  /** Red, green and blue of each pixel, with or without its alpha. */
  data: Uint8Array | Uint8ClampedArray
}

/** What the QR in the picture says; rejects when it cannot be read. */
export async function readQr(picture: Picture): Promise<string> {
  return decodeQR(picture, { timeLimit: PATIENCE_MS })
}
