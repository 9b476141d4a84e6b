import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { createPhone } from '../support/http-client.ts'
import { scan, startLogin } from '../support/login-flow.ts'
import {
  isSignedIn,
  openCode,
  openLoginPage,
  openSignedIn,
  readToken,
  sees,
  signInOnPhone,
  tabTo,
} from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'
import { pictureOf } from '../support/picture-of.ts'
import { DEMO_PASSWORD } from '../support/service.ts'

const { visitors, shared } = setUpPageTests({
  ordinary: {},
  matching: { MATCH: 'always' },
  helping: { HELP_URL: 'https://help.example.com/', PRIVACY_URL: 'https://help.example.com/privacy', MATCH: 'always' },
})

test('in the dark the page is dark and the code stays dark on white', async () => {
  const { url } = shared('ordinary')
  const desktop = await visitors.desktop({ colorScheme: 'dark' })
  await openLoginPage(desktop, url)
  const [page, code] = await Promise.all([
    shadesOf(desktop, await pictureOf(desktop, { animations: 'disabled' })),
    shadesOf(desktop, await pictureOf(desktop.locator('#qr'), { animations: 'disabled' })),
  ])
  expect(page.edge).toBeLessThan(60)
  expect(code.edge).toBeGreaterThan(250)
  expect(code.darkest).toBeLessThan(30)
  // A code is about half light; inverted or dimmed it would not be.
  expect(code.lightShare).toBeGreaterThan(0.5)
})

test('the desktop needs no mouse', async () => {
  const { url } = shared('matching')
  const phone = await createPhone(url)
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, url)
  await tabTo(desktop, '#user-code button')
  await desktop.keyboard.press('Enter')
  await sees(desktop, '#user-code', /^\w{4}-\w{4}$/)

  const token = await readToken(desktop)
  await scan(phone, token)
  await phone.post('/login/deny', { token })
  await tabTo(desktop, '#refresh')
  await desktop.keyboard.press('Enter')

  await sees(desktop, '#status', 'Waiting for your phone')
  const next = await readToken(desktop)
  await scan(phone, next)
  const { match_code: matchCode } = (await phone.post('/login/confirm', { token: next })).json
  await desktop.locator('#match-form #match-code:focus').waitFor()
  await desktop.keyboard.type(matchCode)
  await desktop.keyboard.press('Enter')
  await isSignedIn(desktop)

  await tabTo(desktop, '#sign-out')
  await desktop.keyboard.press('Enter')
  await desktop.waitForURL(`${url}/`)
})

test.each([1280, 390])('keys go down the login page as it is seen, %i pixels wide', async (width) => {
  const desktop = await visitors.desktop({ viewport: { width, height: 900 } })
  await openLoginPage(desktop, shared('ordinary').url)
  const passed: number[] = []
  for (let stops = 0; stops < 4; stops++) {
    await desktop.keyboard.press('Tab')
    passed.push(await desktop.evaluate(() => scrollY + (document.activeElement?.getBoundingClientRect().top ?? 0)))
  }
  expect(await desktop.locator(width > 760 ? '.bottom a:focus' : '#language:focus').count()).toBe(1)
  expect(passed).toEqual([...passed].sort((one, other) => one - other))
})

test('the phone needs no finger', async () => {
  const { url } = shared('ordinary')
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, url)
  await desktop.locator('#user-code').getByRole('button').click()
  await sees(desktop, '#user-code', /^\w{4}-\w{4}$/)
  const code = (await desktop.locator('#user-code').textContent()) ?? ''

  const phone = await visitors.phone()
  await phone.goto(`${url}/scan`)
  await tabTo(phone, '#username')
  await phone.keyboard.type('demo')
  await tabTo(phone, '#password')
  await phone.keyboard.type(DEMO_PASSWORD)
  await phone.keyboard.press('Enter')
  await tabTo(phone, '#camera button:visible')
  await tabTo(phone, '#qr-file')
  await tabTo(phone, '#user-code')
  await phone.keyboard.type(code)
  await phone.keyboard.press('Enter')
  await tabTo(phone, '#deny')
  await tabTo(phone, '#confirm')
  await phone.keyboard.press('Enter')
  await isSignedIn(desktop)
  await tabTo(phone, '#sessions button:visible')
})

test('a finger finds what is to be pressed, and no field has letters so small that iPhones zoom to it', async () => {
  const phone = await visitors.phone()
  await phone.goto(`${shared('helping').url}/scan`)
  await phone.locator('#language').waitFor()
  const signingIn = await smallOnes(phone)
  await signInOnPhone(phone)
  await phone.locator('.device-rename').waitFor()
  expect([...signingIn, ...(await smallOnes(phone))]).toEqual([])
})

