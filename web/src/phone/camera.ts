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
  /** Told when the system keeps the camera from us for more than a moment (a call came in), and when it is back. */
  readonly onInterrupted: (interrupted: boolean) => void
  readonly signal: AbortSignal
}

// Ten looks a second: quicker than a hand, and kind to the battery.
const betweenLooksMs = 100

// A camera that brings no new picture for this long has stopped: another app took it, or the device slept.
const longestStillMs = 4000

// Cameras are muted for a moment when a phone is turned or changes lenses: that is nothing to speak of.
const longestMuteMs = 1500

/** Where there is no secure context, browsers do not even have `mediaDevices`. */
export const cameraPossible = (): boolean => window.isSecureContext && 'mediaDevices' in navigator

/**
 * Shows the rear camera in `video` and reads it until a code is taken or the signal aborts. An interrupted one is waited
 * for. Throws CameraError, `stopped` when the picture freezes or the camera ends.
 */
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

async function readUntilTaken(stream: MediaStream, parts: CameraParts) {
  const { video, reader, clock, onText, onInterrupted, signal } = parts
  const look = createLiveness({ video, stream, clock, signal })
  let wasInterrupted = false
  while (!signal.aborted) {
    const state = look()
    if (state === 'stopped') throw new CameraError('stopped')
    const isInterrupted = state === 'interrupted'
    if (isInterrupted !== wasInterrupted) onInterrupted(isInterrupted)
    // Safari pauses what it takes the camera from, and does not go on by itself.
    if (wasInterrupted && !isInterrupted) await video.play()
    wasInterrupted = isInterrupted
    if (!isInterrupted && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      const [found] = await reader.detect(video)
      if (found !== undefined && !signal.aborted && onText(found.rawValue)) return
    }
    await clock.sleep(betweenLooksMs, signal)
  }
}

type LivenessParts = Pick<CameraParts, 'video' | 'clock' | 'signal'> & { readonly stream: MediaStream }

/** Tells whether the camera still brings pictures. Not every browser has an event for each way in which one stops. */
function createLiveness({ video, stream, clock, signal }: LivenessParts): () => 'live' | 'interrupted' | 'stopped' {
  const tracks = stream.getVideoTracks()
  const mutedFor = createMuteWatch({ tracks, clock, signal })
  let lastTime = video.currentTime
  let movedAt = clock.now()
  return () => {
    if (tracks.some(({ readyState }) => readyState === 'ended')) return 'stopped'
    const mutedMs = mutedFor()
    if (mutedMs > 0 || (!video.paused && video.currentTime !== lastTime)) movedAt = clock.now()
    lastTime = video.currentTime
    if (mutedMs >= longestMuteMs) return 'interrupted'
    return clock.now() - movedAt < longestStillMs ? 'live' : 'stopped'
  }
}

/** Tells for how many milliseconds any of the tracks has been muted, 0 if none is. */
function createMuteWatch(
  parts: Pick<LivenessParts, 'clock' | 'signal'> & { tracks: MediaStreamTrack[] },
): () => number {
  const { tracks, clock, signal } = parts
  const mutedAt = new Map(tracks.filter(({ muted }) => muted).map((track) => [track, clock.now()]))
  for (const track of tracks) {
    track.addEventListener('mute', () => mutedAt.set(track, clock.now()), { signal })
    track.addEventListener('unmute', () => mutedAt.delete(track), { signal })
  }
  return () => (mutedAt.size === 0 ? 0 : clock.now() - Math.min(...mutedAt.values()))
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
