import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { FastifyInstance } from 'fastify'
import { ScanInError } from '../../../server/errors.ts'
import { readWeb } from '../../../server/http/built-web.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import { createInjectClient, createInjectPhone, createTestApp, PUBLIC_URL, type TestApp } from '../../support/app.ts'
import { assetsOfThisBuild } from '../../support/assets.ts'

const NAVIGATION = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'sec-fetch-mode': 'navigate' }
const NO_CACHE = 'private, no-cache, no-store, must-revalidate, no-transform'

let site: TestApp
beforeAll(async () => {
  site = await createTestApp({ RETURN_TO_ORIGINS: 'https://app.example' })
})
afterAll(() => site.app.close())

const get = (url: string, headers: Record<string, string> = NAVIGATION) =>
  site.app.inject({ method: 'GET', url, headers })

describe('an address that people mistype', () => {
  test.each(['/sgan', '/login/nothing/here/at/all', '/sign-in', '/scan/x', '/%zz', '/assets/000000000000/no.js'])(
    '%s gets a page with a way on, under the headers of pages',
    async (url) => {
      const reply = await get(url)
      expect(reply.statusCode).toBe(url === '/%zz' ? 400 : 404)
      expect(reply.headers['content-type']).toBe('text/html; charset=utf-8')
      expect(reply.headers['content-security-policy']).toContain("default-src 'self'")
      // Some lie under addresses of the API, where no cache may keep or alter any reply.
      expect(reply.headers['cache-control']).toBe(NO_CACHE)
      expect(reply.headers.etag).toBeUndefined()
      expect(reply.body).toContain('There is no page here')
      expect(reply.body).toContain('href="/"')
    },
  )

  test('is a page to an older browser too, which says only what it accepts', async () => {
    expect((await get('/sgan', { accept: 'text/html' })).headers['content-type']).toContain('text/html')
  })

  test.each([{ accept: '*/*' }, { accept: 'application/json', 'sec-fetch-mode': 'cors' }, {}])(
    'is a problem to a program (%j)',
    async (headers) => {
      const reply = await get('/sgan', headers)
      expect(reply.statusCode).toBe(404)
      expect(reply.headers['content-type']).toContain('application/problem+json')
      expect(reply.json().code).toBe('not_found')
    },
  )

  test('is a problem where something is sent there', async () => {
    const reply = await site.app.inject({ method: 'POST', url: '/sgan', headers: NAVIGATION })
    expect(reply.headers['content-type']).toContain('application/problem+json')
  })

  test.each([
    ['/scan/', '/scan'],
    ['/scan/?a=b&c=%2F', '/scan?a=b&c=%2F'],
    ['/home/', '/home'],
    ['/login', '/'],
    ['/login/', '/'],
    ['/login?return_to=%2Fhome', '/?return_to=%2Fhome'],
  ])('%s leads to %s', async (url, target) => {
    const reply = await get(url)
    expect([reply.statusCode, reply.headers.location]).toEqual([302, target])
    expect(reply.headers['content-security-policy']).toBeDefined()
    expect(reply.headers['cache-control']).toBe(NO_CACHE)
  })
})

describe('the login page', () => {
  test('is shown to who is not signed in, without a read of the store', async () => {
    const reply = await get('/')
    expect(reply.statusCode).toBe(200)
    expect(reply.body).toContain('<scanin-login')
  })

  test('is shown for a session that is none', async () => {
    const reply = await get('/', { ...NAVIGATION, cookie: `scanin_session=${'x'.repeat(43)}` })
    expect(reply.statusCode).toBe(200)
  })

  test.each([
    ['/', '/home'],
    ['/?return_to=%2Fhome%3Fa', '/home?a'],
    ['/?return_to=https%3A%2F%2Fapp.example%2Fx', 'https://app.example/x'],
    ['/?return_to=https%3A%2F%2Fevil.example%2F', '/home'],
    ['/?return_to=%2F%2Fevil.example', '/home'],
    ['/?return_to=%2Fx%0D%0ASet-Cookie%3A%20a', '/home'],
  ])('%s with a session leads to %s', async (url, target) => {
    const phone = await createInjectPhone(site.app)
    const reply = await phone.get(url)
    expect([reply.statusCode, reply.headers.location]).toEqual([302, target])
    expect(reply.body).toBe('')
  })

  test('is shown again once the session has ended', async () => {
    const phone = await createInjectPhone(site.app)
    const session = new Map(phone.cookies)
    await phone.post('/sign-out')
    const late = createInjectClient(site.app)
    for (const [name, value] of session) late.cookies.set(name, value)
    expect((await late.get('/')).statusCode).toBe(200)
  })
})

