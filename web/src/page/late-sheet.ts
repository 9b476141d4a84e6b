import { after } from './after.ts'

// The line may hang, on which what the sheet is for is there.
const LONGEST_WAIT_MS = 3000

const added = new Map<string, Promise<void>>()

/**
 * Adds a style sheet to the page, for parts of it that come later: once, but for one that could not be had when it was asked for.
 * @param address of the sheet as the build names it (`LATE_SHEETS` in web/build/assets.mjs)
 * @returns when it is there, cannot be had, or is long in coming: what it is for works without
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
