import { expect, test } from '@jest/globals'
import { viewFirst } from '../support/first-view.ts'
import { freePort } from '../support/free-port.ts'
import { setUpPageTests } from '../support/page-tests.ts'

/** What a page may cost who sees it for the first time; `npm run first-view` says how long that takes. */
const MOST = {
  '/': { requests: 6, bytes: 20_000 },
  '/scan': { requests: 6, bytes: 25_000 },
} as const

const { visitors, serve } = setUpPageTests({})

async function serveAt(host: string): Promise<string> {
  const port = await freePort()
  const url = `http://${host}:${port}`
  await serve({ PORT: String(port), PUBLIC_URL: url })
  return url
}

const isFile = (path: string) => path !== '/login' && path !== '/session'

test.each([
  ['as over https, with the QR', 'localhost', () => true],
  ['over plain http, where browsers take no brotli, without it', 'sign-in.example.com', isFile],
])('%s, no page takes more than a few requests and bytes, and nothing in it moves', async (_where, host, counts) => {
  visitors.await(/Cross-Origin-Opener-Policy header has been ignored/)
  const url = await serveAt(host)
  for (const path of ['/', '/scan'] as const) {
    const visitor = path === '/' ? await visitors.desktop() : await visitors.phone()
    const { loaded: all, moved } = await viewFirst(visitor, url, path)
    // A manifest is the browser's to ask for, whenever it likes.
    const loaded = all.filter((file) => !file.path.endsWith('.webmanifest'))
    const paths = loaded.map((file) => file.path)
    expect(paths).toEqual(expect.arrayContaining([path, expect.stringMatching(/^\/assets\/.*-page-.*\.js$/)]))
    // None of them twice, for want of a cache.
    expect([...paths].sort()).toEqual([...new Set(paths)].sort())
    expect(paths.slice(MOST[path].requests)).toEqual([])
    const bytes = loaded.filter((file) => counts(file.path)).map((file) => file.bytes)
    expect(bytes.reduce((sum, more) => sum + more)).toBeLessThanOrEqual(MOST[path].bytes)
    expect(moved).toEqual([])
  }
})
