/** Has `part` let every tap pass for so long: one that was on its way to what stood there before is for nobody. */
export function createSettling(part: Element, ms: number): () => void {
  let settling: ReturnType<typeof setTimeout> | undefined
  return () => {
    part.toggleAttribute('data-settling', true)
    clearTimeout(settling)
    settling = setTimeout(() => part.toggleAttribute('data-settling', false), ms)
  }
}
