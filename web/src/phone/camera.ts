import type { Clock } from '../wire/clock.ts'
import type { QrReader } from './qr-reader.ts'

export type CameraTrouble = 'insecure' | 'refused' | 'missing' | 'busy' | 'stopped'

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

// A camera that brings no new picture for this long has stopped: a call came in, or another app took it.
const longestStillMs = 4000

/** Where there is no secure context, browsers do not even have `mediaDevices`. */
export const cameraPossible = (): boolean => window.isSecureContext && 'mediaDevices' in navigator

/** Shows the rear camera in `video` and reads it until a code is taken or the signal aborts. Throws CameraError, `stopped` when the picture freezes. */
export async function scanWithCamera(parts: CameraParts): Promise<void> {
  const { video, signal } = parts
  if (!cameraPossible()) throw new CameraError('insecure')
  const stream = await openCamera()
  try {
    if (signal.aborted) return
    video.srcObject = stream
    await video.play()
    await readUntilTaken(stream, parts)
  } catch (error) {
    // Taking the stream away while play() waits rejects it: that is an end, not a failure.
    if (signal.aborted) return
    throw error instanceof CameraError ? error : new CameraError('busy', { cause: error })
  } finally {
    for (const track of stream.getTracks()) track.stop()
    // The next scan may have begun in the same place.
    if (video.srcObject === stream) video.srcObject = null
  }
}

async function readUntilTaken(stream: MediaStream, { video, reader, clock, onText, signal }: CameraParts) {
  const isLive = createLiveness({ video, stream, clock })
  while (!signal.aborted) {
    if (!isLive()) throw new CameraError('stopped')
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      const [found] = await reader.detect(video)
      if (found !== undefined && !signal.aborted && onText(found.rawValue)) return
    }
    await clock.sleep(betweenLooksMs, signal)
  }
}

/** Tells whether the camera still brings pictures. Not every browser has an event for each way in which one stops. */
function createLiveness({ video, stream, clock }: { video: HTMLVideoElement; stream: MediaStream; clock: Clock }) {
  let lastTime = video.currentTime
  let movedAt = clock.now()
  return (): boolean => {
    const tracks = stream.getVideoTracks()
    if (tracks.some(({ readyState }) => readyState === 'ended')) return false
    const isMuted = tracks.some(({ muted }) => muted)
    if (!isMuted && !video.paused && video.currentTime !== lastTime) movedAt = clock.now()
    lastTime = video.currentTime
    return clock.now() - movedAt < longestStillMs
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
