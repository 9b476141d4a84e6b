// Lists whose rows stay the same elements for as long as what they are about is there.

/** What is in its place stays there, and with it the focus. */
export function putInOrder(place: Element, wanted: readonly Element[]): void {
  for (const child of [...place.children]) if (!wanted.includes(child)) child.remove()
  for (const [at, element] of wanted.entries()) {
    const there = place.children[at]
    if (there !== element) place.insertBefore(element, there ?? null)
  }
}

/**
 * Keeps keyboard users in place when the part with the focus is gone: focuses its row, or the next one. Not a button,
 * for Enter that is held down too long must not end that session too.
 * @param before the rows as they were
 * @param row where the focus was
 * @param otherwise focused if no row is left
 */
export function focusAfter(before: readonly Element[], row: Element, otherwise: HTMLElement): void {
  const at = before.indexOf(row)
  const near = [...before.slice(at), ...before.slice(0, at).reverse()].find((each) => each.isConnected)
  focusRow(near instanceof HTMLElement ? near : otherwise)
}

export function focusRow(row: HTMLElement): void {
  row.tabIndex = -1
  row.focus()
}
