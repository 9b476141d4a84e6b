import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readLogo } from '../../../server/brand/logo.ts'
import { createInjectPhone, createTestApp, type TestApp } from '../../support/app.ts'
import { readConfig } from '../../support/read-config.ts'

const NAVIGATION = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }
const PAGES = ['/', '/scan', '/home', '/embed', '/nowhere']
const SVG =
  '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 24"><script>1</script></svg>'

let folder: string
const write = (name: string, body: string | Buffer): string => {
  const path = join(folder, name)
  writeFileSync(path, body)
  return path
}
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-brand-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('with a brand', () => {
  let site: TestApp
  beforeAll(async () => {
    site = await createTestApp(
      {
        BRAND_NAME: 'Müller & "Söhne" <i>{{title}}',
        BRAND_COLOR: '#1a3fc4',
        HELP_URL: 'https://help.example/?a=1&b="2"',
        PRIVACY_URL: 'https://example.com/privacy',
      },
      { logo: readLogo(write('logo.svg', SVG)) },
    )
  })
  afterAll(() => site.app.close())
  const get = (url: string, headers: Record<string, string> = NAVIGATION) => site.app.inject({ url, headers })
  const assetOn = async (page: string, form: RegExp) => form.exec((await get(page)).body)?.[0] ?? 'none'

  test.each(PAGES)('%s has its name, its colours and the two addresses, and nothing of ours', async (url) => {
    const { body } = await get(url)
    const name = 'Müller &amp; &quot;Söhne&quot; &lt;i&gt;&#123;&#123;title&#125;&#125;'
    expect(body).toContain(` · ${name}</title>`)
    expect(body).not.toMatch(/\bScanIn\b|<i>{{/)
    expect(body).toMatch(/<link rel="stylesheet" href="\/assets\/brand-[\da-f]{8}\.css">\n<\/head>/)
    expect(body).toMatch(/<link rel="icon" href="\/assets\/logo-[\da-f]{8}\.svg" type="image\/svg\+xml">/)
    expect(body).toContain('<footer id="foot" class="foot">')
    expect(body).toMatch(
      /<a class="foot-help" href="https:\/\/help\.example\/\?a=1&amp;b=%222%22"[^>]*rel="noopener">Help</,
    )
    expect(body).toMatch(/<a class="foot-privacy" href="https:\/\/example\.com\/privacy"[^>]*>Privacy</)
    if (url !== '/embed') {
      expect(body).toContain(`>${name}</a>`)
      // As high as ours, as wide as it is, before it has come.
      expect(body).toMatch(
        /<img class="brand-logo" src="\/assets\/logo-[\da-f]{8}\.svg" alt="" width="64" height="32">/,
      )
    }
    expect(body).not.toMatch(/<style|\sstyle=/)
  })

  test('pages are compressed, and tell the same', async () => {
    const reply = await get('/scan', { ...NAVIGATION, 'accept-encoding': 'br' })
    expect([reply.headers['content-encoding'], reply.headers.vary]).toEqual(['br', 'accept-language, accept-encoding'])
    expect(brotliDecompressSync(reply.rawPayload).toString()).toBe((await get('/scan')).body)
  })

  test('the logo is a file by its content, in which no script runs', async () => {
    const url = await assetOn('/', /\/assets\/logo-[\da-f]{8}\.svg/)
    const reply = await get(url, {})
    expect([reply.statusCode, reply.body]).toEqual([200, SVG])
    expect(reply.headers).toMatchObject({
      'content-type': 'image/svg+xml',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'public, max-age=31536000, immutable',
    })
    const again = await get(url, { 'if-none-match': String(reply.headers.etag) })
    expect([again.statusCode, again.body]).toEqual([304, ''])
  })

  test('the colours are a style sheet', async () => {
    const reply = await get(await assetOn('/', /\/assets\/brand-[\da-f]{8}\.css/), {})
    expect(reply.headers['content-type']).toBe('text/css; charset=utf-8')
    expect(reply.body).toMatch(/^:root\{--light-accent:#1a3fc4;.*;--dark-accent:#[\da-f]{6};[^{}]*\}\n$/)
  })

  test('the manifest has the name, the colour, and no icon that is none', async () => {
    const manifest = (await get('/manifest.webmanifest', {})).json()
    expect(manifest).toMatchObject({ name: 'Müller & "Söhne" <i>{{title}}', theme_color: '#1a3fc4' })
    expect(manifest.short_name).toBeUndefined()
    // The logo is wide.
    expect(manifest.icons).toHaveLength(3)
  })

  test('passkeys are for it', async () => {
    const phone = await createInjectPhone(site.app)
    expect((await phone.post('/passkeys/options')).json().rp.name).toBe('Müller & "Söhne" <i>{{title}}')
  })
})

test('a colour alone colours our own sign', async () => {
  const { app } = await createTestApp({ BRAND_COLOR: '#1a3fc4' })
  const { body } = await app.inject('/')
  expect(body).toContain("fill='%231a3fc4'")
  expect(body).toContain('>ScanIn</a>')
  expect(body).toContain('<footer id="foot" class="foot" hidden>')
  await app.close()
})

test('an address alone leaves the other out', async () => {
  const { app } = await createTestApp({ PRIVACY_URL: 'https://example.com/privacy' })
  const { body } = await app.inject('/')
  expect(body).toContain('<footer id="foot" class="foot">')
  expect(body).toMatch(/<a class="foot-help"[^>]* hidden>/)
  expect(body).toMatch(/<a class="foot-privacy"[^>]*noopener">/)
  await app.close()
})

test('without a brand the pages are those of the build', async () => {
  const { app } = await createTestApp()
  expect((await app.inject('/')).body).toBe(readFileSync('dist/web/en/index.html', 'utf8'))
  await app.close()
})

test('a square PNG is the icon of the application, and of a phone that takes no manifest', async () => {
  const logo = readLogo('web/public/icons/icon-192.png')
  expect(logo).toMatchObject({ type: 'image/png', width: 192, height: 192 })
  const { app } = await createTestApp({ BRAND_NAME: 'Acme' }, { logo })
  const { icons, short_name, shortcuts } = (await app.inject('/manifest.webmanifest')).json()
  expect(icons).toEqual([
    { src: expect.stringMatching(/^\/assets\/logo-\w{8}\.png$/), sizes: '192x192', type: 'image/png', purpose: 'any' },
  ])
  expect(short_name).toBe('Acme')
  expect(shortcuts[0].icons).toEqual(icons)
  const { body } = await app.inject('/scan')
  expect(body).toContain(`<link rel="apple-touch-icon" href="${icons[0].src}">`)
  expect(body).toContain(`src="${icons[0].src}" alt="" width="32" height="32"`)
  await app.close()
})

describe('a logo', () => {
  test.each([
    ['that is not there', () => join(folder, 'none.svg'), 'cannot be read'],
    ['of text', () => write('text.svg', 'a logo'), 'has to be an SVG or a PNG file'],
    ['of comments alone', () => write('some.svg', '<!-- a -->\n'.repeat(5000)), 'has to be an SVG or a PNG file'],
    ['of HTML', () => write('page.svg', '<!doctype html><html><svg></svg>'), 'has to be an SVG or a PNG file'],
    ['that is cut', () => write('cut.png', Buffer.from('89504e470d0a1a0a', 'hex')), 'has to be an SVG or a PNG file'],
    ['too large', () => write('large.svg', SVG + ' '.repeat(65_536)), 'has 65642 bytes, and may have 65536'],
  ])('%s stops the start', (_what, path, why) => {
    expect(() => readLogo(path())).toThrow(`BRAND_LOGO ${why}`)
  })

  test.each([
    ['<svg viewBox="0 0 10 20">', { width: 10, height: 20 }],
    ['<!-- a --><!DOCTYPE svg PUBLIC "x" "y" [<!ENTITY ns "http://x.test/">]>\n<svg>', { width: 1, height: 1 }],
    ["<!-- a -->\n<!DOCTYPE svg PUBLIC 'x'>\n<svg\n viewBox='-1,-2, 3.5 7'\n>", { width: 3.5, height: 7 }],
    ['\ufeff<svg width="20">', { width: 1, height: 1 }],
  ])('%j is read with its proportions', (text, size) => {
    expect(readLogo(write('some.svg', text))).toMatchObject({ type: 'image/svg+xml', ...size })
  })
})

test('what is wrong with a brand is said in one message, with every variable', () => {
  const env = {
    BRAND_NAME: 'a\u202eb',
    BRAND_COLOR: '#ffcc00',
    HELP_URL: 'javascript:alert(1)',
    PRIVACY_URL: 'example.com',
  }
  expect(() => readConfig(env, '127.0.0.1', () => '')).toThrow(
    'Bad configuration: BRAND_NAME (has characters that cannot be seen, or white space at its ends); ' +
      'BRAND_COLOR (is too light to be read: on the pages its contrast is 1.33:1, and WCAG 2.2 AA needs 4.5:1; ' +
      '#7f6600 would do); HELP_URL (has to be an http:// or https:// address); ' +
      'PRIVACY_URL (has to be an http:// or https:// address)',
  )
  expect(() => readConfig({ BRAND_NAME: 'x'.repeat(41) }, '127.0.0.1', () => '')).toThrow('at most 40 characters long')
})
