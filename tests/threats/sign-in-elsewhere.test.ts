import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { onEveryStore } from '../support/every-store.ts'
import { freePort } from '../support/free-port.ts'
import { type Client, createClient, type Reply } from '../support/http-client.ts'
import { approve, signInBrowser, startLogin } from '../support/login-flow.ts'
import { startTeamProvider, type TeamProvider } from '../support/team-provider.ts'
import { redisDump } from './redis-dump.ts'
import { expectProblem } from './seen.ts'

const ADA = { name: 'Ada Lovelace', email: 'ada@example.org', email_verified: true }

let team: TeamProvider
let env: Record<string, string>

beforeAll(async () => {
  const port = await freePort()
  const publicUrl = `http://127.0.0.1:${port}`
  team = await startTeamProvider({ publicUrl })
  team.people.set('u-1', ADA)
  env = { ...team.env, PORT: String(port), PUBLIC_URL: publicUrl, LOG_LEVEL: 'trace', MATCH: 'never' }
})
afterAll(() => team.stop())

const pathOf = ({ pathname, search }: URL) => pathname + search

const FOLLOWED = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }

/** @returns the way back, not gone yet */
async function visitProvider(client: Client, there = new Map<string, string>(), to = '/scan'): Promise<string> {
  const begun = await client.get(`/sign-in/oidc?${new URLSearchParams({ return_to: to })}`)
  expect(begun.status).toBe(302)
  return pathOf(await team.visit(begun.headers.location ?? '', 'u-1', there))
}

function expectPage(reply: Reply, status: number): void {
  expect([reply.status, reply.headers['content-type']]).toEqual([status, 'text/html; charset=utf-8'])
  expect(reply.headers['content-security-policy']).toMatch(/^default-src 'self'/)
  expect(reply.headers['cache-control']).toMatch(/no-store/)
  expect(reply.setCookies).toEqual([])
}

