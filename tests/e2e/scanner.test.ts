import { expect, test } from '@jest/globals'
import type { BrowserContextOptions, Page, Response } from 'playwright-core'
import { launchChromiumWithCamera } from '../support/browsers.ts'
import { filmQr, filmWall, placeForFilm } from '../support/camera-film.ts'
import { eventually } from '../support/eventually.ts'
import { openLoginPage, openSignedIn, sees } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'

/** The camera's screen: how it reads, what can be set, and what it says when something is in the way. */

const film = placeForFilm()
const { visitors, shared, serve } = setUpPageTests(
  { ordinary: {} },
  { launchPhones: () => launchChromiumWithCamera(film) },
)
const READER = /\/assets\/(reader-worker-|zxing_reader-|decode-)/
/** What reads codes may weigh, as a phone gets it. */
const MOST_BYTES = 400_000

async function filmLogin(tilt = 0) {
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, shared('ordinary').url)
  await filmQr(desktop, film, tilt)
}

/** A phone that shows the ways to tell it a code, and which parts of the reader it has loaded by then and later. */
async function openScanner(options: BrowserContextOptions = {}, prepare?: (phone: Page) => Promise<unknown>) {
  const phone = await visitors.phone(options)
  const loaded: string[] = []
  phone.on('request', (request) => {
    const [, part] = READER.exec(request.url()) ?? []
    if (part !== undefined) loaded.push(part)
  })
  await prepare?.(phone)
  await openSignedIn(phone, shared('ordinary').url)
  await phone.locator('#camera-start').waitFor()
  return { phone, loaded }
}

test('a code far aside is read by a worker, which comes when it is asked for and may reach nothing', async () => {
  await filmLogin(50)
  const { phone, loaded } = await openScanner()
  expect(loaded).toEqual([])
  const started = phone.waitForEvent('worker')
  const script = phone.waitForResponse(/reader-worker-/)
  await phone.locator('#camera-start').click()
  const worker = await started
  expect((await script).headers()['content-security-policy']).toBe("default-src 'none'; script-src 'wasm-unsafe-eval'")
  visitors.await(/Content Security Policy/, /Refused to connect/)
  expect(await worker.evaluate(() => fetch('/session').then(String, () => 'refused'))).toBe('refused')
  await sees(phone, '#request', 'Chrome on Windows')
  // Where it is slow to begin, the page has begun to read by itself.
  expect(loaded).toEqual(expect.arrayContaining(['reader-worker-', 'zxing_reader-']))
})

test('the camera’s picture is there before what reads it, which is ours and of no more than 400 kB', async () => {
  await filmLogin()
  let letThrough: () => void = () => undefined
  const isLetThrough = new Promise<void>((resolve) => {
    letThrough = resolve
  })
  const parts: Response[] = []
  const { phone } = await openScanner({}, (page) =>
    page.route(READER, async (route) => {
      await isLetThrough
      await route.continue()
    }),
  )
  phone.on('response', (response) => {
    if (READER.test(response.url())) parts.push(response)
  })
  await phone.locator('#camera-start').click()
  await phone.locator('.viewfinder[data-state="looking"]').waitFor()
  const isFilm = ({ readyState, videoWidth, paused }: HTMLVideoElement) => readyState >= 2 && videoWidth > 0 && !paused
  expect(await phone.locator('.viewfinder video').evaluate(isFilm)).toBe(true)
  expect(parts).toEqual([])
  letThrough()
  await sees(phone, '#request', 'Chrome on Windows')
  expect(parts.map((part) => new URL(part.url()).origin)).toEqual([shared('ordinary').url, shared('ordinary').url])
  // As it was sent; of what a test has held up, Chromium knows no size.
  const sizes = await Promise.all(parts.map(async (part) => Number(await part.headerValue('content-length'))))
  expect(Math.min(...sizes)).toBeGreaterThan(10_000)
  expect(sizes.reduce((sum, more) => sum + more)).toBeLessThan(MOST_BYTES)
})

test.each([
  ['the worker cannot be loaded', '**/reader-worker-*'],
  ['its WebAssembly cannot be loaded', '**/zxing_reader-*'],
])('where %s the page reads by itself', async (_what, missing) => {
  await filmLogin()
  visitors.await(/ERR_FAILED/)
  const { phone, loaded } = await openScanner({}, (page) => page.route(missing, (route) => route.abort()))
  await phone.locator('#camera-start').click()
  await sees(phone, '#request', 'Chrome on Windows')
  expect(loaded).toContain('decode-')
})

