// The thread of read-qr.ts.
import { parentPort } from 'node:worker_threads'
import { decodeQR } from 'qr/decode.js'

parentPort?.on('message', ({ picture, timeLimit }) => {
  try {
    parentPort.postMessage({ said: decodeQR(picture, { timeLimit }) })
  } catch (error) {
    parentPort.postMessage({ failure: String(error) })
  }
})