test('what the keyboard comes to is not behind what lies over the page', async () => {
  const { url } = shared('helping')
  const phone = await visitors.phone({ viewport: { width: 390, height: 700 }, isMobile: false })
  await openSignedIn(phone, url)
  await phone.locator('#sessions li').first().waitFor()
  const words = 'as long as it may well be, so that it takes two lines of a phone’s screen'
  for (const [over, key] of [
    ['main > #status', 'Shift+Tab'],
    ['#sessions-said', 'Tab'],
  ] as const) {
    await phone.locator(over).evaluate((place, text) => {
      const said = document.createElement('span')
      said.textContent = text
      place.replaceChildren(said)
    }, words)
    expect(await behind(phone, key, `${over} span`)).toEqual([])
    await phone.locator(over).evaluate((place) => place.replaceChildren())
  }

  const browser = await createPhone(url)
  await openCode(phone, await startLogin(browser))
  await phone.locator('#confirm').click()
  await phone.locator('#match-code').waitFor()
  expect(await behind(phone, 'Tab', '.result-bar')).toEqual([])
})

/** What the key comes to, until it has been everywhere, that a part lies over from edge to edge. */
async function behind(page: Page, key: string, part: string): Promise<string[]> {
  const found: string[] = []
  await page.evaluate(() => window.scrollTo(0, 0))
  for (let presses = 0; presses < 25; presses++) {
    await page.keyboard.press(key)
    const name = await page.locator(part).evaluate((over) => {
      const held = document.activeElement
      if (held === null || held === document.body || over.contains(held)) return ''
      const [inner, outer] = [held, over].map((each) => each.getBoundingClientRect())
      const isBehind = inner && outer && inner.top >= outer.top && inner.bottom <= outer.bottom
      return isBehind ? `${held.localName}#${held.id}.${held.className}` : ''
    })
    if (name !== '') found.push(name)
  }
  return found
}

/** What can be pressed and is less than 44 px wide or high, and fields whose letters are less than 16. */
function smallOnes(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const boxOf = (part: Element) => part.getBoundingClientRect()
    const targets = [...document.querySelectorAll('a, button, input:not([type=checkbox], .unseen), select')]
    const isSmall = (part: Element) =>
      Math.min(boxOf(part).width, boxOf(part).height) < 44 ||
      (part.matches('input, select') &&
        !part.matches('.link') &&
        Number.parseFloat(getComputedStyle(part).fontSize) < 16)
    const small = targets.filter((part) => part.checkVisibility() && isSmall(part))
    return small.map((part) => `${part.localName}#${part.id}.${part.className}`)
  })
}

test('what the pages are made of has names that can be read aloud', async () => {
  const { url } = shared('ordinary')
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, url)
  expect(await desktop.locator('#qr').getAttribute('alt')).toMatch(/QR code/)
  expect(await desktop.locator('#status').getAttribute('aria-live')).toBe('polite')
  await desktop.getByRole('heading', { level: 1 }).waitFor()
  for (const page of [desktop, await visitors.phone()]) {
    await page.goto(page === desktop ? url : `${url}/scan`)
    await page.locator('h1').filter({ visible: true }).waitFor()
    expect(await namelessControls(page)).toEqual([])
    expect(await page.locator('html').getAttribute('lang')).toBe('en')
  }
})

interface Shades {
  /** In the middle of the upper edge, 0 black to 255 white. */
  edge: number
  darkest: number
  lightShare: number
}

function shadesOf(page: Page, picture: Buffer): Promise<Shades> {
  return page.evaluate(
    async (address) => {
      const image = new Image()
      image.src = address
      await image.decode()
      const canvas = document.createElement('canvas')
      canvas.width = image.naturalWidth
      canvas.height = image.naturalHeight
      const context = canvas.getContext('2d')
      if (context === null) throw new Error('no canvas')
      context.drawImage(image, 0, 0)
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
      const shades: number[] = []
      for (let at = 0; at < data.length; at += 4) {
        shades.push(((data[at] ?? 0) + (data[at + 1] ?? 0) + (data[at + 2] ?? 0)) / 3)
      }
      const darkest = shades.reduce((least, shade) => Math.min(least, shade), 255)
      return {
        edge: shades[canvas.width >> 1] ?? 0,
        darkest,
        lightShare: shades.filter((shade) => shade > 250).length / shades.length,
      }
    },
    `data:image/png;base64,${picture.toString('base64')}`,
  )
}

/** Buttons, fields and links on the page that a screen reader could not name. */
function namelessControls(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('button, a[href], input')]
      .filter((element) => {
        const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])] : []
        const texts = [element, ...labels].map((part) => part.textContent?.trim())
        return [element.getAttribute('aria-label'), ...texts].every((name) => !name)
      })
      .map((element) => element.outerHTML),
  )
}
