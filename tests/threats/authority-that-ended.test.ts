import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { type AccountsFile, type TestAccount, writeAccounts, YUSUF } from '../support/accounts-file.ts'
import { eventually } from '../support/eventually.ts'
import { onEveryStore, type Stage } from '../support/every-store.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { approve, scan, signInBrowser, startLogin } from '../support/login-flow.ts'
import { DEMO_PASSWORD, type Service } from '../support/service.ts'
import { expectProblem, found, sessionSetBy } from './seen.ts'

/** T22: whose authority ended between approval and use approved nothing, on any instance. */

/** Who is signed in on the stage's phones. */
const DEMO: TestAccount = { id: 'demo', username: 'demo', name: 'Demo Person', password: DEMO_PASSWORD }

const others = new Map<Stage, Promise<Service>>()

let accounts: AccountsFile
beforeAll(async () => {
  accounts = await writeAccounts([DEMO, YUSUF])
})
afterAll(() => accounts.remove())

/** The other instance, or this one where the store cannot be shared. */
function otherOf(stage: Stage): Promise<Service> {
  const { url } = stage.service()
  const other =
    others.get(stage) ??
    (stage.kind === 'embedded' ? Promise.resolve(stage.service()) : stage.startAnother({ PUBLIC_URL: url }))
  others.set(stage, other)
  return other
}

/** The same client at the other instance. */
async function elsewhere(stage: Stage, client: Client): Promise<Client> {
  const moved = createClient((await otherOf(stage)).url, stage.service().url)
  for (const [name, value] of client.cookies) moved.cookies.set(name, value)
  return moved
}

async function revokeFromElsewhere(stage: Stage, phone: Client): Promise<void> {
  const { id } = (await phone.get('/session')).json.session
  const owner = await elsewhere(stage, await stage.phone())
  expect((await owner.delete(`/sessions/${id}`)).status).toBe(204)
}

/** Until every instance has read that these are the accounts. */
async function accountsAre(stage: Stage, people: TestAccount[]): Promise<void> {
  const instances = new Set([stage.service(), await otherOf(stage)])
  const readings = () => [...instances].map((instance) => instance.stdout().split('"msg":"accounts ').length)
  const before = readings()
  await accounts.write(people)
  for (const instance of instances) instance.reload()
  await eventually('they are read', () => readings().every((count, at) => count > (before[at] ?? 0)))
}

/** Where the accounts are not what they were. */
const changed = new Set<Stage>()

async function leave(stage: Stage, people: TestAccount[]): Promise<void> {
  changed.add(stage)
  await accountsAre(stage, people)
}

async function comeBack(stage: Stage): Promise<void> {
  if (changed.delete(stage)) await accountsAre(stage, [DEMO, YUSUF])
}

const ENDINGS: [string, (stage: Stage, phone: Client) => Promise<unknown>][] = [
  ['signed out', (_stage, phone) => phone.post('/sign-out')],
  ['revoked on another instance', revokeFromElsewhere],
  ['revoked with all others', async (stage) => (await stage.phone()).delete('/sessions')],
  ["removed with its person's account", (stage) => leave(stage, [YUSUF])],
  ["disabled with its person's account", (stage) => leave(stage, [{ ...DEMO, disabled: true }, YUSUF])],
]

const REPLACED: (typeof ENDINGS)[number] = [
  'replaced by signing in again',
  (_stage, phone) => phone.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD }),
]

/** No session comes, and the login is told to be denied, not expired. */
async function expectDenied(browser: Client, token: string): Promise<void> {
  for (let tries = 0; tries < 2; tries++) {
    const reply = await browser.get(`/login/status/${token}`)
    expect(reply.json).toMatchObject({ status: 'denied' })
    expect(reply.setCookies).toEqual([])
  }
}

async function browsersOf(phone: Client): Promise<number> {
  return (await phone.get('/sessions')).json.sessions.filter(({ kind }: { kind: string }) => kind === 'browser').length
}

const withAccounts = (env: Record<string, string>) => () => ({ ...env, ACCOUNTS_FILE: accounts.path })

