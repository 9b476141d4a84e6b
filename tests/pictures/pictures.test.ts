import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { launchChromium } from '../support/browsers.ts'
import { freePort } from '../support/free-port.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { ROOT, type Service, startService } from '../support/service.ts'
import { coarse, moved, read, recoloured, written } from './compare.ts'
import { drawingAlone } from './drawing.ts'
import { homeStates, loginStates } from './login-states.ts'
import { type Look, lookAt, type Place, SCREENS, SETTINGS, STEADY, stopTime } from './look.ts'
import { otherStates } from './other-states.ts'
import { phoneStates } from './phone-states.ts'
import type { State } from './state.ts'
import { answerBy } from './wire.ts'

/** What each state of each page looked like when somebody last looked at it themselves. `npm run pictures` keeps it anew. */
const KEPT = join(import.meta.dirname, 'kept')
const DOCUMENTS = join(ROOT, 'docs/pictures')
/** Which are kept anew, by a part of their names; `.` is all. Left out: they are compared. */
const RENEWED = process.env['PICTURES']
/** As many as keep two cores busy. */
const AT_ONCE = 3

const GROUPS: Record<string, readonly State[]> = {
  'the login page': loginStates,
  "a signed-in browser's page": homeStates,
  "the phone's page": phoneStates,
  'pages for what went wrong': otherStates,
}

let service: Service
/** By a name: browsers have passkeys nowhere else. */
let site: string
let browser: Browser
let canvas: Page
/** Where those are that look otherwise. */
let found: string | undefined

beforeAll(async () => {
  for (const font of ['opentype/inter/Inter-Regular.otf', 'truetype/dejavu/DejaVuSans.ttf']) {
    if (!existsSync(join('/usr/share/fonts', font)))
      throw new Error(`${font} is missing: node tests/install-parts.mjs tests`)
  }
  const letters = { FONTCONFIG_FILE: join(import.meta.dirname, 'fonts.conf') }
  const port = await freePort()
  site = `http://localhost:${port}`
  const env = { PORT: String(port), PUBLIC_URL: site }
  const [started, launched] = await Promise.all([startService(env), launchChromium([], letters)])
  service = started
  browser = launched
  canvas = await browser.newPage()
  canvas.setDefaultTimeout(PATIENCE_MS)
})
afterAll(async () => {
  await browser?.close()
  await service?.stop()
})

/**
 * Shows the state, and has it looked at as often as that takes.
 * @param more of the browser
 */
async function looking<Found>(
  state: State,
  act: (look: () => Promise<Look>) => Promise<Found>,
  more: BrowserContextOptions = {},
): Promise<Found> {
  const { screen = 'desktop', setting } = state
  // A browser of its own: tabs of one tell each other who has signed in.
  const context = await browser.newContext({
    ...{ ...STEADY, ...SCREENS[screen], ...(setting && SETTINGS[setting]) },
    ...more,
  })
  try {
    const page = await context.newPage()
    page.setDefaultTimeout(PATIENCE_MS)
    await stopTime(page)
    await answerBy(page, site, state.wire)
    await state.first?.(page)
    await page.goto(site + (await addressOf(state, page)))
    await state.steps?.(page)
    await page.locator(state.shows).first().waitFor()
    return await act(() => lookAt(page, setting !== 'scriptless'))
  } finally {
    await context.close()
  }
}

/** A file of the build is shown where nothing else is. */
async function addressOf({ page: what }: State, page: Page): Promise<string> {
  if (typeof what === 'string') return what
  const html = readFileSync(join(ROOT, 'dist/web/en', what.file), 'utf8')
  const body = html.replace(/\{\{(\w+)\}\}/g, (_slot, name: string) => what.slots?.[name] ?? '')
  await page.route('**/shown', (route) => route.fulfill({ body, contentType: 'text/html' }))
  // One that is tried again by itself stands still.
  await page.addInitScript(() =>
    addEventListener('load', () => document.documentElement.setAttribute('data-started', ''), true),
  )
  return '/shown'
}

