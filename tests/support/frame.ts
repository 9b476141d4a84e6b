import type { Page } from 'playwright-core'

/** Where the heading and the code are, in CSS pixels of the document. */
export function frameOf(desktop: Page): Promise<Record<string, number[]>> {
  return desktop.evaluate(() => {
    const placeOf = (part: string) => {
      const box = document.querySelector(part)?.getBoundingClientRect()
      if (box === undefined) throw new Error(`there is no ${part}`)
      return [box.x + scrollX, box.y + scrollY, box.width, box.height]
    }
    return { heading: placeOf('h1'), code: placeOf('#qr'), plate: placeOf('.plate'), card: placeOf('scanin-login') }
  })
}

/** Notes what the live region comes to say, as a screen reader would be told. Call before the page is opened. */
export async function listen(desktop: Page): Promise<() => Promise<string[]>> {
  await desktop.addInitScript(() => {
    const said: string[] = []
    Object.assign(window, { said })
    document.addEventListener('DOMContentLoaded', () => {
      const region = document.querySelector('#status')
      if (region === null) return
      new MutationObserver(() => {
        const words = (region.textContent ?? '').replace(/\s+/g, ' ').trim()
        if (said.at(-1) !== words) said.push(words)
      }).observe(region, { childList: true, characterData: true, subtree: true })
    })
  })
  return () => desktop.evaluate(() => Reflect.get(window, 'said'))
}
