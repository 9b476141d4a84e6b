import type { Page } from 'playwright-core'

/** A request of a view, and what its reply took of the line: head and body, as they were sent. */
export interface Loaded {
  path: string
  bytes: number
}

export interface FirstView {
  loaded: Loaded[]
  /** When what the page is for was there, and when the last of the largest things was painted: from the click. */
  shownMs: number
  largestPaintMs: number
  /** What moved after it was painted (Layout Instability API). */
  moved: { share: number; parts: string[] }[]
}

/** What a page is for, by its address: the part that shows it. */
export const VIEWS = { '/': '[data-state="pending"] #qr', '/scan': '#sign-in-form' } as const

export interface Line {
  latencyMs: number
  bitsPerSecond: number
}

/** Opens a page in a browser that has been nowhere, and looks until it shows what it is for. */
export async function viewFirst(
  page: Page,
  service: string,
  path: keyof typeof VIEWS,
  line?: Line,
): Promise<FirstView> {
  const shows = VIEWS[path]
  const loaded = await countLoaded(page, line)
  await page.addInitScript(noteWhenShown, shows)
  await page.addInitScript(keepWaiting, AHEAD_MS)
  await page.goto(service + path)
  await page.locator(shows).waitFor()
  return { ...(await page.evaluate(whatBrowserSaw)), loaded: await loaded() }
}

/** Counts what is loaded, but for polls, which come when the page is there. @returns tells what has been loaded */
async function countLoaded(page: Page, line: Line | undefined): Promise<() => Promise<Loaded[]>> {
  const devTools = await page.context().newCDPSession(page)
  const paths = new Map<string, string>()
  const loaded: Loaded[] = []
  devTools.on('Network.requestWillBeSent', ({ requestId, request }) => {
    const { protocol, pathname } = new URL(request.url)
    if (protocol.startsWith('http') && !pathname.startsWith('/login/status/')) paths.set(requestId, pathname)
  })
  devTools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const path = paths.get(requestId)
    if (path !== undefined) loaded.push({ path, bytes: encodedDataLength })
  })
  await devTools.send('Network.enable')
  if (line !== undefined) {
    const throughput = line.bitsPerSecond / 8
    await devTools.send('Network.emulateNetworkConditions', {
      ...{ offline: false, latency: line.latencyMs },
      ...{ downloadThroughput: throughput, uploadThroughput: throughput },
    })
  }
  return async () => {
    // Events come in order: when this is answered, all that was loaded before has been counted.
    await devTools.send('Network.disable')
    return loaded
  }
}

/** How long after the first view pages load what they will need later (web/src/page/first-use.ts). */
const AHEAD_MS = 2000

/** In the page: timers of this length never fire. On a slow machine, what they load would be in the first view. */
function keepWaiting(forMs: number): void {
  const { setTimeout } = window
  const later = (act: TimerHandler, ms?: number, ...more: unknown[]) =>
    ms === forMs ? 0 : setTimeout(act, ms, ...more)
  Object.assign(window, { setTimeout: later })
}

/** In the page, from before it begins. */
function noteWhenShown(shows: string): void {
  const look = () => {
    const part = document.querySelector(shows)
    const isThere = part?.checkVisibility() && (!(part instanceof HTMLImageElement) || part.complete)
    if (isThere) performance.mark('shown')
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}

/** In the page, when it is there. */
async function whatBrowserSaw(): Promise<Omit<FirstView, 'loaded'>> {
  const entriesOf = (type: string) =>
    new Promise<PerformanceEntryList>((resolve) => {
      new PerformanceObserver((list) => resolve(list.getEntries())).observe({ type, buffered: true })
      // Without entries the observer is never called.
      setTimeout(resolve, 500, [])
    })
  const nameOf = (node: unknown) => (node instanceof Element ? `${node.localName}#${node.id}.${node.className}` : '')
  const boxOf = ({ x, y, width, height }: DOMRect) => `${width}×${height} at ${x},${y}`
  const sourcesOf = (entry: PerformanceEntry): { node: unknown; previousRect: DOMRect; currentRect: DOMRect }[] =>
    Reflect.get(entry, 'sources')
  const paints = await entriesOf('largest-contentful-paint')
  const shifts = await entriesOf('layout-shift')
  return {
    shownMs: performance.getEntriesByName('shown')[0]?.startTime ?? Number.NaN,
    largestPaintMs: Math.max(...paints.map(({ startTime }) => startTime)),
    moved: shifts.map((entry) => ({
      share: Number(Reflect.get(entry, 'value')),
      parts: sourcesOf(entry).map(
        ({ node, previousRect, currentRect }) => `${nameOf(node)}: ${boxOf(previousRect)}, then ${boxOf(currentRect)}`,
      ),
    })),
  }
}