describe('the login page, when a session cannot be looked at', () => {
  const session = { cookie: `scanin_session=${'x'.repeat(43)}` }
  let broken: TestApp
  let failure: Error
  beforeAll(async () => {
    const store = createMemoryStore({ clock: Date.now })
    broken = await createTestApp({}, { store: { ...store, read: () => Promise.reject(failure) } })
  })
  afterAll(() => broken.app.close())

  test('for want of the store, is shown, and says what is the matter by itself', async () => {
    failure = new ScanInError('store_unavailable')
    const reply = await broken.app.inject({ url: '/', headers: { ...NAVIGATION, ...session } })
    expect(reply.statusCode).toBe(200)
    expect(reply.body).toContain('<scanin-login')
  })

  test('for any other reason, is a page of errors to people and a problem to programs', async () => {
    failure = new TypeError('a fault of ours')
    const page = await broken.app.inject({ url: '/', headers: { ...NAVIGATION, ...session } })
    expect([page.statusCode, page.headers['content-type']]).toEqual([500, 'text/html; charset=utf-8'])
    expect(page.headers['content-security-policy']).toContain("default-src 'self'")
    expect(page.headers['cache-control']).toBe(NO_CACHE)
    expect(page.body).toContain('Something went wrong on our side')
    expect(page.body).not.toContain('a fault of ours')
    const problem = await broken.app.inject({ url: '/', headers: session })
    expect([problem.statusCode, problem.json().code]).toEqual([500, 'internal_error'])
  })

  test('has no page of errors to lend: what the API says stays a problem, whoever asks', async () => {
    failure = new TypeError('a fault of ours')
    const reply = await broken.app.inject({ url: '/session', headers: { ...NAVIGATION, ...session } })
    expect(reply.headers['content-type']).toContain('application/problem+json')
  })
})

const CODINGS = [
  ['gzip, deflate, br, zstd', 'br', '.br'],
  ['gzip, deflate', 'gzip', '.gz'],
  ['br;q=0, GZIP;q=0.5', 'gzip', '.gz'],
  ['br;q=0, *', 'gzip', '.gz'],
] as const

describe('a page', () => {
  test.each(CODINGS)('is sent to who takes "%s" by %s, as the build compressed it', async (accepts, coding, ending) => {
    for (const [url, name] of [
      ['/', 'index.html'],
      ['/scan', 'scan.html'],
      ['/home', 'home.html'],
      ['/embed', 'embed.html'],
      ['/nowhere', 'not-found.html'],
      ['/page-guard.js', 'page-guard.js'],
    ]) {
      const reply = await get(`${url}`, { ...NAVIGATION, 'accept-encoding': accepts })
      const isPage = url !== '/page-guard.js'
      const vary = `${isPage ? 'accept-language, ' : ''}accept-encoding`
      expect([url, reply.headers['content-encoding'], reply.headers.vary]).toEqual([url, coding, vary])
      const path = `dist/web/${isPage ? 'en/' : ''}${name}${ending}`
      expect(reply.rawPayload.equals(readFileSync(path))).toBe(true)
      expect(reply.headers['content-length']).toBe(String(reply.rawPayload.length))
    }
  })

  test.each([undefined, '', 'zstd', 'identity', 'identity, br;q=0.5', 'br;q=0', 'br;q=0, gzip ; q=0.0, *'])(
    'is sent as it is to who takes "%s", and says that this depends',
    async (accepts) => {
      const reply = await get('/scan', {
        ...NAVIGATION,
        ...(accepts === undefined ? {} : { 'accept-encoding': accepts }),
      })
      expect([reply.headers['content-encoding'], reply.headers.vary]).toEqual([
        undefined,
        'accept-language, accept-encoding',
      ])
      expect(reply.body).toBe(readFileSync('dist/web/en/scan.html', 'utf8'))
    },
  )

  test('alone is compressed: no reply of the API is, whatever is asked for', async () => {
    const headers = { ...NAVIGATION, 'accept-encoding': 'gzip, br' }
    for (const url of ['/session', '/openapi.json', '/healthz']) {
      expect([url, (await get(url, headers)).headers['content-encoding']]).toEqual([url, undefined])
    }
    const login = await site.app.inject({ method: 'POST', url: '/login', headers: { ...headers, origin: PUBLIC_URL } })
    expect([login.statusCode, login.headers['content-encoding']]).toEqual([201, undefined])
  })
})

