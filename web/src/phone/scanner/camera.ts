import type { Clock } from '../../wire/clock.ts'
import { CameraError, cameraErrorOf } from './camera-error.ts'
import { cameraPossible } from './camera-possible.ts'
import { createLiveness } from './liveness.ts'
import type { QrReader } from './qr-reader.ts'

export interface CameraParts {
  readonly video: HTMLVideoElement
  /** Which camera; the rear one where none is named. */
  readonly deviceId: string | undefined
  /** May still be on its way: the picture is shown without waiting for it. */
  readonly reader: Promise<QrReader>
  readonly clock: Clock
  /** Told that the camera films, and by which track. */
  readonly onFilming: (track: MediaStreamTrack) => void
  /** Told the text of each code seen. Answering true ends the scan. */
  readonly onText: (text: string) => Promise<boolean>
  /** Told when the system keeps the camera from us for more than a moment (a call came in), and when it is back. */
  readonly onInterrupted: (interrupted: boolean) => void
  readonly signal: AbortSignal
}

// Ten looks a second: quicker than a hand, and kind to the battery.
const BETWEEN_LOOKS_MS = 100

/**
 * Shows a camera in `video` and reads it until a code is taken or the signal aborts. An interrupted one is waited for.
 * Throws CameraError, `stopped` when the picture freezes or the camera ends; and whatever `reader` rejects with.
 */
export async function scanWithCamera(parts: CameraParts): Promise<void> {
  const { video, reader, signal } = parts
  if (!cameraPossible()) throw new CameraError('insecure')
  // If the camera is refused, only that is thrown: the reader's failure must not stay unhandled.
  reader.catch(() => undefined)
  const stream = await openCamera(parts.deviceId)
  // Called at once on an abort, without waiting for the look that is under way.
  const letGo = () => {
    // The next scan may have begun in the same place. WebKitGTK hangs where tracks are stopped that a video plays.
    if (video.srcObject === stream) {
      video.pause()
      video.srcObject = null
    }
    for (const track of stream.getTracks()) track.stop()
  }
  signal.addEventListener('abort', letGo)
  try {
    if (signal.aborted) return
    video.srcObject = stream
    await video.play().catch((error: unknown) => {
      throw cameraErrorOf(error)
    })
    const [track] = stream.getVideoTracks()
    if (track !== undefined && !signal.aborted) parts.onFilming(track)
    await readUntilTaken(stream, parts)
  } catch (error) {
    // Taking the stream away while play() waits rejects it: that is an end, not a failure.
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', letGo)
    letGo()
  }
}

async function readUntilTaken(stream: MediaStream, parts: CameraParts) {
  const { video, clock, onText, onInterrupted, signal } = parts
  const look = createLiveness({ video, stream, clock, signal })
  const readerOrTrouble = arrivalOf(parts.reader)
  let wasInterrupted = false
  while (!signal.aborted) {
    const state = look()
    if (state === 'stopped') throw new CameraError('stopped')
    const isInterrupted = state === 'interrupted'
    if (isInterrupted !== wasInterrupted) onInterrupted(isInterrupted)
    // Safari pauses the video when it takes the camera away, and does not go on by itself.
    if (wasInterrupted && !isInterrupted) await playOn(video)
    wasInterrupted = isInterrupted
    const reader = readerOrTrouble()
    if (reader !== undefined && !isInterrupted && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      const [found] = await reader.detect(video)
      if (found !== undefined && !signal.aborted && (await onText(found.rawValue))) return
    }
    await clock.sleep(BETWEEN_LOOKS_MS, signal)
  }
}

async function playOn(video: HTMLVideoElement): Promise<void> {
  try {
    await video.play()
  } catch (cause) {
    throw new CameraError('stopped', { cause })
  }
}

/** What a promise has come to by now: undefined as long as it is under way, and a throw once it was rejected. */
function arrivalOf<Value>(promise: Promise<Value>): () => Value | undefined {
  let arrived: Value | undefined
  let trouble: { error: unknown } | undefined
  promise.then(
    (value) => {
      arrived = value
    },
    (error: unknown) => {
      trouble = { error }
    },
  )
  return () => {
    if (trouble) throw trouble.error
    return arrived
  }
}

async function openCamera(deviceId: string | undefined): Promise<MediaStream> {
  const which = deviceId === undefined ? { facingMode: { ideal: 'environment' } } : { deviceId: { exact: deviceId } }
  const video = { ...which, width: { ideal: 1280 }, height: { ideal: 720 } }
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: false, video })
  } catch (error) {
    throw cameraErrorOf(error)
  }
}
