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
 * Whoever goes by the keyboard stays at a row whose part they had is gone, or where it was. The row itself, or the next one,
 * and not what ends it: Enter that is held down for too long must not end that too.
 * @param before the rows as they were
 * @param row where the focus was
 * @param otherwise where no row is left
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
