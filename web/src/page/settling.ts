/** The longest time between two clicks that systems take for a double click where nobody has set another. */
const DOUBLE_CLICK_MS = 500

/**
 * Has `part` let every tap pass for so long: one that was on its way to what stood there before is for nobody.
 *
 * It does so by itself for as long as a double click takes, and no less than `ms`, when the window comes to the front or the
 * tab is shown: another site's window in front of it, which closes itself between the two clicks, has the second go to what
 * nobody has looked at.
 */
export function createSettling(part: Element, ms: number): () => void {
  let settling: ReturnType<typeof setTimeout> | undefined
  const settleFor = (time: number) => {
    part.toggleAttribute('data-settling', true)
    clearTimeout(settling)
    settling = setTimeout(() => part.toggleAttribute('data-settling', false), time)
  }
  const onFront = () => settleFor(Math.max(ms, DOUBLE_CLICK_MS))
  window.addEventListener('focus', onFront)
  document.addEventListener('visibilitychange', onFront)
  return () => settleFor(ms)
}
