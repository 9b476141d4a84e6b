// The script of a worker of its own: reads QR codes, so that the camera's picture never stutters.
import { prepareZXingModule } from 'zxing-wasm/reader'
import type { Pixels } from './enhance.ts'
import { readCode } from './read-code.ts'
import type { ReaderAnswer, ReaderPicture, ReaderQuestion } from './reader-wire.ts'

const tell = (answer: ReaderAnswer) => self.postMessage(answer)

let number = 0

self.addEventListener('message', async ({ data }: MessageEvent<ReaderQuestion>) => {
  try {
    if (data.kind === 'begin') {
      await prepareZXingModule({ overrides: { wasmBinary: data.wasm }, fireImmediately: true })
      return tell({ kind: 'ready' })
    }
    number += 1
    tell({ kind: 'read', text: await readCode(pixelsOf(data.picture), number, data.thoroughly) })
  } catch (error) {
    tell({ kind: 'failed', why: String(error) })
  }
})

let canvas: OffscreenCanvas | undefined

function pixelsOf(picture: ReaderPicture): Pixels {
  const { width, height } = picture
  if ('data' in picture) return { width, height, data: new Uint8ClampedArray(picture.data) }
  if (canvas?.width !== width || canvas.height !== height) canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (context === null) throw new Error('no 2D canvas in a worker')
  context.drawImage(picture, 0, 0)
  picture.close()
  return context.getImageData(0, 0, width, height)
}
