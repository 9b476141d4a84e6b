/**
 * Has `part` let every tap pass for so long, from when it is called: one that was on its way to what stood there before is
 * for nobody. A shorter time takes nothing off a longer one that is under way.
 * @param ms left out: for what comes of something that was pressed, or by itself with other buttons than before
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
