import type { WakeSource } from '../poll/page-wake.ts'

/** A wake for whoever waits for the next try, one at a time. */
export interface UrgentWake extends WakeSource {
  /** Makes the listener try at once, unless it is trying. */
  now(): void
}

export function createUrgentWake(): UrgentWake {
  let wake = () => {}
  return {
    onWake(listener) {
      wake = listener
      return () => {
        wake = () => {}
      }
    },
    now: () => wake(),
  }
}