describe('what pages load', () => {
  const assets = assetsOfThisBuild().map((name) => `/assets/${name}`)

  test('is served with its type, and kept for good', async () => {
    expect(assets.length).toBeGreaterThan(10)
    for (const url of assets) {
      const reply = await site.app.inject(url)
      expect([url, reply.statusCode, reply.headers['cache-control']]).toEqual([
        url,
        200,
        'public, max-age=31536000, immutable',
      ])
      expect(reply.rawPayload.equals(readFileSync(`dist/web${url}`))).toBe(true)
      if (url.endsWith('.js')) expect(reply.headers['content-type']).toBe('text/javascript; charset=utf-8')
      if (url.endsWith('.css')) expect(reply.headers['content-type']).toBe('text/css; charset=utf-8')
    }
  })

  test('is sent as the build compressed it to who takes that, and its compressed forms have no address', async () => {
    for (const url of assets) {
      const path = `dist/web${url}`
      for (const [accepts, coding, ending] of CODINGS) {
        if (!existsSync(path + ending)) continue
        const reply = await site.app.inject({ url, headers: { 'accept-encoding': accepts } })
        const { headers } = reply
        const plain = (await site.app.inject(url)).headers
        expect([url, headers['content-encoding'], headers.vary]).toEqual([url, coding, 'accept-encoding'])
        expect(reply.rawPayload.equals(readFileSync(path + ending))).toBe(true)
        expect([headers['content-type'], headers['cache-control']]).toEqual([
          plain['content-type'],
          plain['cache-control'],
        ])
        expect(headers.etag).not.toBe(plain.etag)
        expect((await site.app.inject(url + ending)).statusCode).toBe(404)
      }
    }
    const texts = assets.filter((url) => !url.endsWith('.png'))
    const long = texts.filter((url) => readFileSync(`dist/web${url}`).length > 1000)
    for (const url of long) expect([url, existsSync(`dist/web${url}.br`)]).toEqual([url, true])
  })

  test('is not sent again to who has it', async () => {
    const [url = ''] = assets
    const { headers } = await site.app.inject(url)
    const again = await site.app.inject({ url, headers: { 'if-none-match': String(headers.etag) } })
    expect([again.statusCode, again.body]).toEqual([304, ''])
    // In one piece: a part that a cache puts together with another build's would be a script of nobody's.
    const part = await site.app.inject({ url, headers: { range: 'bytes=0-1' } })
    expect([part.statusCode, part.headers['content-range']]).toEqual([200, undefined])
    expect(part.rawPayload.equals(readFileSync(`dist/web${url}`))).toBe(true)
  })

  test.each([
    ['if-unmodified-since', 'Wed, 21 Oct 2026 07:28:00 GMT'],
    ['if-match', '"another"'],
  ])('is sent whatever %s says, as pages are', async (condition, value) => {
    for (const url of [...assets.slice(0, 1), '/docs/static/swagger-ui.css', '/page-guard.js', '/']) {
      const reply = await site.app.inject({ url, headers: { [condition]: value } })
      expect([url, reply.statusCode]).toEqual([url, 200])
    }
  })

  test.each([
    '/assets',
    '/assets/',
    '/assets/000000000000/style.css',
    '/assets/../index.html',
    '/assets/%2e%2e/index.html',
    '/assets/..%2findex.html',
    '/assets/%2e%2e%2f%2e%2e%2fserver%2fmain.js',
    '/assets/no.js',
    '/assets/__proto__',
    '/assets/constructor',
    '/assets/%2e',
    '/assets/%00',
    '/assets/style.css%00.js',
    '/assets/%5c..%5cindex.html',
    `/assets/${'x'.repeat(200)}`,
  ])('and is not there is a problem: %s', async (url) => {
    const asked = { accept: '*/*', range: 'bytes=0-1', 'if-none-match': '*', 'accept-encoding': 'br;q=1, *' }
    const reply = await site.app.inject({ url, headers: asked })
    expect([400, 404]).toContain(reply.statusCode)
    const { statusCode, body } = await site.app.inject({ method: 'HEAD', url, headers: asked })
    expect([statusCode, body]).toEqual([reply.statusCode, ''])
    expect(reply.headers['content-type']).toContain('application/problem+json')
    expect(reply.headers['cache-control']).toBe(NO_CACHE)
  })
})

