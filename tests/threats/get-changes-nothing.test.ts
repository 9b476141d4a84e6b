import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createTestApp } from '../support/app.ts'
import { behindThisMachine, forwardedTo } from '../support/applications.ts'
import { type ClientsFile, WEB, writeClients } from '../support/clients-file.ts'
import { onEveryStore } from '../support/every-store.ts'
import type { Client, Reply } from '../support/http-client.ts'
import { scan, startLogin } from '../support/login-flow.ts'
import { authorizePath } from '../support/oauth-flow.ts'
import { startTeamProvider, type TeamProvider } from '../support/team-provider.ts'
import { allThereIs, documentedRoutes, everyRoute, routesOf } from './routes.ts'
import { sessionSetBy } from './seen.ts'

/** T7: a link preview, a prefetch or an image on some page asks by GET or HEAD, with the phone's own cookie. */

const WIKI = 'http://wiki.test'

let team: TeamProvider
let clients: ClientsFile
let paths: string[]

beforeAll(async () => {
  team = await startTeamProvider({ publicUrl: 'http://scanin.test' })
  clients = writeClients([WEB])
  // What shows `/docs` is files alone.
  const routes = (await everyRoute()).filter(({ path }) => !path.startsWith('/docs/static/'))
  paths = [...new Set(routes.map(({ path }) => path))]
})
afterAll(async () => {
  clients.remove()
  await team.stop()
})

test('T7 HEAD is answered where a GET only reads, and at none of those that act', async () => {
  const { app } = await createTestApp(...allThereIs())
  const gets = (await routesOf(app)).filter(({ method }) => method === 'GET').map(({ path }) => path)
  const hasHead = (path: string) => app.hasRoute({ method: 'HEAD', url: path.replaceAll(/\{(\w+)\}/g, ':$1') })
  expect(gets.filter((path) => !hasHead(path)).sort()).toEqual(WITHOUT_HEAD)
  await app.close()
})

type Headers = Readonly<Record<string, string>>

/** GETs that begin, end, hand out or hold something. All others only read, and answer HEAD too. */
const WITHOUT_HEAD = [
  '/.scanin/callback',
  '/.scanin/sign-out',
  '/.scanin/start',
  '/auth/enter',
  '/login/scan/{token}',
  '/login/status/{token}',
  '/oauth/authorize',
  '/oauth/logout',
  '/sign-in/oidc',
  '/sign-in/oidc/callback',
]

/** At an application's host there are other routes. */
const AT_WIKI = forwardedTo(`${WIKI}/`)
const POSTS: Headers = { 'x-http-method-override': 'POST' }
const DELETES: Headers = { 'x-http-method': 'DELETE', 'x-method-override': 'DELETE' }

/** What a preview could be made to ask for. */
function requests(token: string, userCode: string): [path: string, headers: Headers][] {
  const filled = paths.map((path) => path.replace('{token}', token).replace(/\{[^}]+\}|\*/g, token))
  const state = 's'.repeat(43)
  const query = `token=${token}&user_code=${userCode}&match_code=123456&confirm=1&remember=true`
  const led: string[] = [
    // Applications lead browsers to these. They hand out codes, and approve nothing.
    authorizePath(WEB, { prompt: 'none' }),
    authorizePath(WEB),
    `/oauth/logout?client_id=${WEB.client_id}`,
    `/auth/enter?${new URLSearchParams({ app: WIKI, state })}`,
    `/sign-in/oidc/callback?${new URLSearchParams({ code: state, state })}`,
  ]
  return [
    ...filled.flatMap((path): [string, Headers][] => [
      [path, {}],
      [path, DELETES],
      [path, AT_WIKI],
      [`${path}?${query}`, POSTS],
      [`${path}?_method=POST&${query}`, AT_WIKI],
      [`${path === '/' ? '' : path}/${token}`, DELETES],
    ]),
    ...led.map((path): [string, Headers] => [path, {}]),
    [`/.scanin/callback?${new URLSearchParams({ code: state, state })}`, AT_WIKI],
  ]
}

/** Cookies that bind a way there and back to its browser. They hold no session and no login. */
const COOKIES_OF_WAYS: Readonly<Record<string, string>> = {
  '/sign-in/oidc': 'scanin_sign_in',
  '/.scanin/start': 'scanin_app_start',
  // An application's own sign-out, on its own host, which is asked from there alone.
  '/.scanin/sign-out': 'scanin_app',
}

