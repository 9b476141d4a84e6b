import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { freePort } from '../support/free-port.ts'
import { confirm, openLoginPage, readQr, readToken, sees } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'
import { startTeamProvider, type TeamProvider } from '../support/team-provider.ts'

const { visitors, serve } = setUpPageTests({})

const ADA = { name: 'Ada Lovelace', email: 'ada@example.org', email_verified: true, roles: ['engineers'] }

let team: TeamProvider
let url: string
/** Starts the service. */
let start: () => Promise<void>

beforeEach(async () => {
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  team = await startTeamProvider({ publicUrl: url })
  team.people.set('u-1', ADA)
  team.people.set('u-2', { ...ADA, name: 'Grace Hopper', roles: ['visitors'] })
  start = async () => {
    await serve({
      ...{ ...team.env, PORT: String(port), PUBLIC_URL: url, MATCH: 'never' },
      PHONE_OIDC_LABEL: 'Sign in with Example',
      PHONE_OIDC_GROUPS_CLAIM: 'roles',
      PHONE_OIDC_ALLOW: 'engineers',
    })
  }
})
afterEach(() => team.stop())

/** A phone whose provider's pages load nothing from elsewhere. */
async function openPhone(): Promise<Page> {
  const phone = await visitors.phone()
  await phone.context().route(/googleapis|gstatic/, (route) => route.fulfill({ contentType: 'text/css', body: '' }))
  return phone
}

async function goToProvider(phone: Page): Promise<void> {
  await sees(phone, '#sign-in-oidc', 'Sign in with Example')
  await phone.locator('#sign-in-oidc').click()
  await phone.locator('[name=login]').waitFor()
}

/** On the provider's pages. */
async function signInThere(phone: Page, who = 'u-1'): Promise<void> {
  await phone.locator('[name=login]').fill(who)
  await phone.locator('[name=password]').fill('any')
  await phone.locator('[type=submit]').click()
  await phone.locator('[name=prompt][value=consent]').waitFor({ state: 'attached' })
  await phone.locator('[type=submit]').click()
}

test('the button says so in the language of the page, where the operator has chosen no words for it', async () => {
  const { url: unlabelled } = await serve(team.env)
  for (const [locale, words] of [
    ['de-DE', 'Mit dem Konto Ihres Teams anmelden'],
    ['en-GB', 'Sign in with your team’s account'],
  ] as const) {
    const phone = await visitors.phone({ locale })
    await phone.goto(`${unlabelled}/scan`)
    await sees(phone, '#sign-in-oidc', words)
    const boxOf = (part: string) => phone.locator(part).boundingBox()
    const [lead, button] = [await boxOf('#sign-in .lead'), await boxOf('#sign-in-oidc')]
    // The lead does not touch it.
    expect((button?.y ?? 0) - (lead?.y ?? 0) - (lead?.height ?? 0)).toBeGreaterThanOrEqual(16)
  }
})

test('the code that was scanned comes back from the provider, in a second tab too, and signs the browser in; other tabs notice; signed out there, both are out', async () => {
  await start()
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, url)
  const phone = await openPhone()
  await phone.goto(await readQr(desktop))
  await goToProvider(phone)
  expect(phone.url()).not.toContain(await readToken(desktop))
  const others = [await phone.context().newPage(), await phone.context().newPage()] as const
  await others[0].goto(`${url}/scan`)
  await sees(others[0], '#sign-in-oidc', 'Sign in with Example')
  await openLoginPage(others[1], url)
  // It goes on in another tab, as where the provider sends a link by mail.
  const tab = await phone.context().newPage()
  await tab.goto(phone.url())
  await signInThere(tab)
  await sees(tab, '#request', 'Ada Lovelace')
  await sees(others[0], '#devices', 'Ada Lovelace')
  await sees(others[1], '#user-name', 'Ada Lovelace')
  await confirm(tab)
  await desktop.waitForURL((at) => at.pathname === '/home')
  await sees(desktop, '#user-name', 'Ada Lovelace')
  await sees(tab, '#result', 'Signed in on')

  // The first tab comes to its code by itself, now that the phone is signed in.
  visitors.await(/status of 4\d\d .*\/login\/scan$/)
  await phone.goto(`${url}/scan`)
  await sees(phone, '#devices', 'Ada Lovelace')

  visitors.await(/status of 401/)
  const there = new Map((await phone.context().cookies(team.issuer)).map(({ name, value }) => [name, value]))
  await team.signOut(there)
  await phone.reload()
  await sees(phone, '#sign-in', 'Sign in on this phone')
  await openLoginPage(desktop, url)
})

test('whoever may not come in, and whoever finds the provider away, is told what to do, and the code is still there', async () => {
  team.isDown = true
  await start()
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, url)
  const token = await readToken(desktop)
  const phone = await openPhone()
  await phone.goto(`${url}/scan#${token}`)
  visitors.await(/status of 503/)
  await phone.locator('#sign-in-oidc').click()
  await sees(phone, '#provider-message', 'The service that keeps the accounts cannot be reached just now')
  team.isDown = false
  await goToProvider(phone)
  visitors.await(/status of 403 .*\/sign-in\/oidc\/callback/)
  await signInThere(phone, 'u-2')
  await sees(phone, 'h1', 'This account cannot sign in here')
  expect(await phone.locator('main').textContent()).not.toMatch(/Grace|u-2|engineers/)
  await phone.locator('a.button').click()
  await sees(phone, '#sign-in', 'Sign in on this phone')
  expect(new URL(phone.url()).hash).toBe(`#${token}`)

  // With another key by then, and signed in anew.
  await team.rotateKeys()
  await phone.context().clearCookies({ domain: '127.0.0.1' })
  await goToProvider(phone)
  await signInThere(phone)
  await sees(phone, '#request', 'Ada Lovelace')
})