onEveryStore(
  () => env,
  (stage) => {
    const client = () => createClient(stage.service().url)

    test('T33 nobody is signed in by the way back of somebody else, nor twice by their own', async () => {
      const [attacker, victim, elsewhere] = [client(), client(), client()]
      const way = await visitProvider(attacker)
      expectPage(await victim.get(way), 400)
      // A victim who has begun a way of their own has the cookie, but another state.
      await victim.get('/sign-in/oidc')
      expectPage(await victim.get(way), 400)
      const state = new URL(way, 'http://x').searchParams.get('state') ?? ''
      expectPage(await victim.get(way.replace(state, `${state.slice(0, -1)}${state.endsWith('A') ? 'B' : 'A'}`)), 400)
      for (const planted of [attacker.cookies.get('scanin_sign_in'), 'A'.repeat(43), '']) {
        const cookie = `scanin_sign_in=${planted}; scanin_session=planted`
        if (planted !== attacker.cookies.get('scanin_sign_in')) expectPage(await elsewhere.get(way, { cookie }), 400)
      }
      expectProblem(await victim.get('/session'), 401, 'authentication_required')

      const replies = await Promise.all(Array.from({ length: 10 }, () => attacker.get(way)))
      const opened = replies.filter(({ headers }) => headers.location === '/scan')
      expect(opened).toHaveLength(1)
      expect(opened[0]?.setCookies).toEqual([
        expect.stringMatching(/^scanin_session=[\w-]{43};.*HttpOnly; SameSite=Lax$/),
      ])
      // While one of them is at it, the others are sent to the provider for another code.
      for (const reply of replies.filter((reply) => !opened.includes(reply))) {
        const { location } = reply.headers
        if (location === undefined) expectPage(reply, 400)
        else expect(new URL(location).origin).toBe(team.issuer)
        expect(reply.setCookies.join()).not.toContain('scanin_session')
      }
      expectPage(await attacker.get(way), 400)
    })

    test('T33 a way begins only where a page of ours, or a person, begins it; HEAD ends none', async () => {
      const phone = client()
      for (const headers of [
        { origin: 'https://evil.example' },
        { 'sec-fetch-site': 'cross-site', origin: undefined },
      ]) {
        expectProblem(await phone.post('/sign-in/oidc', {}, { headers }), 403, 'cross_site_request')
      }
      const way = await visitProvider(phone)
      expect((await phone.call('HEAD', way)).status).toBe(404)
      expect((await phone.get(way)).status).toBe(302)
    })

    test('T33 a link on another site begins no way: it leads to the button, and to no code of that site’s', async () => {
      const code = await startLogin(client())
      const path = `/sign-in/oidc?${new URLSearchParams({ return_to: `/scan#${code}` })}`
      const browser = client()
      await signInBrowser(browser, await stage.phone())
      for (const visitor of [client(), browser]) {
        const cookies = new Map(visitor.cookies)
        for (const site of ['cross-site', 'same-site']) {
          const headers = { ...FOLLOWED, 'sec-fetch-site': site }
          const { status, headers: said, setCookies } = await visitor.get(path, { headers })
          expect([site, status, said.location, setCookies]).toEqual([site, 303, '/scan', []])
          expectProblem(await visitor.get(path, { headers: { 'sec-fetch-site': site } }), 403, 'cross_site_request')
        }
        expectProblem(
          await visitor.get(path, { headers: { origin: 'https://evil.example' } }),
          403,
          'cross_site_request',
        )
        expect(visitor.cookies).toEqual(cookies)
      }
      expect((await browser.get('/session')).json.session.kind).toBe('browser')
      for (const site of ['same-origin', 'none', undefined]) {
        const { status, headers } = await client().get(path, { headers: { ...FOLLOWED, 'sec-fetch-site': site } })
        expect([site, status, new URL(headers.location ?? '').origin]).toEqual([site, 302, team.issuer])
      }
    })

    test('T33 a browser that a phone signed in becomes no phone by a link, nor by a way that began before', async () => {
      const [browser, phone] = [client(), await stage.phone()]
      const early = await visitProvider(browser)
      await signInBrowser(browser, phone)
      const kind = async () => (await browser.get('/session')).json.session?.kind
      const session = browser.cookies.get('scanin_session')
      expectPage(await browser.get(early), 400)
      // Over plain http, or for a link in a mail, browsers do not say where the link was followed. And a page of ours
      // may follow an address that it was given to return to.
      for (const site of [undefined, 'none', 'same-origin']) {
        const headers = { ...FOLLOWED, 'sec-fetch-site': site }
        const { status, headers: said, setCookies } = await browser.get('/sign-in/oidc', { headers })
        expect([site, status, said.location, setCookies]).toEqual([site, 303, '/scan', []])
      }
      expect([await kind(), browser.cookies.get('scanin_session')]).toEqual(['browser', session])

      // If a page of ours asks for it, it is the person's wish.
      const begun = await browser.post('/sign-in/oidc', { return_to: '/scan' })
      const way = pathOf(await team.visit(begun.json.location, 'u-1'))
      expect((await browser.get(way)).headers.location).toBe('/scan')
      expect(await kind()).toBe('phone')
      const old = { cookie: `scanin_session=${session}` }
      expectProblem(await browser.get('/session', old), 401, 'authentication_required')
    })

    test('T33 a sign-in by scan leads to no sign-in at the provider after it, nor to a code that its link has', async () => {
      const code = await startLogin(client())
      const phone = await stage.phone()
      const way = `sign-in/oidc?${new URLSearchParams({ return_to: `/scan#${code}` })}`
      const { url } = stage.service()
      for (const return_to of [
        `/${way}`,
        `/%73ign-in/oidc`,
        `/x/../${way}`,
        `${url}/${way}`,
        '/sign-in/oidc/callback',
      ]) {
        const browser = client()
        const { token } = (await browser.post('/login', { return_to })).json
        await approve(phone, token)
        expect([return_to, (await browser.get(`/login/status/${token}`)).json.redirect_to]).toEqual([
          return_to,
          '/home',
        ])
      }
    })

    test('T33 a logout that the provider has not said ends nothing; one that it has said ends all of it, once', async () => {
      const [phone, there] = [client(), new Map<string, string>()]
      await phone.get(await visitProvider(phone, there))
      const browser = client()
      await signInBrowser(browser, phone)
      const raw = async (token: Promise<string>) => String(new URLSearchParams({ logout_token: await token }))
      const tell = async (token: Promise<string>) =>
        client().call('POST', '/sign-in/oidc/backchannel-logout', {
          raw: await raw(token),
          headers: { 'content-type': 'application/x-www-form-urlencoded', origin: undefined },
        })
      for (const forged of [
        team.logoutToken({ sub: 'u-1' }, { foreignKey: true }),
        team.logoutToken({ sub: 'u-1', aud: 'another' }),
        team.logoutToken({ sub: 'u-1', events: {} }),
        Promise.resolve(team.given().find((token) => token.split('.').length === 3) ?? ''),
      ]) {
        expectProblem(await tell(forged), 400, 'invalid_request')
      }
      for (const one of [phone, browser]) expect((await one.get('/session')).status).toBe(200)
      const said = team.logoutToken({ sub: 'u-1' })
      expect((await tell(said)).status).toBe(200)
      for (const one of [phone, browser]) expectProblem(await one.get('/session'), 401, 'authentication_required')
      expectProblem(await tell(said), 400, 'invalid_request')

      // The provider also tells by itself, when somebody signs out there.
      const again = client()
      await again.get(await visitProvider(again, there))
      expect((await again.get('/session')).status).toBe(200)
      await team.signOut(there)
      expectProblem(await again.get('/session'), 401, 'authentication_required')
    })

    test('T33 neither store nor log has a token of the provider, nor what a way there and back goes by', async () => {
      const dump = async () => (stage.kind === 'redis' ? JSON.stringify(await redisDump(stage.redis().url)) : '')
      const phone = client()
      const secret = 'A-code-that-was-scanned'
      const begun = await phone.post('/sign-in/oidc', { return_to: `/scan#${secret}` })
      const asked = new URL(begun.json.location).searchParams
      const key = phone.cookies.get('scanin_sign_in') ?? ''
      const during = await dump()
      const back = await team.visit(begun.json.location, 'u-1')
      expect((await phone.get(pathOf(back))).headers.location).toBe(`/scan#${secret}`)
      const session = phone.cookies.get('scanin_session') ?? ''
      const after = await dump()
      const secrets = [
        ...team.given(),
        key,
        session,
        secret,
        ...['state', 'nonce'].map((name) => asked.get(name) ?? ''),
      ]
      expect(secrets.length).toBeGreaterThan(8)
      for (const one of secrets) {
        expect(one.length).toBeGreaterThan(16)
        for (const text of [during, after, stage.service().stdout()]) expect(text.includes(one)).toBe(false)
      }
      if (stage.kind === 'redis') expect(after).toContain('provider-grant:')
    })
  },
)
