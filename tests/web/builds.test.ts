import { execFile } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompressSync, brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { readWeb } from '../../server/http/built-web.ts'
import { createTestApp } from '../support/app.ts'
import { ROOT } from '../support/service.ts'

/** What a build leaves for pages that were opened before it. */

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-builds-'))
  for (const part of ['web', 'tsconfig.json']) cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  // Other languages are built as this one is.
  const folderOfWords = join(folder, 'web/messages')
  for (const name of readdirSync(folderOfWords)) if (name !== 'en.json') rmSync(join(folderOfWords, name))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** @returns what the pages of this build load, one way or another */
async function build(): Promise<string[]> {
  await promisify(execFile)(process.execPath, ['web/build/build.mjs'], { cwd: folder })
  const [names = []]: string[][] = JSON.parse(readFileSync(join(folder, 'dist/web/builds.json'), 'utf8'))
  return names.map((name) => `/assets/${name}`)
}

/** A build with something new in every script, and in every style sheet. */
function buildNewer(): Promise<string[]> {
  const change = (path: string, more: string) =>
    writeFileSync(join(folder, path), readFileSync(join(folder, path), 'utf8') + more)
  change('web/src/page/page-started.ts', '\nconsole.info("another")\n')
  change('web/public/style.css', '\nbody { margin: 0 }\n')
  return build()
}

/** @returns those of the addresses that a service with what is built answers with something else than a file of its own */
async function gone(urls: readonly string[]): Promise<string[]> {
  const { app } = await createTestApp({}, { web: readWeb(join(folder, 'dist/web')) })
  const replies = await Promise.all(
    urls.map(async (url) => ({ url, reply: await app.inject({ url, headers: { 'accept-encoding': 'br' } }) })),
  )
  await app.close()
  return replies.filter(({ reply }) => reply.statusCode !== 200).map(({ url }) => url)
}

test('a build that ends before all its pages are written is not noted as one', async () => {
  const page = join(folder, 'dist/web/en/scan.html')
  mkdirSync(page, { recursive: true })
  await expect(build()).rejects.toThrow('EISDIR')
  expect(existsSync(join(folder, 'dist/web/builds.json'))).toBe(false)
  rmSync(page, { recursive: true })
})

// Six builds one after the other.
test('an upgrade goes on serving what pages of the builds before it load, and forgets what is older', async () => {
  const first = await build()
  // A build that was stopped halfway leaves a page of one and what is compressed of another.
  const page = join(folder, 'dist/web/en/scan.html')
  writeFileSync(`${page}.br`, brotliCompressSync('another page'))
  rmSync(`${page}.gz`)
  expect(await build()).toEqual(first)
  expect(brotliDecompressSync(readFileSync(`${page}.br`))).toEqual(readFileSync(page))
  expect(gunzipSync(readFileSync(`${page}.gz`))).toEqual(readFileSync(page))
  const second = await buildNewer()
  const changed = first.filter((url) => !second.includes(url))
  expect(changed.map((url) => url.replace(/-\w+\./, '.'))).toEqual(
    expect.arrayContaining(['/assets/scan-page.js', '/assets/login-page.js', '/assets/login.css', '/assets/scan.css']),
  )
  // What nobody has changed keeps its name, and stays in browsers.
  expect(second.filter((url) => first.includes(url)).map((url) => url.replace(/-\w+\./, '.'))).toContain(
    '/assets/decode.js',
  )
  expect(await gone([...first, ...second])).toEqual([])
  await buildNewer()
  // Whoever builds the same again has not upgraded.
  await build()
  expect(await gone([...first, ...second])).toEqual([])
  await buildNewer()
  expect((await gone([...first, ...second])).sort()).toEqual([...changed].sort())
})
