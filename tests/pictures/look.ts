import type { BrowserContextOptions, Page } from 'playwright-core'
import { pictureOf } from '../support/picture-of.ts'

/** Of a place: what it is, and where, in CSS pixels. */
export interface Place {
  part: string
  box: readonly [left: number, top: number, width: number, height: number]
}

export interface Look {
  picture: Buffer
  places: Place[]
}

/** Screens, and what their owners have set. */
export const SCREENS = {
  desktop: { viewport: { width: 1280, height: 800 } },
  wide: { viewport: { width: 1920, height: 1080 } },
  /** An application's, for our page to be in. */
  frame: { viewport: { width: 480, height: 720 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
  low: { viewport: { width: 375, height: 667 }, isMobile: true, hasTouch: true },
  small: { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true },
} satisfies Record<string, BrowserContextOptions>

export const SETTINGS = {
  dark: { colorScheme: 'dark' },
  contrast: { contrast: 'more' },
  forced: { forcedColors: 'active' },
  German: { locale: 'de-DE' },
  Arabic: { locale: 'ar-EG' },
  Japanese: { locale: 'ja-JP' },
  scriptless: { javaScriptEnabled: false },
} satisfies Record<string, BrowserContextOptions>

export const STEADY: BrowserContextOptions = {
  locale: 'en-GB',
  timezoneId: 'UTC',
  reducedMotion: 'reduce',
  colorScheme: 'light',
  // A worker would answer before the test does.
  serviceWorkers: 'block',
}

/** How long the pages wait for a reply (web/src/wire/request.ts). */
const PAGE_PATIENCE_MS = 10_000

/**
 * Time stands still for the page, so that what counts down says the same each time. Its timers go on, but for those by
 * which it gives a request up: it would look otherwise while it is still being looked at.
 */
export function stopTime(page: Page): Promise<unknown> {
  return page.addInitScript((patienceMs) => {
    Object.defineProperty(performance, 'now', { value: () => 1000 })
    const { setTimeout } = window
    const later = (act: TimerHandler, ms?: number, ...more: unknown[]) =>
      ms === patienceMs ? 0 : setTimeout(act, ms, ...more)
    Object.assign(window, { setTimeout: later })
  }, PAGE_PATIENCE_MS)
}

/** @param hasScripts without them nothing of the page is ever called back, and nothing is drawn late */
export async function lookAt(page: Page, hasScripts: boolean): Promise<Look> {
  // What the pointer was left on has another colour as soon as it is told.
  await page.mouse.move(0, 0)
  if (hasScripts) await page.evaluate(untilDrawn)
  const places = await page.evaluate(whatIsWhere)
  const picture = await pictureOf(page, { fullPage: true, animations: 'disabled', caret: 'hide' })
  return { picture, places }
}

/** In the page: everything is there, and painted. */
async function untilDrawn(): Promise<void> {
  // Whoever pressed something may be on the way there yet, and what stands still on the screen moves on the page.
  scrollTo({ top: 0, behavior: 'instant' })
  await document.fonts.ready
  await Promise.all([...document.images].map((image) => image.decode().catch(() => undefined)))
  // Signs are drawn out of a file that comes late.
  const files = [...document.querySelectorAll('use')].map((use) => use.href.baseVal.split('#')[0] ?? '')
  await Promise.all([...new Set(files)].map((file) => fetch(file)))
  for (let frames = 0; frames < 4; frames++) await new Promise((resolve) => requestAnimationFrame(resolve))
}

/** In the page: what people see or press, from top to bottom as it stands in the page. */
function whatIsWhere(): Place[] {
  const PARTS =
    'h1, h2, p, a, button, input, select, label, summary, dt, dd, li, output, img, svg, video, ul, form, section, dialog, [id]'
  const nameOf = (part: Element) => {
    const [first] = part.classList
    return part.localName + (part.id ? `#${part.id}` : first ? `.${first}` : '')
  }
  const isSeen = (part: Element) =>
    part.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && part.getClientRects().length > 0
  return [...document.body.querySelectorAll(PARTS)].filter(isSeen).map((part): Place => {
    const { x, y, width, height } = part.getBoundingClientRect()
    const [left, top, wide, high] = [x + scrollX, y + scrollY, width, height].map(Math.round)
    return { part: nameOf(part), box: [left ?? 0, top ?? 0, wide ?? 0, high ?? 0] }
  })
}
