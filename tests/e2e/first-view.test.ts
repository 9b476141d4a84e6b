import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { qrImage } from '../../server/login/browser/qr-image.ts'
import { viewFirst } from '../support/first-view.ts'
import { freePort } from '../support/free-port.ts'
import { setUpPageTests } from '../support/page-tests.ts'

/**
 * What a page may cost who sees it for the first time: README.md's figures and a little. `npm run first-view` says how long that
 * takes.
 */
const MOST = {
  '/': { requests: 5, brotli: 21_190, gzip: 19_210 },
  '/scan': { requests: 5, brotli: 22_880, gzip: 25_240 },
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
  ['as over https, with the QR', 'localhost', 'brotli', () => true],
  ['over plain http, where browsers take no brotli, without it', 'sign-in.example.com', 'gzip', isFile],
] as const)(
  '%s, no page takes more than a few requests and bytes, and nothing in it moves',
  async (_where, host, coding, counts) => {
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
      const chance = counts('/login') && path === '/' ? await moreThanUsual(visitor, url) : 0
      expect(bytes.reduce((sum, more) => sum + more) - chance).toBeLessThanOrEqual(MOST[path][coding])
      expect(moved).toEqual([])
    }
  },
)

/** By how many bytes the code on the page is longer than codes are: by chance some are by 200, or shorter. */
async function moreThanUsual(page: Page, url: string): Promise<number> {
  const usual = Array.from({ length: 200 }, (_, at) => {
    const drawn = createHash('sha512').update(String(at)).digest('base64url')
    return qrImage(`${url}/scan#${drawn.slice(0, 16)}.${drawn.slice(16, 38)}`).length
  })
  const mean = usual.reduce((sum, more) => sum + more) / usual.length
  return (await page.locator('#qr').evaluate((image: HTMLImageElement) => image.src.length)) - mean
}
