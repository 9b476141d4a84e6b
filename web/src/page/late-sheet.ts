/**
 * Adds a style sheet to the page, for parts of it that come later.
 * @param address of the sheet as the build names it (`LATE_SHEETS` in web/build/assets.mjs)
 * @returns when it is there; rejects where it cannot be had
 */
export function addSheet(address: string): Promise<void> {
  const link = document.createElement('link')
  link.rel = 'stylesheet'
  link.href = address
  return new Promise((resolve, reject) => {
    link.addEventListener('load', () => resolve())
    link.addEventListener('error', () => {
      link.remove()
      reject(new Error('A style sheet could not be loaded'))
    })
    document.head.append(link)
  })
}