/** The cookies that a reply sets and has no business to set. */
function strayCookies(path: string, { setCookies }: Reply): string[] {
  const own = COOKIES_OF_WAYS[path.replace(/\?.*/, '')]
  return setCookies.filter((line) => own === undefined || !line.startsWith(`${own}=`))
}

function inTens<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / 10) }, (_, at) => items.slice(at * 10, at * 10 + 10))
}

/** All that a person sees of what is theirs. */
async function belongingsOf(phone: Client): Promise<unknown> {
  const { sessions } = (await phone.get('/sessions')).json
  const shown = sessions.map(({ id, name, kind }: Record<string, unknown>) => [id, name, kind])
  const lists = await Promise.all(['/passkeys', '/events'].map((path) => phone.get(path)))
  return [shown, ...lists.map(({ json }) => json)]
}

const env = () => ({
  POLL_HOLD_SECONDS: '0',
  CLIENTS_FILE: clients.path,
  TOKEN_AUDIENCES: 'https://api.example.org',
  ...team.env,
  ...behindThisMachine([{ origin: WIKI }]),
  MATCH: 'always',
})

// Nothing of it hangs on the store: one where a write is one.
onEveryStore(
  env,
  (stage) => {
    test('T7 what is asked for below is all that the service documents, and more', async () => {
      const documented = (await documentedRoutes(stage.browser())).map(({ path }) => path)
      expect(documented.length).toBeGreaterThan(30)
      expect(paths).toEqual(expect.arrayContaining(documented))
      for (const path of ['/', '/scan', '/oauth/authorize', '/oauth/logout', '/session/token', '/.scanin/start'])
        expect(paths).toContain(path)
      expect(paths.length).toBeGreaterThan(60)
    })

    describe.each(['GET', 'HEAD'])('%s', (method) => {
      test.each(['pending', 'scanned', 'match_required'])(
        "T7 on every route with the phone's cookie leaves a login that is %s as it is",
        async (status) => {
          const [browser, phone] = [stage.browser(), await stage.phone()]
          const cookie = [...phone.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
          const token = await startLogin(browser)
          const userCode = (await browser.post('/login/user-code', { token })).json.user_code
          const confirm = () => phone.post('/login/confirm', { token })
          if (status !== 'pending') await scan(phone, token)
          const confirmed = status === 'match_required' ? await confirm() : undefined
          const before = await belongingsOf(phone)

          for (const some of inTens(requests(token, userCode))) {
            const asked = some.map(async ([path, headers]) => {
              const reply = await phone.call(method, path, { cookie, headers })
              return { path, setCookies: strayCookies(path, reply), isOurFault: reply.status >= 500 }
            })
            expect(await Promise.all(asked)).toEqual(
              some.map(([path]) => ({ path, setCookies: [], isOurFault: false })),
            )
          }

          expect((await browser.get(`/login/status/${token}`)).json.status).toBe(status)
          expect(await belongingsOf(phone)).toEqual(before)
          if (status === 'pending') await scan(phone, token)
          const { match_code } = (confirmed ?? (await confirm())).json
          expect((await browser.post('/login/match', { token, match_code })).json.status).toBe('authenticated')
        },
      )
    })
  },
  ['redis'],
)

onEveryStore({ POLL_HOLD_SECONDS: '0' }, (stage) => {
  test("T7 HEAD on the browser's own poll collects nothing: the session is there for the GET", async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    await scan(phone, token)
    await phone.post('/login/confirm', { token })
    for (let tries = 0; tries < 3; tries++) {
      const reply = await browser.call('HEAD', `/login/status/${token}`)
      expect(reply.setCookies).toEqual([])
      expect(reply.text).toBe('')
    }
    expect((await phone.get(`/login/scan/${token}`)).json).toMatchObject({ status: 'authenticated', collected: false })
    expect(sessionSetBy(await browser.get(`/login/status/${token}`))).toBeDefined()
  })

  test("T7 a preview that polls an approved login without the browser's cookie collects nothing", async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    await scan(phone, token)
    await phone.post('/login/confirm', { token })
    for (const method of ['GET', 'HEAD']) {
      expect((await phone.call(method, `/login/status/${token}`)).setCookies).toEqual([])
    }
    expect((await phone.get(`/login/scan/${token}`)).json).toMatchObject({ collected: false })
    expect(sessionSetBy(await browser.get(`/login/status/${token}`))).toBeDefined()
  })
})
