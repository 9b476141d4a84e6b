import { lateModule } from '../../page/late-module.ts'
import { later } from '../../page/later.ts'
import type { Clock } from '../../wire/clock.ts'
import { hasPicture, type QrSource } from './qr-source.ts'
import { loadWorkerReader } from './worker-reader.ts'

/** Reads QR codes out of pictures; the part of the BarcodeDetector standard that this page needs. */
export interface QrReader {
  detect(source: QrSource): Promise<readonly { readonly rawValue: string }[]>
}

export interface QrReaders {
  /** The browser's own where there is one for QR codes, or else ours. */
  forCamera(): Promise<QrReader>
  forPictures(): Promise<QrReader>
}

// Three seconds of looking. Chrome's own reader on macOS 13 was there and never found a thing (crbug.com/40245611).
const LOOKS_BEFORE_DOUBT = 30

const loadDecoder = lateModule(() => import('qr/decode.js'))

/** Ours is loaded when it is first needed, once. */
export function createQrReaders(clock: Clock): QrReaders {
  const ours = later(() => loadOurs(clock))
  return {
    async forCamera() {
      const native = await nativeReader()
      // Some systems have the class and lack the service behind it, which shows only when it is asked.
      return native === undefined ? ours() : orElse(doubted(native, ours), ours)
    },
    forPictures: ours,
  }
}

/** The better one works in a worker. Where that cannot be, a smaller one works in the page. */
async function loadOurs(clock: Clock): Promise<QrReader> {
  try {
    return orElse(await loadWorkerReader(clock), loadPageReader)
  } catch {
    return loadPageReader()
  }
}

async function loadPageReader(): Promise<QrReader> {
  const { BarcodeDetector } = await loadDecoder()
  return new BarcodeDetector({ formats: ['qr_code'] })
}

/** The first reader, and once that has failed the second for good. */
function orElse(first: QrReader, second: () => Promise<QrReader>): QrReader {
  let reader = first
  return {
    async detect(source) {
      try {
        return await reader.detect(source)
      } catch (error) {
        if (!hasPicture(source)) return []
        if (reader !== first) throw error
        reader = await second()
        return reader.detect(source)
      }
    },
  }
}

/** Uses the first reader. If the scan goes on after LOOKS_BEFORE_DOUBT looks, the second replaces it once loaded. */
function doubted(first: QrReader, second: () => Promise<QrReader>): QrReader {
  let reader = first
  let looks = 0
  return {
    detect(source) {
      looks += 1
      if (looks === LOOKS_BEFORE_DOUBT) {
        second().then(
          (better) => {
            reader = better
          },
          () => undefined,
        )
      }
      return reader.detect(source)
    },
  }
}

interface DetectorClass {
  new (options: { formats: 'qr_code'[] }): QrReader
  getSupportedFormats(): Promise<readonly string[]>
}

const isDetectorClass = (value: unknown): value is DetectorClass =>
  typeof value === 'function' && 'getSupportedFormats' in value

async function nativeReader(): Promise<QrReader | undefined> {
  const detector: unknown = Reflect.get(globalThis, 'BarcodeDetector')
  if (!isDetectorClass(detector)) return undefined
  const formats = await detector.getSupportedFormats().catch(() => undefined)
  return formats?.includes('qr_code') ? new detector({ formats: ['qr_code'] }) : undefined
}
