import { join } from 'node:path'
import type { Frame, Page } from 'playwright-core'
import { eventually } from './eventually.ts'
import { DEMO_PASSWORD, ROOT } from './service.ts'

/** Steps that people take on the pages. Each waits until the page has done its part, and fails when it does not. */

/** Waits until the part says so. Words on the page are looked for as people see them. */
export async function sees(page: Page | Frame, part: string, words: string | RegExp): Promise<void> {
  await page.locator(part).filter({ hasText: words, visible: true }).waitFor()
}

export async function openLoginPage(desktop: Page, url: string): Promise<void> {
  await desktop.goto(url)
  await showsCode(desktop)
}

/** The desktop shows a code that can be scanned. */
export async function showsCode(desktop: Page | Frame): Promise<void> {
  await desktop.locator('[data-state="pending"] #qr').waitFor()
}

/** Where the page finds a reader that is the test's own. */
const READER = '/node_modules/qr'

/** Reads the code that the page shows, as a phone's own camera app would. @returns the link in it */
export async function readQr(desktop: Page | Frame): Promise<string> {
  await showsCode(desktop)
  // Read inside the browser, which has drawn it.
  const page = 'page' in desktop ? desktop.page() : desktop
  await page.route(`**${READER}/*`, (route) => {
    const file = new URL(route.request().url()).pathname.slice(1)
    return route.fulfill({ path: join(ROOT, file), contentType: 'text/javascript' })
  })
  return desktop.locator('#qr').evaluate(async (image, reader) => {
    if (!(image instanceof HTMLImageElement)) throw new Error('#qr is no image')
    // A copy: where the page puts another code in its place meanwhile, the picture itself fails to be decoded.
    const still = new Image()
    still.src = image.src
    await still.decode()
    const { BarcodeDetector } = await import(`${reader}/decode.js`)
    const canvas = document.createElement('canvas')
    canvas.width = 600
    canvas.height = 600
    canvas.getContext('2d')?.drawImage(still, 0, 0, canvas.width, canvas.height)
    const [found] = await new BarcodeDetector({ formats: ['qr_code'] }).detect(canvas)
    if (found === undefined) throw new Error('#qr cannot be read')
    return found.rawValue
  }, READER)
}

/** The token in a code's link. */
export async function readToken(desktop: Page | Frame): Promise<string> {
  return new URL(await readQr(desktop)).hash.slice(1)
}

export async function signInOnPhone(phone: Page): Promise<void> {
  await phone.locator('#username').fill('demo')
  await phone.locator('#password').fill(DEMO_PASSWORD)
  await phone.locator('#sign-in-form [type=submit]').click()
}

/** The phone's page, where the demo person signs in. */
export async function openSignedIn(phone: Page, url: string): Promise<void> {
  await phone.goto(`${url}/scan`)
  await signInOnPhone(phone)
  await phone.locator('#chooser').waitFor()
}

/** The phone's own camera opens a code in the page that is open. */
export async function openCode(phone: Page, token: string): Promise<void> {
  await phone.evaluate((code) => {
    location.hash = code
  }, token)
}

export async function confirm(phone: Page): Promise<void> {
  await phone.locator('#request #confirm').click()
}

/** Has the login page that is open stay where it is once somebody is signed in, so that it can be looked at then. */
export async function keepHere(desktop: Page): Promise<void> {
  await desktop.evaluate(() => document.addEventListener('scanin-authenticated', (event) => event.preventDefault()))
}

/** The desktop has become that person's by itself. */
export async function isSignedIn(desktop: Page): Promise<void> {
  await desktop.waitForURL((url) => url.pathname === '/home')
  await sees(desktop, '#user-name', 'Demo Person')
}

/** Presses Tab until the part has the focus; fails when it never gets it, or nothing shows that it has. */
export async function tabTo(page: Page, part: string): Promise<void> {
  const target = page.locator(part)
  await target.waitFor()
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab')
    if (await target.evaluate((element) => element === document.activeElement)) return
  }
  throw new Error(`no way to ${part} by Tab`)
}

/** Puts the page out of sight, or back, as far as it is told. */
export async function hide(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, value: hidden })
    document.dispatchEvent(new Event('visibilitychange'))
  }, isHidden)
}

/** Somebody comes back to the page, which never knew that they were away. */
export async function comeBack(page: Page): Promise<void> {
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
}

/** Gives the page time for one answer of the service and two frames, in case it does what it must not do. */
export async function letSettle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await (await fetch('/healthz')).text()
    const picture = () => new Promise((resolve) => requestAnimationFrame(resolve))
    await picture()
    await picture()
  })
}

/**
 * Runs the page's clock, which the test has installed, until the part is seen. In between it gives real time to what
 * the page waits for that no clock moves: a reply, a worker.
 */
export async function runUntil(page: Page, part: string): Promise<void> {
  await eventually(`${part} is seen`, async () => {
    await page.clock.runFor(1000)
    return page.locator(part).isVisible()
  })
}

/** From here on the page's time, which `clock.install` has replaced, passes by `clock.runFor` alone. */
export async function stopClock(page: Page): Promise<void> {
  await eventually('the clock stands', async () => {
    const soon = await page.evaluate(() => Date.now() + 100)
    // If the command takes longer than that, the moment has passed.
    return page.clock.pauseAt(soon).then(
      () => true,
      () => false,
    )
  })
}

/** Sets the style sheet's animations to where they are after so many seconds. */
export async function animateTo(page: Page, seconds: number): Promise<void> {
  await page.evaluate((ms) => {
    for (const animation of document.getAnimations()) {
      // It stands there, however long it is before somebody looks.
      animation.pause()
      animation.currentTime = ms
    }
  }, seconds * 1000)
}
