/**
 * Notes what has the focus as something is begun that takes its time.
 * @param held what was pressed for it, where somebody may have gone on before this is called
 * @returns gives the focus to a part once it is done, unless somebody has gone elsewhere meanwhile
 */
export function focusUnlessLeft(held = document.activeElement): (part: HTMLElement, options?: FocusOptions) => boolean {
  return (part, options) => {
    const now = document.activeElement
    // What had it may be gone, or be a button of Safari's, which gets none.
    const isFree = now === held || now === document.body || now === null
    if (isFree) part.focus(options)
    return isFree
  }
}
