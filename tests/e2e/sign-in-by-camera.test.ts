import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { launchChromiumWithCamera } from '../support/browsers.ts'
import { filmQr, placeForFilm } from '../support/camera-film.ts'
import { confirm, isSignedIn, openLoginPage, openSignedIn, sees, showsCode } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'
import { startService } from '../support/service.ts'
import { startTwoInstances } from '../support/two-instances.ts'

const film = placeForFilm()
const { visitors } = setUpPageTests({}, { launchPhones: () => launchChromiumWithCamera(film) })

describe.each([
  { where: 'one service with the embedded store', start: startService },
  { where: 'two instances on one Redis behind nginx', start: startTwoInstances },
])('with $where', ({ start }) => {
  let site: { url: string; stop(): Promise<unknown> }

  beforeAll(async () => {
    site = await start()
  })
  afterAll(() => site?.stop())

  test('a phone reads the code with its camera, signs the desktop in and out again', async () => {
    const desktop = await visitors.desktop()
    await openLoginPage(desktop, site.url)
    await filmQr(desktop, film)

    const phone = await visitors.phone()
    await openSignedIn(phone, site.url)
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