onEveryStore(withAccounts({ POLL_HOLD_SECONDS: '25', MATCH: 'never' }), (stage) => {
  afterEach(() => comeBack(stage))

  describe.each([...ENDINGS, REPLACED])('T22 a phone that was %s', (_how, end) => {
    test('before the poll has approved nothing, on no instance', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const token = await startLogin(browser)
      await approve(phone, token)
      await end(stage, phone)
      await expectDenied(await elsewhere(stage, browser), token)
      await expectDenied(browser, token)
      await comeBack(stage)
      await expectDenied(browser, token)
      const owner = await stage.phone()
      expect(await browsersOf(owner)).toBe(0)
      await owner.delete('/sessions')
    })

    test('leaves no other login open that it approved', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const tokens = [await startLogin(browser), await startLogin(browser), await startLogin(browser)]
      for (const token of tokens) {
        await scan(phone, token)
        // With `remember` it would be a session of thirty days.
        await phone.post('/login/confirm', { token, remember: true })
      }
      await end(stage, phone)
      for (const token of tokens) await expectDenied(browser, token)
    })
  })

  test('T22 a phone that is out does not take from a browser what it has', async () => {
    const [browser, used, phone] = [stage.browser(), stage.browser(), await stage.phone()]
    await signInBrowser(browser, phone)
    await signInBrowser(used, phone)
    expect((await used.get('/session')).status).toBe(200)
    await revokeFromElsewhere(stage, phone)
    for (const each of [browser, used]) expect((await each.get('/session')).status).toBe(200)
  })

  test.each(ENDINGS)(
    'T22 a phone that was %s has scanned nothing either: the browser is told while its poll is held',
    async (_how, end) => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const watching = await elsewhere(stage, browser)
      const token = await startLogin(browser)
      for (const [name, value] of browser.cookies) watching.cookies.set(name, value)
      await scan(phone, token)
      const held = watching.get(`/login/status/${token}?seen=scanned&wait=25`)
      await end(stage, phone)
      expect((await held).json).toMatchObject({ status: 'denied' })
    },
  )

  test("T22 the same person's next session goes on with what the one before scanned", async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    await scan(phone, token)
    await phone.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })
    expectProblem(await phone.post('/login/confirm', { token }), 409, 'not_scanned')
    await approve(phone, token)
    expect(sessionSetBy(await browser.get(`/login/status/${token}`))).toBeDefined()
  })

  test('T22 a browser that shares its cookies with the phone that approved gets its session, again if the reply is lost', async () => {
    const both = await stage.phone()
    const token = await startLogin(both)
    await approve(both, token)
    const cookie = [...both.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const lost = await stage.browser().get(`/login/status/${token}`, { cookie })
    const again = await both.get(`/login/status/${token}`)
    expect(found(sessionSetBy(again), 'no session')).toBe(sessionSetBy(lost))
    expect((await both.get('/session')).json.session.kind).toBe('browser')
    expectProblem(await stage.browser().get('/session', { cookie }), 401, 'authentication_required')
  })
})

onEveryStore(withAccounts({ POLL_HOLD_SECONDS: '0', MATCH: 'always' }), (stage) => {
  afterEach(() => comeBack(stage))

  test.each([...ENDINGS, REPLACED])(
    'T22 a phone that was %s before the match has approved nothing, on no instance',
    async (_how, end) => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const tokens = [await startLogin(browser), await startLogin(browser)]
      const codes: string[] = []
      for (const token of tokens) {
        await scan(phone, token)
        codes.push((await phone.post('/login/confirm', { token })).json.match_code)
      }
      await end(stage, phone)
      for (const [at, place] of [await elsewhere(stage, browser), browser].entries()) {
        const [token, match_code] = [tokens[at] ?? '', codes[at]]
        const reply = await place.post('/login/match', { token, match_code })
        expect(reply.json).toMatchObject({ status: 'denied' })
        expect(reply.setCookies).toEqual([])
        await expectDenied(place, token)
      }
    },
  )

  test('T22 a phone whose end was answered while the match came opens no session after it', async () => {
    const owner = await stage.phone()
    for (let round = 0; round < 8; round++) {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const token = await startLogin(browser)
      await scan(phone, token)
      const { match_code } = (await phone.post('/login/confirm', { token })).json
      const matching = browser.post('/login/match', { token, match_code })
      await phone.post('/sign-out')
      const count = await browsersOf(owner)
      const reply = await matching
      expect(['authenticated', 'denied']).toContain(reply.json.status)
      expect(await browsersOf(owner)).toBe(count)
    }
  })
})
