/**
 * Adds a style sheet to the page, for parts of it that come later.
 * @param address of the sheet as the build names it (`LATE_SHEETS` in web/build/assets.mjs)
 * @returns when it is there, or cannot be had: what it is for works without
 */
export function addSheet(address: string): Promise<void> {
  const link = document.createElement('link')
  link.rel = 'stylesheet'
  link.href = address
  return new Promise((resolve) => {
    for (const outcome of ['load', 'error']) link.addEventListener(outcome, () => resolve())
    document.head.append(link)
  })
}
