import { after } from './after.ts'

// The connection may hang although the part that needs the sheet is there.
const LONGEST_WAIT_MS = 3000

const added = new Map<string, Promise<void>>()

/**
 * Adds a style sheet for parts of the page that come later. A sheet is added once; one that failed is tried again when
 * it is next asked for.
 * @param address of the sheet as the build names it (`LATE_SHEETS` in web/build/assets.mjs)
 * @returns resolves when the sheet is there, has failed, or takes long: the parts work without it
 */
export function addSheet(address: string): Promise<void> {
  const coming = added.get(address) ?? load(address)
  added.set(address, coming)
  return coming
}

function load(address: string): Promise<void> {
  const link = document.createElement('link')
  link.rel = 'stylesheet'
  link.href = address
  const coming = new Promise<void>((resolve) => {
    link.addEventListener('load', () => resolve())
    link.addEventListener('error', () => {
      link.remove()
      added.delete(address)
      resolve()
    })
    document.head.append(link)
  })
  return Promise.race([coming, after(LONGEST_WAIT_MS)])
}
