import type { Clock } from '../wire/clock.ts'

export interface CountdownParts {
  readonly clock: Clock
  readonly endsAt: number
  /** Told the whole seconds left, once each second, down to 0. */
  readonly onSecond: (secondsLeft: number) => void
  readonly signal: AbortSignal
}

/** Counts whole seconds down to `endsAt`, without drifting when a tick is late. */
export async function countDown({ clock, endsAt, onSecond, signal }: CountdownParts): Promise<void> {
  while (!signal.aborted) {
    const leftMs = Math.max(0, endsAt - clock.now())
    const secondsLeft = Math.ceil(leftMs / 1000)
    onSecond(secondsLeft)
    if (secondsLeft === 0) return
    await clock.sleep(leftMs - (secondsLeft - 1) * 1000, signal)
  }
}
