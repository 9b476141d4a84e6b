import type { Clock } from '../../wire/clock.ts'

// A camera that brings no new picture for this long has stopped: another app took it, or the device slept.
const LONGEST_STILL_MS = 4000

// Cameras are muted for a moment when a phone is turned or changes lenses: that is nothing to speak of.
const LONGEST_MUTE_MS = 1500

export interface LivenessParts {
  readonly video: HTMLVideoElement
  readonly stream: MediaStream
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Tells whether the camera still brings pictures. Not every browser has an event for each way in which one stops. */
export function createLiveness({
  video,
  stream,
  clock,
  signal,
}: LivenessParts): () => 'live' | 'interrupted' | 'stopped' {
  const tracks = stream.getVideoTracks()
  const mutedFor = createMuteWatch({ tracks, clock, signal })
  let lastTime = video.currentTime
  let movedAt = clock.now()
  return () => {
    if (tracks.some(({ readyState }) => readyState === 'ended')) return 'stopped'
    const mutedMs = mutedFor()
    if (mutedMs > 0 || (!video.paused && video.currentTime !== lastTime)) movedAt = clock.now()
    lastTime = video.currentTime
    if (mutedMs >= LONGEST_MUTE_MS) return 'interrupted'
    return clock.now() - movedAt < LONGEST_STILL_MS ? 'live' : 'stopped'
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
