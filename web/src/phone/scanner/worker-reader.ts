import wasmAddress from 'zxing-wasm/reader/zxing_reader.wasm'
import type { Clock } from '../../wire/clock.ts'
import type { QrReader } from './qr-reader.ts'
import { hasPicture, type QrSource } from './qr-source.ts'
import type { ReaderAnswer, ReaderPicture, ReaderQuestion } from './reader-wire.ts'

/** The address of reader-worker.ts, which the build puts here. */
declare const READER_WORKER: string

// It is 345 kB with the worker's script, four seconds of a slow line. Who waits longer is better served by the page's own.
const longestLoadMs = 20_000
const longestReadMs = 10_000

/** Reads in a worker. Rejects where workers, or what ours needs, are not to be had. */
export async function loadWorkerReader(clock: Clock): Promise<QrReader> {
  const worker = new Worker(READER_WORKER)
  // Its script cannot be loaded, or has a fault. That may show while nobody waits for an answer.
  const broken = new Promise<never>((_resolve, reject) => {
    worker.addEventListener('error', () => reject(new Error('the worker failed')))
  })
  broken.catch(() => undefined)
  const end = (error: unknown): never => {
    worker.terminate()
    throw error
  }
  const ask = (question: ReaderQuestion, owned: Transferable[]) => {
    worker.postMessage(question, owned)
    return Promise.race([broken, answerOf(worker, clock)]).catch(end)
  }
  const wasm = await Promise.race([broken, loadWasm()]).catch(end)
  await ask({ kind: 'begin', wasm }, [wasm])
  let turn: Promise<unknown> = Promise.resolve()
  const read = async (source: QrSource) => {
    const { picture, owned } = await pictureOf(source)
    // A film goes on, a picture does not.
    const thoroughly = source instanceof HTMLCanvasElement
    const answer = await ask({ kind: 'read', picture, thoroughly }, owned)
    return answer.kind === 'read' && answer.said !== undefined ? [{ rawValue: answer.said }] : []
  }
  return {
    detect(source) {
      const mine = turn.then(() => read(source))
      turn = mine.catch(() => undefined)
      return mine
    },
  }
}

async function loadWasm(): Promise<ArrayBuffer> {
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(), longestLoadMs)
  try {
    const response = await fetch(wasmAddress, { signal: timeout.signal })
    if (!response.ok) throw new Error(`the reader is not there: ${response.status}`)
    return await response.arrayBuffer()
  } finally {
    clearTimeout(timer)
  }
}

/** The next thing that the worker says; rejects when that is bad news, or does not come. */
function answerOf(worker: Worker, clock: Clock): Promise<ReaderAnswer> {
  const heard = new AbortController()
  const { signal } = heard
  return new Promise<ReaderAnswer>((resolve, reject) => {
    const hear = ({ data }: MessageEvent<ReaderAnswer>) =>
      data.kind === 'failed' ? reject(new Error(data.why)) : resolve(data)
    worker.addEventListener('message', hear, { signal })
    void clock.sleep(longestReadMs, signal).then(() => reject(new Error('the worker is silent')))
  }).finally(() => heard.abort())
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