test('where nothing that reads can be loaded, that is said, and it is tried anew at the next press', async () => {
  await filmLogin()
  visitors.await(/ERR_FAILED/)
  const { phone } = await openScanner({}, (page) => page.route(READER, (route) => route.abort()))
  await phone.locator('#camera-start').click()
  await sees(phone, '#chooser-message', 'could not be loaded')
  await phone.locator('#camera-start').waitFor()
  await phone.unroute(READER)
  await phone.route(/\/assets\/(reader-worker-|decode-\w+\.js$)/, (route) => route.abort())
  await phone.locator('#camera-start').click()
  await sees(phone, '#request', 'Chrome on Windows')
})

test('a scanner that could not be had ahead of its use is there at the press', async () => {
  await filmLogin()
  visitors.await(/ERR_FAILED .*\/assets\/scanner-/)
  const { phone } = await openScanner({}, (page) =>
    // At this address, which most browsers ask for no more then.
    page.route(/\/assets\/scanner-\w+\.js$/, (route) => route.abort()),
  )
  await phone.locator('#camera-start').click()
  await sees(phone, '#request', 'Chrome on Windows')
})

test('a code of another site is said to be one where people look, and the camera looks on until Escape', async () => {
  const other = await serve()
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, other.url)
  await filmQr(desktop, film)
  const { phone } = await openScanner()
  await phone.locator('#camera-start').click()
  await sees(phone, '.viewfinder-message', 'not a code of this site')
  await phone.locator('video').waitFor()
  await phone.keyboard.press('Escape')
  await phone.locator('video').waitFor({ state: 'hidden' })
  expect(await phone.locator('#camera-start').evaluate((button) => button === document.activeElement)).toBe(true)
})

test.each([
  { motion: 'no-preference', buzzes: [60] },
  { motion: 'reduce', buzzes: [] },
] as const)('a code that was found is marked, with a buzz unless less motion is wanted: $motion', async (wanted) => {
  await filmLogin()
  const { phone } = await openScanner({ reducedMotion: wanted.motion }, (page) =>
    page.addInitScript(() => {
      const seen: unknown[] = []
      Reflect.set(window, 'seen', seen)
      Navigator.prototype.vibrate = (pattern) => seen.push(pattern) > 0
      new MutationObserver(() => {
        const state = document.querySelector<HTMLElement>('.viewfinder')?.dataset['state']
        if (state !== undefined && seen.at(-1) !== state) seen.push(state)
      }).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-state'] })
    }),
  )
  await phone.locator('#camera-start').click()
  await sees(phone, '#request', 'Chrome on Windows')
  const seen: unknown = await phone.evaluate(() => Reflect.get(window, 'seen'))
  expect(Array.isArray(seen) && seen.filter((what) => what !== 60)).toEqual(['starting', 'looking', 'found'])
  expect(Array.isArray(seen) && seen.filter((what) => what === 60)).toEqual(wanted.buzzes)
})

test('light, zoom and the choice of cameras are there where a camera has them', async () => {
  await filmWall(await visitors.desktop(), film)
  const { phone } = await openScanner({}, (page) =>
    page.addInitScript(() => {
      const applied: unknown[] = []
      Reflect.set(window, 'applied', applied)
      const { prototype } = MediaStreamTrack
      const zoom = { min: 1, max: 20, step: 0.5 }
      Object.assign(prototype, { getCapabilities: () => ({ torch: true, zoom }) })
      prototype.applyConstraints = async (constraints) => {
        applied.push(...(constraints?.advanced ?? []))
      }
      const camera = (deviceId: string, label: string) => ({
        kind: 'videoinput' as const,
        deviceId,
        label,
        groupId: '',
      })
      const all = [camera('one', 'camera2 0, facing back'), camera('two', 'camera2 1, facing front')]
      MediaDevices.prototype.enumerateDevices = async () => all.map((each) => ({ ...each, toJSON: () => each }))
      const open = MediaDevices.prototype.getUserMedia
      MediaDevices.prototype.getUserMedia = function (constraints) {
        const video = constraints?.video
        if (typeof video === 'object') applied.push(video.deviceId ?? video.facingMode)
        return open.call(this, { video: true })
      }
    }),
  )
  await phone.locator('#camera-start').click()
  await phone.locator('#camera-torch').click()
  expect(await phone.locator('#camera-torch').getAttribute('aria-pressed')).toBe('true')
  await phone.locator('#camera-zoom').fill('4')
  expect(await phone.locator('#camera-zoom').getAttribute('max')).toBe('8')
  expect(await phone.locator('#camera-lens option').allTextContents()).toEqual(['Back camera', 'Front camera'])
  await phone.locator('#camera-lens').selectOption('Front camera')
  // Another camera, with nothing of the first one's.
  await phone.locator('#camera-torch[aria-pressed="false"]').waitFor()
  expect(await phone.evaluate(() => Reflect.get(window, 'applied'))).toEqual([
    { ideal: 'environment' },
    ...[{ torch: true }, { torch: true }, { zoom: 4 }],
    { exact: 'two' },
  ])
})

