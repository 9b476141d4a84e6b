import type { QrReader } from './qr-reader.ts'

export type PictureResult =
  | { readonly kind: 'read'; readonly text: string }
  | { readonly kind: 'no_code' }
  | { readonly kind: 'unreadable' }

// Photos are large and codes in them small or blurred: what is missed at one size is often read at another.
const longestSides = [1600, 900, 2800, 480]

/**
 * Looks for a QR code in a picture file of any kind that the browser can show. Rejects as the reader does.
 * @param signal ends the search after the size that is being read; the result says nothing then
 */
export async function readPicture(file: Blob, reader: QrReader, signal: AbortSignal): Promise<PictureResult> {
  const address = URL.createObjectURL(file)
  try {
    const image = new Image()
    image.src = address
    const isPicture = await image.decode().then(
      () => true,
      () => false,
    )
    if (!isPicture) return { kind: 'unreadable' }
    for (const side of longestSides) {
      if (signal.aborted) break
      const canvas = drawn(image, side)
      if (canvas === undefined) return { kind: 'unreadable' }
      const [found] = await reader.detect(canvas)
      if (found !== undefined) return { kind: 'read', text: found.rawValue }
    }
    return { kind: 'no_code' }
  } finally {
    URL.revokeObjectURL(address)
  }
}

/** @returns nothing where this browser cannot draw it, at this size or at all */
function drawn(image: HTMLImageElement, longestSide: number): HTMLCanvasElement | undefined {
  // An SVG without a size of its own has none here either.
  const width = image.naturalWidth || 600
  const height = image.naturalHeight || 600
  const scale = Math.min(longestSide / Math.max(width, height), 4)
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(width * scale))
  canvas.height = Math.max(1, Math.round(height * scale))
  const context = canvas.getContext('2d')
  if (context === null) return undefined
  // A screenshot may be transparent where the paper was.
  context.fillStyle = '#fff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  try {
    context.drawImage(image, 0, 0, canvas.width, canvas.height)
  } catch {
    return undefined
  }
  return canvas
}
