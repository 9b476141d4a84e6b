import type { Clock } from '../wire/clock.ts'
import type { QrReader } from './qr-reader.ts'

export type CameraTrouble = 'insecure' | 'refused' | 'missing' | 'busy'

export class CameraError extends Error {
  readonly trouble: CameraTrouble
  constructor(trouble: CameraTrouble, options?: ErrorOptions) {
    super(`camera ${trouble}`, options)
    this.name = 'CameraError'
    this.trouble = trouble
  }
}

export interface CameraParts {
  readonly video: HTMLVideoElement
  readonly reader: QrReader
  readonly clock: Clock
  /** Told the text of each code seen. Answering true ends the scan. */
  readonly onText: (text: string) => boolean
  readonly signal: AbortSignal
}

// Ten looks a second: quicker than a hand, and kind to the battery.
const betweenLooksMs = 100

/** Where there is no secure context, browsers do not even have `mediaDevices`. */
export const cameraPossible = (): boolean => window.isSecureContext && 'mediaDevices' in navigator

/** Shows the rear camera in `video` and reads it until a code is taken or the signal aborts. Throws CameraError. */
export async function scanWithCamera({ video, reader, clock, onText, signal }: CameraParts): Promise<void> {
  if (!cameraPossible()) throw new CameraError('insecure')
  const stream = await openCamera()
  try {
    video.srcObject = stream
    await video.play()
    while (!signal.aborted) {
      if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
        const [found] = await reader.detect(video)
        if (found !== undefined && !signal.aborted && onText(found.rawValue)) return
      }
      await clock.sleep(betweenLooksMs, signal)
    }
  } catch (error) {
    // Taking the stream away while play() waits rejects it: that is an end, not a failure.
    if (!signal.aborted) throw new CameraError('busy', { cause: error })
  } finally {
    for (const track of stream.getTracks()) track.stop()
    video.srcObject = null
  }
}

async function openCamera(): Promise<MediaStream> {
  const video = { facingMode: { ideal: 'environment' }, width: { ideal: 1280 }, height: { ideal: 720 } }
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: false, video })
  } catch (error) {
    throw new CameraError(troubleOf(error), { cause: error })
  }
}

function troubleOf(error: unknown): CameraTrouble {
  const name = error instanceof DOMException ? error.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused'
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing'
  return 'busy'
}
