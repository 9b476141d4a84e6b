import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createTestApp, type TestApp } from '../../support/app.ts'

let site: TestApp
beforeAll(async () => {
  site = await createTestApp()
})
afterAll(() => site.app.close())

const get = (url: string, headers: Record<string, string> = {}) => site.app.inject({ url, headers })

/** Width and height in a PNG's header. */
const sizeOf = (png: Buffer) => `${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`

test('the manifest has all that a phone asks for to install the page, and each icon is what it says', async () => {
  const reply = await get('/manifest.webmanifest')
  expect(reply.headers['content-type']).toBe('application/manifest+json')
  expect(reply.headers['cache-control']).toBe('no-cache')
  const manifest = reply.json()
  expect(manifest).toMatchObject({
    id: '/scan',
    name: 'ScanIn',
    start_url: '/scan',
    scope: '/',
    display: 'standalone',
    theme_color: expect.stringMatching(/^#[\da-f]{6}$/),
    background_color: expect.stringMatching(/^#[\da-f]{6}$/),
  })
  expect(manifest.icons.map(({ sizes, purpose }: { sizes: string; purpose: string }) => `${sizes} ${purpose}`)).toEqual(
    ['192x192 any', '512x512 any', '512x512 maskable'],
  )
  const shortcuts: { url: string; icons: object[] }[] = manifest.shortcuts
  expect(shortcuts.map(({ url }) => url)).toEqual(['/scan', '/home'])
  for (const icon of [...manifest.icons, ...shortcuts.flatMap(({ icons }) => icons)]) {
    const picture = await get(icon.src)
    expect([icon.src, picture.statusCode, picture.headers['content-type']]).toEqual([icon.src, 200, 'image/png'])
    expect(sizeOf(picture.rawPayload)).toBe(icon.sizes)
  }
})

test('the manifest is in the language of the page that names it, also in one that was picked', async () => {
  const inGerman = await get('/manifest.webmanifest', { 'accept-language': 'de-AT, en;q=0.5' })
  expect(inGerman.headers.vary).toMatch(/accept-language/)
  const { lang, dir, name, shortcuts } = inGerman.json()
  expect([lang, dir, name, shortcuts[0].name]).toEqual(['de', 'ltr', 'ScanIn', 'Code scannen'])
  const picked = await get('/manifest.webmanifest', { 'accept-language': 'de', cookie: 'scanin_language=ar' })
  expect(picked.json()).toMatchObject({ lang: 'ar', dir: 'rtl' })
  expect(picked.headers.etag).not.toBe(inGerman.headers.etag)
})

test('the page that is installed names it, and an icon for phones that read no manifest; the login page has neither', async () => {
  const { body } = await get('/scan')
  expect(body).toContain('<link rel="manifest" href="/manifest.webmanifest" crossorigin="use-credentials">')
  const [, icon = ''] = /<link rel="apple-touch-icon" href="([^"]+)">/.exec(body) ?? []
  expect(sizeOf((await get(icon)).rawPayload)).toBe('180x180')
  expect((await get('/')).body).not.toMatch(/manifest|touch-icon/)
})

test('the worker may keep the page without a connection with all that it loads, and nothing else', async () => {
  const { body, headers } = await get('/offline-worker.js')
  expect(headers).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'no-cache',
    'content-security-policy': "default-src 'none'; connect-src 'self'",
  })
  // No wider than where the file lies, and no header that makes it so.
  expect(headers['service-worker-allowed']).toBeUndefined()
  expect(body).not.toContain('{{')
  const page = (await get('/offline')).body
  const loaded = [...page.matchAll(/ (?:src|href)="(\/[^"]+\.(?:css|js|png|svg))"/g)].map(([, url = '']) => url)
  expect(loaded.length).toBeGreaterThan(1)
  const [, listed = ''] = /"((?:\/[\w./-]+ ?)+)"\.split/.exec(body) ?? []
  expect(listed.split(' ').sort()).toEqual(loaded.sort())
  for (const url of loaded) expect([url, (await get(url)).statusCode]).toEqual([url, 200])
})

test('the worker is another as soon as what it keeps is', async () => {
  const plain = (await get('/offline-worker.js')).body
  const other = await createTestApp({ BRAND_NAME: 'Acme' })
  const branded = (await other.app.inject('/offline-worker.js')).body
  expect(branded).not.toBe(plain)
  await other.app.close()
})

test('who comes to the page without a connection by its address is connected, and sent on', async () => {
  const reply = await get('/offline', { accept: 'text/html', 'sec-fetch-mode': 'navigate' })
  expect([reply.statusCode, reply.headers.location]).toEqual([302, '/scan'])
  expect((await get('/offline')).body).toBe(readFileSync('dist/web/en/offline.html', 'utf8'))
})
