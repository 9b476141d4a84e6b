import { describe, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { launchChromiumWithCamera } from '../support/browsers.ts'
import { filmWall, placeForFilm } from '../support/camera-film.ts'
import { hide, letSettle, openSignedIn, runUntil, sees, stopClock } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'

/** A phone's camera is taken away by calls, other apps and locked screens: the picture must not just stand still. */

const film = placeForFilm()
const { visitors, shared } = setUpPageTests({ ordinary: {} }, { launchPhones: () => launchChromiumWithCamera(film) })

/** A phone whose camera runs, and looks at a wall. */
async function filmingPhone(): Promise<Page> {
  await filmWall(await visitors.desktop(), film)
  const phone = await visitors.phone()
  await openSignedIn(phone, shared('ordinary').url)
  await phone.locator('#camera-start').click()
  await isFilming(phone)
  return phone
}

async function isFilming(phone: Page) {
  await phone.waitForFunction(() => {
    const video = document.querySelector('video')
    return video?.srcObject instanceof MediaStream && video.currentTime > 0 && video.checkVisibility()
  })
}

test('a camera that ends is said to have stopped, and starts again by the button', async () => {
  const phone = await filmingPhone()
  await phone.locator('video').evaluate((video: HTMLVideoElement) => {
    if (video.srcObject instanceof MediaStream) for (const track of video.srcObject.getTracks()) track.stop()
  })
  await sees(phone, '#chooser-message', 'camera has stopped')
  await phone.locator('#camera-start').click()
  await isFilming(phone)
  await sees(phone, '#camera', 'Stop')
})

test('is let go of once nothing plays it: some browsers hang where its tracks are stopped under a video', async () => {
  const phone = await filmingPhone()
  await phone.evaluate(() => {
    const { stop } = MediaStreamTrack.prototype
    MediaStreamTrack.prototype.stop = function () {
      const video = document.querySelector('video')
      Reflect.set(window, 'playsAtStop', video?.srcObject instanceof MediaStream || video?.paused === false)
      stop.call(this)
    }
  })
  await phone.locator('#camera-stop').click()
  await phone.locator('#camera-start').waitFor()
  expect(await phone.evaluate(() => Reflect.get(window, 'playsAtStop'))).toBe(false)
})

test('a picture that freezes is not left standing', async () => {
  const phone = await filmingPhone()
  await phone.locator('video').evaluate((video: HTMLVideoElement) => video.pause())
  await sees(phone, '#chooser-message', 'camera has stopped')
  await phone.locator('#camera-start').waitFor()
})

describe('a camera that the system keeps for itself, as for a call,', () => {
  test('is said to have stopped, and films on when it is given back', async () => {
    const phone = await filmingPhone()
    const track = await trackOf(phone)
    await tell(phone, 'mute')
    await sees(phone, '#chooser-message', 'camera has stopped')
    await phone.locator('#camera-start').waitFor()
    expect(await phone.locator('video').isVisible()).toBe(false)
    await tell(phone, 'unmute')
    await isFilming(phone)
    expect(await phone.locator('#chooser-message').textContent()).toBe('')
    expect(await trackOf(phone)).toBe(track)
  })

  test('is said to have stopped where it does not go on once it is given back', async () => {
    const phone = await filmingPhone()
    await tell(phone, 'mute')
    await sees(phone, '#chooser-message', 'camera has stopped')
    await phone.locator('video').evaluate((video: HTMLVideoElement) => {
      video.play = () => Promise.reject(new DOMException('', 'NotAllowedError'))
    })
    await tell(phone, 'unmute')
    await phone.waitForFunction(() => document.querySelector('video')?.srcObject === null)
    await sees(phone, '#chooser-message', 'camera has stopped')
    await phone.locator('#camera-start').waitFor()
  })

  test('stays off for who types the code meanwhile, also over another app', async () => {
    const phone = await filmingPhone()
    const isOff = () => phone.waitForFunction(() => document.querySelector('video')?.srcObject === null)
    await tell(phone, 'mute')
    await sees(phone, '#chooser-message', 'camera has stopped')
    await phone.locator('#user-code').fill('WDJB')
    await tell(phone, 'unmute')
    await isOff()
    await phone.keyboard.type('-MJHT')
    expect(await phone.locator('#user-code').inputValue()).toBe('WDJB-MJHT')

    await phone.locator('#camera-start').click()
    await isFilming(phone)
    await tell(phone, 'mute')
    await sees(phone, '#chooser-message', 'camera has stopped')
    await phone.locator('#user-code').focus()
    await hide(phone, true)
    await isOff()
    await hide(phone, false)
    await letSettle(phone)
    expect(await phone.locator('.viewfinder').isVisible()).toBe(false)
    expect(await phone.locator('#user-code').evaluate((field) => field === document.activeElement)).toBe(true)
  })

  test('is started anew by the button, if nobody gives it back', async () => {
    const phone = await filmingPhone()
    const track = await trackOf(phone)
    await tell(phone, 'mute')
    await phone.locator('#camera-start').click()
    await phone.waitForFunction((old) => {
      const stream = document.querySelector('video')?.srcObject
      return stream instanceof MediaStream && stream.getVideoTracks()[0]?.id !== old
    }, track)
    await isFilming(phone)
    expect(await phone.locator('#chooser-message').textContent()).toBe('')
  })

  test('for a moment only is not spoken of', async () => {
    const phone = await filmingPhone()
    await phone.clock.install({ time: 0 })
    await stopClock(phone)
    await phone.reload()
    // What has just come takes no tap yet.
    await runUntil(phone, 'main:not([data-settling]) #camera-start')
    await phone.locator('#camera-start').click()
    await isFilming(phone)
    await tell(phone, 'mute')
    await phone.clock.runFor(1000)
    await tell(phone, 'unmute')
    await phone.clock.runFor(3000)
    expect(await phone.locator('#chooser-message').textContent()).toBe('')
    await tell(phone, 'mute')
    await runUntil(phone, '#chooser-message:has-text("camera has stopped")')
  })
})

/** What a browser tells of a camera that it has to do without, and has again. */
async function tell(phone: Page, type: 'mute' | 'unmute') {
  await phone.locator('video').evaluate((video: HTMLVideoElement, name) => {
    if (!(video.srcObject instanceof MediaStream)) throw new Error('the camera is off')
    for (const track of video.srcObject.getVideoTracks()) track.dispatchEvent(new Event(name))
  }, type)
}

const trackOf = (phone: Page): Promise<string | undefined> =>
  phone.locator('video').evaluate((video: HTMLVideoElement) => {
    return video.srcObject instanceof MediaStream ? video.srcObject.getVideoTracks()[0]?.id : undefined
  })

test('a page out of sight lets go of the camera, and films on when it is back', async () => {
  const phone = await filmingPhone()
  await hide(phone, true)
  await phone.locator('#camera-start').waitFor()
  expect(await phone.locator('video').evaluate((video: HTMLVideoElement) => video.srcObject)).toBeNull()
  await hide(phone, false)
  await isFilming(phone)
})

test('a camera that comes as nobody looks any more stays off, and films once they are back', async () => {
  await filmWall(await visitors.desktop(), film)
  const phone = await visitors.phone()
  let letCome = () => {}
  const mayCome = new Promise<void>((resolve) => {
    letCome = resolve
  })
  await phone.addInitScript(() => {
    const { mediaDevices } = navigator
    const open = mediaDevices.getUserMedia.bind(mediaDevices)
    mediaDevices.getUserMedia = (constraints) => {
      document.documentElement.setAttribute('data-filmed', document.hidden ? 'unseen' : 'seen')
      return open(constraints)
    }
  })
  await phone.route(/\/assets\/scanner-\w+\.js$/, async (route) => {
    await mayCome
    await route.continue()
  })
  await openSignedIn(phone, shared('ordinary').url)
  await phone.locator('#camera-start').click()
  await sees(phone, '#chooser-message', 'One moment')
  await hide(phone, true)
  const come = phone.waitForResponse(/\/assets\/scanner-\w+\.js$/)
  letCome()
  await (await come).finished()
  // What waits for it has had its turn once a later import of it has.
  await phone.evaluate(async (address) => void (await import(address)), (await come).url())
  await phone.evaluate(() => new Promise((resolve) => setTimeout(resolve)))
  expect(await phone.locator('html[data-filmed]').count()).toBe(0)
  await hide(phone, false)
  await isFilming(phone)
  expect(await phone.locator('html').getAttribute('data-filmed')).toBe('seen')
})

test('a camera that was stopped by hand stays off when the page comes back, translated or not', async () => {
  const phone = await filmingPhone()
  await phone.locator('#camera-stop').evaluate((button) => {
    const font = document.createElement('font')
    font.append(...button.childNodes)
    button.append(font)
  })
  await phone.locator('#camera-stop font').click()
  await phone.locator('#camera-start').waitFor()
  await hide(phone, true)
  await hide(phone, false)
  await letSettle(phone)
  expect(await phone.locator('#camera-start').isVisible()).toBe(true)
})
