import wasmAddress from 'zxing-wasm/reader/zxing_reader.wasm'
import type { Clock } from '../../wire/clock.ts'
import { within } from '../../wire/within.ts'
import type { QrReader } from './qr-reader.ts'
import { hasPicture, type QrSource } from './qr-source.ts'
import type { ReaderPicture } from './reader-wire.ts'
import { openWorkerLine } from './worker-line.ts'

/** The address of reader-worker.ts, which the build puts here. */
declare const READER_WORKER: string

// With the worker's script this is 345 kB, four seconds on a slow line. If it takes longer, the page's own reader
// serves people better.
const LONGEST_LOAD_MS = 20_000
const LONGEST_BEGIN_MS = 10_000
// A second or two, on a slow phone several: a worker that has said nothing for so long is gone.
const LONGEST_LOOK_MS = 10_000
// All that can be tried of a large photo took five seconds on a laptop.
const LONGEST_PICTURE_MS = 60_000

/** Reads in a worker. Rejects where workers, or what ours needs, are not to be had. */
export async function loadWorkerReader(clock: Clock): Promise<QrReader> {
  const worker = new Worker(READER_WORKER)
  const line = openWorkerLine(worker, clock)
  const wasm = await loadWasm(line.broken).catch((error: unknown) => {
    worker.terminate()
    throw error
  })
  await line.ask({ kind: 'begin', wasm }, [wasm], LONGEST_BEGIN_MS)
  let turn: Promise<unknown> = Promise.resolve()
  const read = async (source: QrSource) => {
    const { picture, owned } = await pictureOf(source)
    // The camera has a next picture soon, a file has none.
    const thoroughly = source instanceof HTMLCanvasElement
    const longestMs = thoroughly ? LONGEST_PICTURE_MS : LONGEST_LOOK_MS
    const answer = await line.ask({ kind: 'read', picture, thoroughly }, owned, longestMs)
    return answer.kind === 'read' && answer.text !== undefined ? [{ rawValue: answer.text }] : []
  }
  return {
    detect(source) {
      const mine = turn.then(() => read(source))
      turn = mine.catch(() => undefined)
      return mine
    },
  }
}

/** @param broken aborts when the worker that this is for is broken */
function loadWasm(broken: AbortSignal): Promise<ArrayBuffer> {
  const load = async (signal: AbortSignal) => {
    const response = await fetch(wasmAddress, { signal })
    if (!response.ok) throw new Error(`the reader is not there: ${response.status}`)
    return response.arrayBuffer()
  }
  return within(LONGEST_LOAD_MS, load, broken)
}

let drawsItself = typeof OffscreenCanvas === 'function' && typeof createImageBitmap === 'function'
let canvas: HTMLCanvasElement | undefined

/** The picture as the worker takes it. Without canvases of its own (Safari before 16.4, Firefox before 105) as pixels. */
async function pictureOf(source: QrSource): Promise<{ picture: ReaderPicture; owned: Transferable[] }> {
  if (drawsItself) {
    try {
      const bitmap = await createImageBitmap(source)
      return { picture: bitmap, owned: [bitmap] }
    } catch (error) {
      if (!hasPicture(source)) throw error
      drawsItself = false
    }
  }
  const width = 'videoWidth' in source ? source.videoWidth : source.width
  const height = 'videoHeight' in source ? source.videoHeight : source.height
  canvas ??= document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (context === null) throw new Error('This browser has no 2D canvas')
  context.drawImage(source, 0, 0)
  const { data } = context.getImageData(0, 0, width, height)
  return { picture: { width, height, data: data.buffer }, owned: [data.buffer] }
}
