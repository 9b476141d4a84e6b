import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { startProcess } from '../../support/child-process.ts'

const PROGRAM = join(import.meta.dirname, '../../../server/build/build-once.mjs')
const AGO_SECONDS = 60

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-build-once-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** @param age seconds since it was written */
function put(path: string, { text = '', age = 0 } = {}): void {
  const place = join(folder, path)
  mkdirSync(dirname(place), { recursive: true })
  writeFileSync(place, text)
  const then = Date.now() / 1000 - age
  utimesSync(place, then, then)
}

function putBuild(age: number): void {
  for (const path of ['server/main.js', 'server/builds.json', 'web/builds.json']) put(`dist/${path}`, { age })
}

function putSources(age: number): void {
  for (const path of ['server/store/store.ts', 'web/src/page.ts', 'package-lock.json']) put(path, { age })
}

/** @param packages as package.json has them */
async function run(packages: Record<string, Record<string, string>> = {}) {
  const build = "fs.writeFileSync('built', '')"
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ scripts: { build: `node --eval "${build}"` }, ...packages }),
  )
  const running = startProcess(process.execPath, [PROGRAM], { cwd: folder })
  const code = await running.exited
  const hasBuilt = (() => {
    try {
      return readFileSync(join(folder, 'built'), 'utf8') === ''
    } catch {
      return false
    }
  })()
  return { code, said: running.stderr(), hasBuilt }
}

test('what was never built is built, and said to take its time before it does', async () => {
  putSources(0)
  expect(await run()).toMatchObject({ code: 0, said: expect.stringMatching(/^Nothing is built yet/), hasBuilt: true })
})

test('what is built of these sources is left alone, without a word', async () => {
  putSources(2 * AGO_SECONDS)
  putBuild(AGO_SECONDS)
  expect(await run()).toEqual({ code: 0, said: '', hasBuilt: false })
})

test('so it is where there are no sources, as in an image', async () => {
  putBuild(AGO_SECONDS)
  expect(await run()).toEqual({ code: 0, said: '', hasBuilt: false })
})

test.each(['server/store/store.ts', 'web/src/page.ts', 'package-lock.json'])(
  'that %s is newer than what is built is said in one line, and what is built runs',
  async (path) => {
    putSources(2 * AGO_SECONDS)
    putBuild(AGO_SECONDS)
    put(path)
    const said = `What is built is older than ${path}, and runs as it is: npm run build\n`
    expect(await run()).toEqual({ code: 0, said, hasBuilt: false })
  },
)

test.each(['server/builds.json', 'web/builds.json'])(
  'a build that was cut short before it wrote %s is done anew, and said to take its time before it is',
  async (note) => {
    putSources(2 * AGO_SECONDS)
    putBuild(AGO_SECONDS)
    rmSync(join(folder, 'dist', note))
    const said = 'The build was cut short: building, which takes a minute\n'
    expect(await run()).toEqual({ code: 0, said, hasBuilt: true })
  },
)

test('without a package that it runs by nothing is started, and one line says what to do', async () => {
  putBuild(AGO_SECONDS)
  put('node_modules/other/package.json')
  const said = 'node_modules has no @scope/part: npm ci\n'
  expect(await run({ dependencies: { other: '1', '@scope/part': '1' } })).toEqual({ code: 1, said, hasBuilt: false })
})

test('without a package that it is built by nothing is built, and one line says what to do', async () => {
  putSources(0)
  const said = 'node_modules has no builder: npm ci\n'
  expect(await run({ devDependencies: { builder: '1' } })).toEqual({
    code: 1,
    said: expect.stringContaining(said),
    hasBuilt: false,
  })
})

test('what is only built by a package runs without it', async () => {
  putBuild(AGO_SECONDS)
  expect(await run({ devDependencies: { builder: '1' } })).toEqual({ code: 0, said: '', hasBuilt: false })
})
