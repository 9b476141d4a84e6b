/**
 * Notes what has the focus as something is begun that takes its time.
 * @returns gives the focus to a part once it is done, unless somebody has gone elsewhere meanwhile
 */
export function focusAfter(): (part: HTMLElement, options?: FocusOptions) => boolean {
  const held = document.activeElement
  return (part, options) => {
    const now = document.activeElement
    // What had it may be gone, or be a button of Safari's, which gets none.
    const isFree = now === held || now === document.body || now === null
    if (isFree) part.focus(options)
    return isFree
  }
}
