import type { Locator, LocatorScreenshotOptions, Page } from 'playwright-core'
import { eventually } from './eventually.ts'

/** A picture of what is drawn. A Chromium that is kept busy may have no frame to give, and says so: it is asked again. */
export function pictureOf(
  target: Page | Locator,
  options: LocatorScreenshotOptions & { fullPage?: boolean } = {},
): Promise<Buffer> {
  return eventually('Chromium has drawn it', async () => {
    try {
      return await target.screenshot(options)
    } catch (error) {
      if (String(error).includes('Unable to capture screenshot')) return undefined
      throw error
    }
  })
}
