/**
 * Notes what has the focus before something slow begins.
 * @param held what was pressed, if the person may have gone on before this call
 * @returns gives the focus to a part afterwards, unless the person has gone elsewhere meanwhile; tells whether it did
 */
export function focusUnlessLeft(held = document.activeElement): (part: HTMLElement, options?: FocusOptions) => boolean {
  return (part, options) => {
    const now = document.activeElement
    // What had the focus may be gone, and Safari gives none to a button that is pressed.
    const isFree = now === held || now === document.body || now === null
    if (isFree) part.focus(options)
    return isFree
  }
}
