import { expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { launchFirefox, openFirefox, shownToken, words } from '../support/firefox.ts'
import { createPhone } from '../support/http-client.ts'
import { approve } from '../support/login-flow.ts'
import { DEMO_PASSWORD, startService } from '../support/service.ts'

test('in Firefox a phone signs a browser in, it signs out again, and a code that is typed on /scan lets it in once more', async () => {
  const [service, browser] = await Promise.all([startService(), launchFirefox()])
  try {
    const heard: string[] = []
    const desktop = await openFirefox(browser, heard)
    await desktop.goto(service.url)
    await words(desktop, '#status', 'Waiting for your phone')
    await approve(await createPhone(service.url), await shownToken(desktop))
    await words(desktop, '#user-name', 'Demo Person')
    // It got there by itself.
    expect(new URL(desktop.url()).pathname).toBe('/home')
    await words(desktop, '#sessions', 'Firefox on Linux')
    await desktop.locator('#sign-out').click()
    await words(desktop, '#status', 'Waiting for your phone')

    const phone = await openFirefox(browser, heard)
    await phone.goto(`${service.url}/scan`)
    await phone.locator('#username').fill('demo')
    await phone.locator('#password').fill(DEMO_PASSWORD)
    await phone.locator('#sign-in-form [type=submit]').click()
    await desktop.bringToFront()
    await desktop.locator('#user-code button').click()
    const code = await words(desktop, '#user-code', /\w{4}-\w{4}/)
    await phone.bringToFront()
    await phone.locator('#user-code').fill(code)
    await phone.locator('#user-code-form [type=submit]').click()
    await words(phone, '#request', 'Firefox on Linux')
    // By key: where it lies is the late sheet's to say.
    await phone.focus('#confirm')
    await phone.keyboard.press('Enter')
    await desktop.bringToFront()
    await words(desktop, '#user-name', 'Demo Person')
    await phone.bringToFront()
    await words(phone, '#result', 'Signed in on')
    expect(heard).toEqual([])
  } finally {
    await browser.close()
    await service.stop()
  }
})

test('in Firefox a part of the page that could not be had at first is had at the next try', async () => {
  const [service, browser] = await Promise.all([startService(), launchFirefox()])
  try {
    const page = await openFirefox(browser, [])
    await page.setRequestInterception(true)
    let cuts = 0
    page.on('request', (request) => {
      const isCut = cuts === 0 && /\/assets\/login-forms-\w+\.js$/.test(request.url())
      if (isCut) cuts += 1
      void (isCut ? request.abort() : request.continue())
    })
    await page.goto(service.url)
    await words(page, '#status', 'Waiting for your phone')
    await eventually('it was asked for', async () => cuts === 1)
    await page.locator('#user-code button').click()
    await words(page, '#user-code', /\w{4}-\w{4}/)
  } finally {
    await browser.close()
    await service.stop()
  }
})

test('a Firefox that keeps no cookies shows every page, and says on each what it takes', async () => {
  // Nor does it give pages storage, or channels between its tabs.
  const [service, browser] = await Promise.all([startService(), launchFirefox({ 'network.cookie.cookieBehavior': 2 })])
  try {
    const heard: string[] = []
    const page = await openFirefox(browser, heard)
    for (const path of ['/', '/home', '/embed']) {
      await page.goto(service.url + path)
      await words(page, '#status', 'Signing in needs cookies')
    }
    await page.goto(`${service.url}/scan`)
    await page.locator('#username').fill('demo')
    await page.locator('#password').fill(DEMO_PASSWORD)
    await page.locator('#sign-in-form [type=submit]').click()
    await words(page, '#sign-in-why', 'Allow cookies')
    expect(heard).toEqual([])
  } finally {
    await browser.close()
    await service.stop()
  }
})