describe('with the files gone from the disk, and the store not answering', () => {
  let app: FastifyInstance
  let asset = ''

  beforeAll(async () => {
    const root = mkdtempSync(join(tmpdir(), 'scanin-web-'))
    cpSync('dist/web', root, { recursive: true })
    const store = createMemoryStore({ clock: Date.now })
    const read = () => Promise.reject(new ScanInError('store_unavailable'))
    ;({ app } = await createTestApp({}, { web: readWeb(root), store: { ...store, read } }))
    await app.ready()
    asset = /"(\/assets\/[^"]+\.js)"/.exec((await app.inject('/scan')).body)?.[1] ?? ''
    rmSync(root, { recursive: true })
  })
  afterAll(() => app.close())

  test('every page is served', async () => {
    const headers = { cookie: `scanin_session=${'x'.repeat(43)}` }
    for (const url of ['/', '/scan', '/home', '/page-guard.js']) {
      expect([url, (await app.inject({ url, headers })).statusCode]).toEqual([url, 200])
    }
  })

  test('a file of this build is a problem that no cache keeps: it may be there again', async () => {
    const reply = await app.inject(asset)
    expect([reply.statusCode, reply.json().code]).toEqual([404, 'not_found'])
    expect(reply.headers['cache-control']).toBe(NO_CACHE)
    expect(reply.headers.etag).toBeUndefined()
  })

  test('what notices a page of another build is asked for anew each time', async () => {
    const whole = await app.inject('/page-guard.js')
    expect(whole.headers['cache-control']).toBe('no-cache')
    const { etag = '' } = whole.headers
    for (const known of [etag, `W/${etag}`]) {
      const reply = await app.inject({ url: '/page-guard.js', headers: { 'if-none-match': String(known) } })
      expect([reply.statusCode, reply.body]).toEqual([304, ''])
    }
    const compressed = { 'if-none-match': String(etag), 'accept-encoding': 'br' }
    expect((await app.inject({ url: '/page-guard.js', headers: compressed })).statusCode).toBe(200)
    const other = await app.inject({ url: '/page-guard.js', headers: { 'if-none-match': '"another"' } })
    expect([other.statusCode, other.body]).toEqual([200, whole.body])
  })

  test('HEAD is answered like GET, without the body', async () => {
    const [head, whole] = [await app.inject({ method: 'HEAD', url: '/scan' }), await app.inject('/scan')]
    expect(head.headers['content-length']).toBe(whole.headers['content-length'])
    expect(head.body).toBe('')
  })
})
