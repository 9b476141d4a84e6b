/**
 * Has `part` let every tap pass for so long, from when it is called: one that was on its way to what stood there before is
 * for nobody. A shorter time takes nothing off a longer one that is under way.
 */
type Settle = (ms: number) => void

export function createSettling(part: Element): Settle {
  let settling: ReturnType<typeof setTimeout> | undefined
  let settledAt = 0
  return (ms) => {
    const now = performance.now()
    settledAt = Math.max(settledAt, now + ms)
    part.toggleAttribute('data-settling', true)
    clearTimeout(settling)
    settling = setTimeout(() => part.toggleAttribute('data-settling', false), settledAt - now)
  }
}