async function keep(state: State): Promise<void> {
  const { picture, places } = await looking(state, (look) => look())
  writeFileSync(join(KEPT, `${state.name}.png`), await coarse(canvas, picture))
  writeFileSync(join(KEPT, `${state.name}.txt`), written(places))
  if (!state.inDocuments) return
  const large = await looking(state, (look) => look(), { deviceScaleFactor: 2 })
  writeFileSync(join(DOCUMENTS, `${state.name}.png`), large.picture)
}

/** @returns in words what looks otherwise */
async function compare(state: State): Promise<string[]> {
  const kept = readKept(state.name)
  const seen = await looking(state, async (look) => {
    let latest = await differences(kept, await look())
    // What is still being drawn does not look the same twice.
    for (let before = ''; latest.trouble.length > 0 && String(latest.trouble) !== before; ) {
      before = String(latest.trouble)
      latest = await differences(kept, await look())
    }
    return latest
  })
  if (seen.trouble.length === 0) return []
  found ??= mkdtempSync(join(tmpdir(), 'scanin-pictures-'))
  const file = join(found, `${state.name}.png`)
  writeFileSync(file, seen.picture)
  return [`${state.name} (${file}):`, ...seen.trouble.slice(0, 6)]
}

interface Kept {
  places: Place[]
  picture: Buffer
}

function readKept(name: string): Kept {
  const kept = (ending: string) => readFileSync(join(KEPT, name + ending))
  return { places: read(String(kept('.txt'))), picture: kept('.png') }
}

async function differences(kept: Kept, { picture, places }: Look): Promise<{ trouble: string[]; picture: Buffer }> {
  const recolour = await recoloured(canvas, kept.picture, await coarse(canvas, picture))
  return { trouble: [...moved(kept.places, places), ...recolour], picture }
}

async function forEach<Result>(states: readonly State[], act: (state: State) => Promise<Result>): Promise<Result[]> {
  const left = states.map((state, at) => ({ state, at }))
  const results: Result[] = []
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { name } = next.state
      results[next.at] = await inTime(act(next.state)).catch((error) => {
        throw new Error(`${name}: ${error}`, { cause: error })
      })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return results
}

/** What a page is asked to do in itself has no end of its own: one state would take its whole group's time, and nobody knew which. */
function inTime<Result>(act: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout
  const over = new Promise<never>((_resolve, reject) => {
    const late = new Error(`not seen within ${2 * PATIENCE_MS} ms, or never twice the same`)
    timer = setTimeout(reject, 2 * PATIENCE_MS, late)
  })
  return Promise.race([act, over]).finally(() => clearTimeout(timer))
}

if (RENEWED !== undefined) {
  const wanted = new RegExp(RENEWED)
  for (const folder of [KEPT, DOCUMENTS]) {
    mkdirSync(folder, { recursive: true })
    // Those of measurements are drawn by tests/bench/publish.mjs.
    const own = readdirSync(folder).filter((name) => !name.startsWith('bench-'))
    if (RENEWED === '.') for (const name of own) rmSync(join(folder, name))
  }
  test.each(Object.entries(GROUPS))('%s is kept', async (_name, states) => {
    await forEach(
      states.filter(({ name }) => wanted.test(name)),
      keep,
    )
  })

  test('the drawing is kept', () => {
    writeFileSync(join(DOCUMENTS, 'drawing.svg'), drawingAlone())
  })
} else {
  test.each(Object.entries(GROUPS))(
    '%s looks as it did: npm run pictures, if it is to look otherwise',
    async (_name, states) => {
      expect((await forEach(states, compare)).flat()).toEqual([])
    },
  )

  test('what is kept is of states that there are', () => {
    const names = Object.values(GROUPS).flatMap((states) => states.map(({ name }) => name))
    expect([...new Set(names)]).toEqual(names)
    const files = names.flatMap((name) => [`${name}.png`, `${name}.txt`])
    expect(readdirSync(KEPT).sort()).toEqual(files.sort())
  })
}
