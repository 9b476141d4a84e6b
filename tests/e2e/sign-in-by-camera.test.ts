import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Browser } from 'playwright-core'
import { connectToChromium, createVisitors, launchChromiumWithCamera, type Visitors } from '../support/browsers.ts'
import { filmQr } from '../support/camera-film.ts'
import { confirm, isSignedIn, openLoginPage, sees, showsCode, signInOnPhone } from '../support/page-steps.ts'
import { startService } from '../support/service.ts'
import { startTwoInstances } from '../support/two-instances.ts'

const folder = mkdtempSync(join(tmpdir(), 'scanin-camera-'))
const film = join(folder, 'desktop.mjpeg')
let desktops: Browser
let phones: Browser
let visitors: Visitors

beforeAll(async () => {
  ;[desktops, phones] = await Promise.all([connectToChromium(), launchChromiumWithCamera(film)])
})

afterAll(async () => {
  await Promise.all([desktops?.close(), phones?.close()])
  rmSync(folder, { recursive: true, force: true })
})

describe.each([
  { where: 'one service with the embedded store', start: startService },
  { where: 'two instances on one Redis behind nginx', start: startTwoInstances },
])('with $where', ({ start }) => {
  let site: { url: string; stop(): Promise<unknown> }

  beforeAll(async () => {
    site = await start()
  })
  afterAll(() => site?.stop())

  beforeEach(() => {
    visitors = createVisitors(desktops, phones)
  })
  afterEach(async () => {
    await visitors.leave()
    expect(visitors.complaints()).toEqual([])
  })

  test('a phone reads the code with its camera, signs the desktop in and out again', async () => {
    const desktop = await visitors.desktop()
    await openLoginPage(desktop, site.url)
    await filmQr(desktop, film)

    const phone = await visitors.phone()
    await phone.goto(`${site.url}/scan`)
    await signInOnPhone(phone)
    await phone.locator('#camera button:visible').click()

    await sees(phone, '#request', 'Chrome on Windows')
    await sees(phone, '#request .request-network', 'Same network as this phone')
    await sees(phone, '#request .request-address', /^127\.0\.0\.1$/)
    await sees(phone, '#request .request-origin', new URL(site.url).host)
    await sees(phone, '#request', 'Demo Person')
    await sees(desktop, '#status', 'confirm on your phone')
    expect(await desktop.content()).not.toMatch(/demo/i)

    await confirm(phone)
    await isSignedIn(desktop)
    await sees(phone, '#result', 'Signed in on Chrome on Windows')

    const devices = phone.locator('#sessions li')
    await sees(phone, '#sessions', 'This phone')
    // The list is read anew once the desktop has its session.
    await devices.filter({ hasText: 'Chrome on Windows' }).waitFor()
    expect(await devices.count()).toBe(2)
    await devices.filter({ hasText: 'Chrome on Windows' }).getByRole('button', { name: 'Sign out' }).click()
    await devices.filter({ hasText: 'Chrome on Windows' }).waitFor({ state: 'detached' })

    await desktop.reload()
    await desktop.waitForURL(`${site.url}/`)
    await showsCode(desktop)
  })
})
