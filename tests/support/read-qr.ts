import { Worker } from 'node:worker_threads'
import { afterAll } from '@jest/globals'
import { PATIENCE_MS } from './patience.ts'

export interface Picture {
  width: number
  height: number
  /** Red, green and blue of each pixel, with or without its alpha. */
  data: Uint8Array | Uint8ClampedArray
}

interface Answer {
  said?: string
  failure?: string
}

let decoder: Worker | undefined
let turn: Promise<unknown> = Promise.resolve()

afterAll(async () => {
  await decoder?.terminate()
})

/**
 * What the QR in the picture says; rejects when it cannot be read. In a thread of its own, as Jest's sandbox makes each
 * look at a global slow: there the same reader takes thirty times as long.
 */
export function readQr(picture: Picture): Promise<string> {
  const read = turn.then(() => ask(picture))
  turn = read.catch(() => undefined)
  return read
}

function ask(picture: Picture): Promise<string> {
  decoder ??= new Worker(new URL('./qr-decoder.mjs', import.meta.url))
  const thread = decoder
  return new Promise((resolve, reject) => {
    thread.removeAllListeners()
    thread.once('message', ({ said, failure }: Answer) => {
      if (said === undefined) reject(new Error(failure))
      else resolve(said)
    })
    thread.once('error', reject)
    thread.postMessage({ picture, timeLimit: PATIENCE_MS })
  })
}
