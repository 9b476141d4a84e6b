/**
 * `npm run first-view`: what it costs to see a page for the first time, in a real Chromium on a bad line. README.md has the
 * figures; tests/e2e/first-view.test.ts holds those that are no times. With `BRAND_…` set, of pages with that brand.
 */
import { endAllAtExit } from './faults/long/end-all.ts'
import { launchChromium } from './support/browsers.ts'
import { type FirstView, viewFirst } from './support/first-view.ts'
import { freePort } from './support/free-port.ts'
import { startServiceProcess } from './support/service.ts'

const LINE = { latencyMs: 300, bitsPerSecond: 700_000 }
/** Of which the middle one counts. */
const TRIES = 5
/** Browsers treat the first as they do https: brotli, passkeys. */
const HOSTS = ['localhost', 'sign-in.example.com']
const SIZES = { '/': { width: 1280, height: 800 }, '/scan': { width: 390, height: 844 } }

const brand = Object.fromEntries(
  ['BRAND_NAME', 'BRAND_LOGO', 'BRAND_COLOR'].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  }),
)

endAllAtExit()
const browser = await launchChromium()
for (const host of HOSTS) {
  const port = await freePort()
  const url = `http://${host}:${port}`
  const service = await startServiceProcess({ ...brand, PORT: String(port), PUBLIC_URL: url })
  console.log(`\n${url}, ${LINE.latencyMs} ms, ${LINE.bitsPerSecond / 1000} kbit/s`)
  for (const path of ['/', '/scan'] as const) {
    const views: FirstView[] = []
    for (let tried = 0; tried < TRIES; tried++) {
      const context = await browser.newContext({ viewport: SIZES[path] })
      views.push(await viewFirst(await context.newPage(), url, path, LINE))
      await context.close()
    }
    tell(path, views)
  }
  await service.stop()
}
await browser.close()
process.exit()

function tell(path: string, views: readonly FirstView[]): void {
  const middle = (figures: number[]) => figures.sort((one, other) => one - other)[Math.floor(figures.length / 2)] ?? 0
  const seconds = (figures: number[]) => `${(middle(figures) / 1000).toFixed(2)} s`
  const [{ loaded, moved } = { loaded: [], moved: [] }] = views
  const bytes = loaded.reduce((sum, file) => sum + file.bytes, 0)
  console.log(`${path}  ${loaded.length} requests, ${(bytes / 1000).toFixed(1)} kB`)
  console.log(`    shown after ${seconds(views.map(({ shownMs }) => shownMs))}`)
  console.log(`    largest paint after ${seconds(views.map(({ largestPaintMs }) => largestPaintMs))}`)
  for (const { share, parts } of moved) console.log(`    ${share} moved: ${parts.join(', ')}`)
  for (const file of loaded) console.log(`    ${String(file.bytes).padStart(6)}  ${file.path}`)
}