test('of several rear cameras the person chooses another, which reads what the first could not, and is the one from then on', async () => {
  await filmWall(await visitors.desktop(), film)
  const { phone } = await openScanner({}, (page) => page.addInitScript(haveThreeCameras))
  await phone.locator('#camera-start').click()
  const lens = phone.locator('#camera-lens')
  await lens.locator('option').nth(2).waitFor({ state: 'attached' })
  expect(await lens.locator('option').allTextContents()).toEqual(['Back camera 1', 'Back camera 2', 'Front camera'])
  expect(await lens.inputValue()).toBe('wide')
  await lens.selectOption('Back camera 2')
  await eventually('the other one films', async () => {
    const asked = await phone.evaluate(() => Reflect.get(window, 'asked'))
    return JSON.stringify(asked) === JSON.stringify([{ ideal: 'environment' }, { exact: 'far' }])
  })
  await phone.locator('.viewfinder[data-state="looking"]').waitFor()
  expect(await lens.inputValue()).toBe('far')
  await phone.keyboard.press('Escape')
  await filmLogin()
  await phone.locator('#camera-start').click()
  await sees(phone, '#request', 'Chrome on Windows')
  expect(await phone.evaluate(() => Reflect.get(window, 'asked'))).toEqual([
    { ideal: 'environment' },
    ...[{ exact: 'far' }, { exact: 'far' }],
  ])
})

/** In the page: a phone with two cameras at its back, of which the second one alone sees anything. */
function haveThreeCameras(): void {
  const asked: unknown[] = []
  Reflect.set(window, 'asked', asked)
  const camera = (deviceId: string, label: string) => ({ kind: 'videoinput' as const, deviceId, label, groupId: '' })
  const all = [
    camera('wide', 'camera2 0, facing back'),
    camera('far', 'camera2 2, facing back'),
    camera('front', 'camera2 1, facing front'),
  ]
  MediaDevices.prototype.enumerateDevices = async () => all.map((each) => ({ ...each, toJSON: () => each }))
  const film = MediaDevices.prototype.getUserMedia
  const filmNothing = () => {
    const canvas = document.createElement('canvas')
    const draw = canvas.getContext('2d')
    const step = (at: number) => {
      if (draw !== null) draw.fillStyle = `hsl(${at % 360} 10% 50%)`
      draw?.fillRect(0, 0, canvas.width, canvas.height)
      requestAnimationFrame(step)
    }
    requestAnimationFrame(step)
    return canvas.captureStream()
  }
  MediaDevices.prototype.getUserMedia = async function (constraints) {
    const video = constraints?.video
    const which = typeof video === 'object' ? (video.deviceId ?? video.facingMode) : undefined
    asked.push(which)
    const isFar = JSON.stringify(which) === JSON.stringify({ exact: 'far' })
    const stream = isFar ? await film.call(this, { video: true }) : filmNothing()
    for (const track of stream.getVideoTracks()) {
      const settings = track.getSettings()
      track.getSettings = () => ({ ...settings, deviceId: isFar ? 'far' : 'wide' })
    }
    return stream
  }
}

test.each([
  {
    name: 'Safari on an iPhone',
    userAgent:
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    step: 'Website Settings',
  },
  {
    name: 'an app',
    userAgent:
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 330.0',
    step: 'inside another app',
  },
])('who has refused the camera is told how to allow it in $name, until they try again', async ({ userAgent, step }) => {
  await filmWall(await visitors.desktop(), film)
  const { phone } = await openScanner({ userAgent }, (page) =>
    page.addInitScript(() => {
      const open = MediaDevices.prototype.getUserMedia
      MediaDevices.prototype.getUserMedia = function (constraints) {
        if (Reflect.get(window, 'allowed')) return open.call(this, constraints)
        return Promise.reject(new DOMException('Permission denied', 'NotAllowedError'))
      }
    }),
  )
  await phone.locator('#camera-start').click()
  await sees(phone, '#chooser-message', 'camera is blocked')
  await sees(phone, '#camera-help li', step)
  await phone.evaluate(() => Reflect.set(window, 'allowed', true))
  await phone.locator('#camera-start').click()
  await phone.locator('.viewfinder[data-state="looking"]').waitFor()
  expect(await phone.locator('#camera-help').isVisible()).toBe(false)
})
