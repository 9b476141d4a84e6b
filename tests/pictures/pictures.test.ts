import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { launchChromium } from '../support/browsers.ts'
import { freePort } from '../support/free-port.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { ROOT, type Service, startService } from '../support/service.ts'
import { coarse, moved, read, recoloured, written } from './compare.ts'
import { drawingAlone } from './drawing.ts'
import { homeStates, loginStates } from './login-states.ts'
import { type Look, lookAt, SCREENS, SETTINGS, STEADY, stopTime } from './look.ts'
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
const contexts = new Map<string, Promise<BrowserContext>>()

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
})
afterAll(async () => {
  await browser?.close()
  await service?.stop()
})

function contextFor({ screen = 'desktop', setting }: State, more: BrowserContextOptions = {}): Promise<BrowserContext> {
  const key = JSON.stringify([screen, setting, more])
  const options = { ...STEADY, ...SCREENS[screen], ...(setting && SETTINGS[setting]), ...more }
  const context = contexts.get(key) ?? browser.newContext(options)
  contexts.set(key, context)
  return context
}

async function look(state: State, context: BrowserContext): Promise<Look> {
  const page = await context.newPage()
  try {
    page.setDefaultTimeout(PATIENCE_MS)
    await stopTime(page)
    await answerBy(page, site, state.wire)
    await state.first?.(page)
    await page.goto(site + (await addressOf(state, page)))
    await state.steps?.(page)
    await page.locator(state.shows).first().waitFor()
    return await lookAt(page, state.setting !== 'scriptless')
  } finally {
    await page.close()
  }
}

/** A file of the build is shown where nothing else is. */
async function addressOf({ page: what }: State, page: Page): Promise<string> {
  if (typeof what === 'string') return what
  const html = readFileSync(join(ROOT, 'dist/web/en', what.file), 'utf8')
  const body = html.replace(/\{\{(\w+)\}\}/g, (_slot, name: string) => what.slots?.[name] ?? '')
  await page.route('**/shown', (route) => route.fulfill({ body, contentType: 'text/html' }))
  return '/shown'
}

async function keep(state: State): Promise<void> {
  const { picture, places } = await look(state, await contextFor(state))
  writeFileSync(join(KEPT, `${state.name}.png`), await coarse(canvas, picture))
  writeFileSync(join(KEPT, `${state.name}.txt`), written(places))
  if (!state.inDocuments) return
  const large = await look(state, await contextFor(state, { deviceScaleFactor: 2 }))
  writeFileSync(join(DOCUMENTS, `${state.name}.png`), large.picture)
}

/** @returns in words what looks otherwise */
async function compare(state: State): Promise<string[]> {
  const { picture, places } = await look(state, await contextFor(state))
  const kept = (ending: string) => readFileSync(join(KEPT, state.name + ending))
  const trouble = [
    ...moved(read(String(kept('.txt'))), places),
    ...(await recoloured(canvas, kept('.png'), await coarse(canvas, picture))),
  ]
  if (trouble.length === 0) return []
  found ??= mkdtempSync(join(tmpdir(), 'scanin-pictures-'))
  const file = join(found, `${state.name}.png`)
  writeFileSync(file, picture)
  return [`${state.name} (${file}):`, ...trouble.slice(0, 6)]
}

async function forEach<Result>(states: readonly State[], act: (state: State) => Promise<Result>): Promise<Result[]> {
  const left = states.map((state, at) => ({ state, at }))
  const results: Result[] = []
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { name } = next.state
      results[next.at] = await act(next.state).catch((error) => {
        throw new Error(`${name}: ${error}`, { cause: error })
      })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return results
}

if (RENEWED !== undefined) {
  const wanted = new RegExp(RENEWED)
  for (const folder of [KEPT, DOCUMENTS]) {
    if (RENEWED === '.') rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
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
