import { expect, test } from '@jest/globals'
import { confirm, isSignedIn, openLoginPage, openSignedIn, readQr, sees, signInOnPhone } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'
import { pictureOf } from '../support/picture-of.ts'

const { visitors, shared, serve } = setUpPageTests({ ordinary: {} })

test('a picture of the code signs the desktop in', async () => {
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, shared('ordinary').url)
  const buffer = await pictureOf(desktop.locator('#qr'), { animations: 'disabled' })

  const phone = await visitors.phone()
  await openSignedIn(phone, shared('ordinary').url)
  await phone.locator('#camera').waitFor()
  await phone.locator('#qr-file').setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer })

  await confirm(phone)
  await isSignedIn(desktop)
})

test('a photo of the whole screen will do as well', async () => {
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, shared('ordinary').url)
  const buffer = await pictureOf(desktop, { type: 'jpeg', quality: 60, animations: 'disabled' })

  const phone = await visitors.phone()
  await openSignedIn(phone, shared('ordinary').url)
  await phone.locator('#camera').waitFor()
  await phone.locator('#qr-file').setInputFiles({ name: 'screen.jpg', mimeType: 'image/jpeg', buffer })

  await sees(phone, '#request', 'Chrome on Windows')
})

test('a picture without a code, and a file that is no picture, are said to be so', async () => {
  const phone = await visitors.phone()
  await openSignedIn(phone, shared('ordinary').url)
  await phone.locator('#camera').waitFor()

  const empty = await pictureOf(phone.locator('#camera'))
  await phone.locator('#qr-file').setInputFiles({ name: 'wall.png', mimeType: 'image/png', buffer: empty })
  await sees(phone, '#chooser-message', 'No QR code could be found')

  const text = Buffer.from('not a picture')
  await phone.locator('#qr-file').setInputFiles({ name: 'note.png', mimeType: 'image/png', buffer: text })
  await sees(phone, '#chooser-message', 'not a picture')
})

test('the code of another site leads nowhere', async () => {
  const other = await serve()
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, other.url)
  const buffer = await pictureOf(desktop.locator('#qr'), { animations: 'disabled' })

  const phone = await visitors.phone()
  await openSignedIn(phone, shared('ordinary').url)
  await phone.locator('#camera').waitFor()
  await phone.locator('#qr-file').setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer })

  await sees(phone, '#chooser-message', 'not a code of this site')
  expect(new URL(phone.url()).origin).toBe(shared('ordinary').url)
})

test('the typed code signs the desktop in, however it is typed', async () => {
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, shared('ordinary').url)
  await desktop.locator('#user-code').getByRole('button').click()
  await sees(desktop, '#user-code', /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
  const code = (await desktop.locator('#user-code').textContent()) ?? ''
  await desktop.getByText(`${new URL(shared('ordinary').url).host}/scan`).waitFor()

  const phone = await visitors.phone()
  await openSignedIn(phone, shared('ordinary').url)
  await phone.locator('#user-code').fill(code.toLowerCase().replace('-', ' '))
  await phone.locator('#user-code').press('Enter')

  await sees(phone, '#request', 'Chrome on Windows')
  await confirm(phone)
  await isSignedIn(desktop)
})

test('a typed code that nobody shows is refused in words', async () => {
  visitors.await(/status of 404 .*\/login\/scan$/)
  const phone = await visitors.phone()
  await openSignedIn(phone, shared('ordinary').url)

  await phone.locator('#user-code').fill('WDJB')
  await phone.locator('#user-code').press('Enter')
  await sees(phone, '#user-code-message', 'eight letters')

  await phone.locator('#user-code').fill('WDJB-MJHT')
  await phone.locator('#user-code').press('Enter')
  await sees(phone, '#chooser-message', 'no longer good')
})

test("the code's own link keeps the code until this phone has scanned it, and then neither address nor history has it", async () => {
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, shared('ordinary').url)
  const link = await readQr(desktop)
  expect(link).toMatch(new RegExp(`^${shared('ordinary').url}/scan#[\\w-]{16}\\.[\\w-]{22}$`))

  const phone = await visitors.phone()
  await phone.goto(link)
  await phone.locator('#sign-in-form').waitFor()
  // All that an app's own browser hands on by "open in browser" is this.
  expect(phone.url()).toBe(link)
  await phone.reload()
  await signInOnPhone(phone)

  await sees(phone, '#request', 'Chrome on Windows')
  expect(phone.url()).toBe(`${shared('ordinary').url}/scan`)
  await phone.reload()
  await sees(phone, '#request', 'Chrome on Windows')
  await phone.goto(`${shared('ordinary').url}/home`)
  await phone.goBack()
  expect(phone.url()).toBe(`${shared('ordinary').url}/scan`)
  await sees(phone, '#request', 'Chrome on Windows')
  await confirm(phone)
  await isSignedIn(desktop)
})

test('a code that is no good any more does not stay in the address either', async () => {
  visitors.await(/status of 404 .*\/login\/scan$/)
  const phone = await visitors.phone()
  await phone.goto(`${shared('ordinary').url}/scan#${'x'.repeat(16)}.${'y'.repeat(22)}`)
  await signInOnPhone(phone)
  await sees(phone, '#chooser-message', 'no longer good')
  expect(phone.url()).toBe(`${shared('ordinary').url}/scan`)
})

test('a phone that is signed in already goes straight to the question', async () => {
  const phone = await visitors.phone()
  await openSignedIn(phone, shared('ordinary').url)
  await phone.locator('#camera').waitFor()

  const desktop = await visitors.desktop()
  await openLoginPage(desktop, shared('ordinary').url)
  await phone.goto(await readQr(desktop))
  await confirm(phone)
  await isSignedIn(desktop)
})

test('a wrong password is said to be wrong, and the code is not lost over it', async () => {
  visitors.await(/status of 401 .*\/sign-in$/)
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, shared('ordinary').url)

  const phone = await visitors.phone()
  await phone.goto(await readQr(desktop))
  await phone.locator('#username').fill('demo')
  await phone.locator('#password').fill('wrong')
  await phone.locator('#password').press('Enter')
  await sees(phone, '#sign-in-form', 'do not belong together')

  await signInOnPhone(phone)
  await confirm(phone)
  await isSignedIn(desktop)
})
