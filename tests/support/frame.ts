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
