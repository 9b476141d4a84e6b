/**
 * Makes `part` ignore all taps for a time from now: a tap that was aimed at what stood there before must do nothing. A
 * shorter time does not end a longer one that is under way.
 * @param ms left out: the time for what follows a press, or appears by itself with other buttons than before
 */
type Settle = (ms?: number) => void

const USUAL_MS = 400

export function createSettling(part: Element): Settle {
  let settling: ReturnType<typeof setTimeout> | undefined
  let settledAt = 0
  return (ms = USUAL_MS) => {
    const now = performance.now()
    settledAt = Math.max(settledAt, now + ms)
    part.toggleAttribute('data-settling', true)
    clearTimeout(settling)
    settling = setTimeout(() => part.toggleAttribute('data-settling', false), settledAt - now)
  }
}
