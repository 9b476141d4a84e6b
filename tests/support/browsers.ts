import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { findProgram } from './child-process.ts'
import { endLater } from './end-later.ts'
import { PATIENCE_MS } from './patience.ts'
import { sharedChromium } from './worker-host.ts'

const ARGUMENTS = [
  ...['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-quic'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  // Sites of several hosts, as the documents name them.
  '--host-resolver-rules=MAP *.example.com 127.0.0.1',
]

// Animations are drawn without a graphics card, and would take a third of the processor while a test waits.
const STILL: BrowserContextOptions = { reducedMotion: 'reduce' }

const DESKTOP: BrowserContextOptions = {
  ...STILL,
  viewport: { width: 1280, height: 800 },
  userAgent:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36',
}

const PHONE: BrowserContextOptions = {
  ...STILL,
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
  userAgent:
    'Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Mobile Safari/537.36',
}

/** A connection to the Chromium that all files of this Jest worker share; closing it leaves that open. */
export async function connectToChromium(): Promise<Browser> {
  const endpoint = await sharedChromium({ program: findChromium(), args: ARGUMENTS })
  return closedLater(await chromium.connectOverCDP(endpoint, { timeout: PATIENCE_MS }))
}

/** @param cameraFile an `.mjpeg` that its camera plays. It is read when a page opens the camera, so it may come later. */
export async function launchChromiumWithCamera(cameraFile: string): Promise<Browser> {
  const camera = [
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-video-capture=${cameraFile}`,
  ]
  return launchChromium(camera)
}

/**
 * Makes Chromium take a certificate as one that it trusts. A context's `ignoreHTTPSErrors` is another thing: each request
 * fails first and is begun again, which Chromium now and then gives up (ERR_TOO_MANY_RETRIES), and workers are refused.
 * @param keyHash SHA-256 of its public key (SPKI), base64
 */
export const trusting = (keyHash: string) => `--ignore-certificate-errors-spki-list=${keyHash}`

/** A Chromium of the caller's own. @param env added to the tests' environment */
export async function launchChromium(
  moreArguments: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Browser> {
  return closedLater(
    await chromium.launch({
      executablePath: fileURLToPath(new URL('chromium.sh', import.meta.url)),
      args: [...ARGUMENTS, ...moreArguments],
      env: { ...process.env, PROGRAM: findChromium(), ...env },
      timeout: PATIENCE_MS,
    }),
  )
}

function closedLater(browser: Browser): Browser {
  browser.once(
    'disconnected',
    endLater(() => void browser.close()),
  )
  return browser
}

function findChromium(): string {
  return findProgram('CHROMIUM', 'chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome')
}

/** The people of one test, each with a browser profile of their own, and what their pages complained about. */
export interface Visitors {
  desktop(options?: BrowserContextOptions): Promise<Page>
  phone(options?: BrowserContextOptions): Promise<Page>
  /** Console errors (a CSP violation is one), failed requests and uncaught exceptions of all pages, but those awaited. */
  complaints(): string[]
  /** Names complaints that the test itself brings about. */
  await(...complaints: RegExp[]): void
  leave(): Promise<void>
}

/** @param phoneBrowser the one with a camera, where that matters */
export function createVisitors(browser: Browser, phoneBrowser = browser): Visitors {
  const heard: string[] = []
  // The phone's page asks who it is before it knows; Chromium writes every 401 to the console.
  // Whatever else runs on this machine may add or remove a network card, and Chromium then gives up what is under way.
  const awaited = [/status of 401 .*\/session$/, /net::ERR_NETWORK_CHANGED /]
  const contexts: { close(): Promise<void> }[] = []
  // A page that is closed complains of requests that were under way.
  let isLeaving = false
  const hear = (complaint: string) => {
    if (!isLeaving) heard.push(complaint)
  }

  async function open(where: Browser, options: BrowserContextOptions): Promise<Page> {
    const context = await where.newContext(options)
    contexts.push(context)
    context.setDefaultTimeout(PATIENCE_MS)
    // Of tabs and windows that are opened later as well.
    context.on('console', (message) => {
      if (message.type() === 'error') hear(`${message.text()} ${message.location().url}`)
    })
    context.on('weberror', (of) => hear(`uncaught ${of.error().stack ?? of.error().message}`))
    return context.newPage()
  }

  return {
    desktop: (options) => open(browser, { ...DESKTOP, ...options }),
    phone: (options) => open(phoneBrowser, { ...PHONE, ...options }),
    complaints: () => heard.filter((complaint) => !awaited.some((known) => known.test(complaint))),
    await(...complaints) {
      awaited.push(...complaints)
    },
    async leave() {
      isLeaving = true
      await Promise.all(contexts.map((context) => context.close()))
    },
  }
}
