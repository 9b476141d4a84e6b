import { type Browser, launch, type Page } from 'puppeteer-core'
import { findProgram } from './child-process.ts'
import { endLater } from './end-later.ts'
import { PATIENCE_MS } from './patience.ts'
import { readQr } from './read-qr.ts'

/**
 * The Firefox of this machine, as it comes, by WebDriver BiDi: what Playwright drives is a build of its own.
 * @param settings by their names in `about:config`
 */
export async function launchFirefox(settings: Readonly<Record<string, unknown>> = {}): Promise<Browser> {
  const browser = await launch({
    browser: 'firefox',
    executablePath: findProgram('FIREFOX', 'firefox-esr', 'firefox'),
    timeout: 4 * PATIENCE_MS,
    // Nothing of its own over the network, while tests look at theirs.
    extraPrefsFirefox: {
      'network.captive-portal-service.enabled': false,
      'network.connectivity-service.enabled': false,
      ...settings,
    },
  })
  const hasEnded = endLater(() => browser.process()?.kill('SIGKILL'))
  browser.once('disconnected', hasEnded)
  return browser
}

/** A person with a browser profile of their own. @param heard what their page complains about */
export async function openFirefox(browser: Browser, heard: string[]): Promise<Page> {
  const context = await browser.createBrowserContext()
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE_MS)
  page.on('console', (message) => {
    if (message.type() === 'error') heard.push(message.text())
  })
  page.on('pageerror', (error) => heard.push(String(error)))
  return page
}

/** Waits until a part that is seen has such words. @returns all of them */
export async function words(page: Page, part: string, some: string | RegExp): Promise<string> {
  const found = await page.waitForFunction(
    (wanted, pattern) => {
      const element = document.querySelector(wanted)
      const text = element?.checkVisibility() ? (element.textContent ?? '') : ''
      return new RegExp(pattern).test(text) && text
    },
    // A page behind another one is not painted, so frames cannot be waited for.
    { polling: 100 },
    part,
    typeof some === 'string' ? some : some.source,
  )
  return String(await found.jsonValue())
}

/** The token in the code that the page shows, read from the picture. */
export async function shownToken(page: Page): Promise<string> {
  await page.waitForSelector('[data-state="pending"] #qr')
  const SIZE = 400
  const dark = await page.evaluate(async (size) => {
    const image = document.querySelector<HTMLImageElement>('#qr')
    const canvas = Object.assign(document.createElement('canvas'), { width: size, height: size })
    const draw = canvas.getContext('2d')
    if (image === null || draw === null) throw new Error('there is no code')
    // Decodes a copy: if the page replaces the code meanwhile, decoding the picture itself fails.
    const still = new Image()
    still.src = image.src
    await still.decode()
    draw.drawImage(still, 0, 0, size, size)
    const { data } = draw.getImageData(0, 0, size, size)
    // One letter a pixel: a number each would be a message of megabytes.
    return Array.from({ length: size * size }, (_, at) => ((data[at * 4] ?? 255) < 128 ? '1' : '0')).join('')
  }, SIZE)
  const data = Uint8Array.from([...dark].flatMap((pixel) => Array(3).fill(pixel === '1' ? 0 : 255)))
  return new URL(await readQr({ width: SIZE, height: SIZE, data })).hash.slice(1)
}
