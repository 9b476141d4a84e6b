import type { Clock } from './clock.ts'

/** The end of something whose remaining time was told. */
export interface Ending {
  /** On the page's clock. */
  readonly endsAt: number
  /**
   * Whether it may be over: by the page's clock, which stands still while a device sleeps, or by the time of day, which
   * anybody may set. Good for words and for asking anew, never for a decision.
   * @param earlyMs answers true so long before the end already
   */
  mayBeOver(earlyMs?: number): boolean
}

/** The end that is `ms` milliseconds from now, by both clocks. */
export function endingIn(clock: Clock, ms: number): Ending {
  const endsAt = clock.now() + ms
  const endsToday = clock.today() + ms
  return {
    endsAt,
    mayBeOver: (earlyMs = 0) => clock.now() >= endsAt - earlyMs || clock.today() >= endsToday - earlyMs,
  }
}

/**
 * Whether an end that was told now is before the one that was told earlier: the device slept in between, and the page's
 * clock may have stood still. A reply that was long on its way only makes it seem later, and seconds are whole.
 */
export const isSooner = (told: number, before: number): boolean => before - told > 2000
