/** Reads QR codes out of pictures; the part of the BarcodeDetector standard that this page needs. */
export interface QrReader {
  detect(source: ImageBitmapSource): Promise<readonly { readonly rawValue: string }[]>
}

interface DetectorClass {
  new (options: { formats: 'qr_code'[] }): QrReader
  getSupportedFormats(): Promise<readonly string[]>
}

const isDetectorClass = (value: unknown): value is DetectorClass =>
  typeof value === 'function' && 'getSupportedFormats' in value

/** The browser's own reader where there is one for QR codes, or else ours, loaded when it is first needed. */
export async function loadQrReader(): Promise<QrReader> {
  const native = await nativeReader()
  if (native === undefined) return ownReader()
  let reader = native
  return {
    async detect(source) {
      try {
        return await reader.detect(source)
      } catch (error) {
        // Some systems have the class and lack the service behind it, which shows only now.
        if (reader !== native) throw error
        reader = await ownReader()
        return reader.detect(source)
      }
    },
  }
}

async function nativeReader(): Promise<QrReader | undefined> {
  const detector: unknown = Reflect.get(globalThis, 'BarcodeDetector')
  if (!isDetectorClass(detector)) return undefined
  const formats = await detector.getSupportedFormats().catch(() => undefined)
  return formats?.includes('qr_code') ? new detector({ formats: ['qr_code'] }) : undefined
}

async function ownReader(): Promise<QrReader> {
  const { BarcodeDetector } = await import('qr/decode.js')
  return new BarcodeDetector({ formats: ['qr_code'] })
}
