import type { OutgoingHttpHeaders } from 'node:http'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { beginErrand, writeApps } from '../support/applications.ts'
import { type ClientsFile, SPA, TV, WEB, writeClients } from '../support/clients-file.ts'
import { onEveryStore } from '../support/every-store.ts'
import { freePort } from '../support/free-port.ts'
import { answerIn, authorizePath, form } from '../support/oauth-flow.ts'
import { startTeamProvider, type TeamProvider } from '../support/team-provider.ts'
import { redisKeys } from './redis-dump.ts'
import { expectProblem } from './seen.ts'

/** T26: another site makes its visitor's browser ask, to use up what the visitor's address is allowed. */

const LOGINS_A_MINUTE = 3
/** Codes that one session may have for applications. */
const CODES_A_MINUTE = 120
const WIKI = 'http://wiki.test'

const FOREIGN = [
  { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  { origin: 'https://evil.example' },
  { origin: 'null', 'sec-fetch-site': 'cross-site' },
  { origin: 'null' },
  { origin: undefined, 'sec-fetch-site': 'cross-site' },
  { origin: undefined, 'sec-fetch-site': 'same-site' },
]

/** What browsers' headers say of requests that are no visit by a person. */
const NO_VISITS = [
  { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
  { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty' },
  { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'script' },
  { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
  { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'object' },
  { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-purpose': 'prefetch' },
]

/** Those that are in no frame either: in frames applications are shown, and OpenID clients renew what they have. */
const NO_NAVIGATIONS = NO_VISITS.filter((said) => said['sec-fetch-dest'] !== 'iframe')

let team: TeamProvider
let clients: ClientsFile
let env: Record<string, string>

beforeAll(async () => {
  const port = await freePort()
  const publicUrl = `http://127.0.0.1:${port}`
  team = await startTeamProvider({ publicUrl })
  // A native client: its redirect address has no web origin at which a page could be.
  const native = { client_id: 'native', client_name: 'Native', redirect_uris: ['com.example.app:/cb'] }
  clients = writeClients([WEB, SPA, TV, native])
  const limits = { TRUST_PROXY: '127.0.0.1', RATE_LOGINS_PER_MINUTE: String(LOGINS_A_MINUTE) }
  env = { ...team.env, ...limits, PORT: String(port), PUBLIC_URL: publicUrl, CLIENTS_FILE: clients.path }
  env['APPS_FILE'] = writeApps([{ origin: WIKI }]).path
})
afterAll(async () => {
  await team?.stop()
  clients?.remove()
})

onEveryStore(
  () => env,
  (stage) => {
    test('T26 what another site posts to where programs ask is refused before it is counted, whichever client it names', async () => {
      const browser = stage.browser()
      const here = { 'x-forwarded-for': '198.51.100.1' }
      const paths = ['/oauth/device_authorization', '/oauth/token', '/oauth/introspect', '/oauth/revoke']
      for (const headers of FOREIGN) {
        for (const path of paths) {
          for (const client_id of ['nobody', 'tv', 'web', 'native']) {
            const fields = { client_id, client_secret: 'a guess of some length', token: 'x' }
            const reply = await form(browser, path, fields, { ...headers, ...here })
            expectProblem(reply, 403, 'cross_site_request')
            expect(reply.headers['access-control-allow-origin']).toBeUndefined()
          }
        }
      }
      for (let times = 0; times < LOGINS_A_MINUTE; times++) {
        expect((await browser.post('/login', {}, { headers: here })).status).toBe(201)
      }
    })

    test('T26 what another site posts to where pages begin something is refused before it is counted', async () => {
      const browser = stage.browser()
      const here = { 'x-forwarded-for': '198.51.100.9' }
      const bodies = {
        '/login': {},
        '/sign-in/passkey/options': {},
        '/sign-in/oidc': { return_to: '/home' },
        '/sign-in': { username: 'demo', password: 'wrong' },
      }
      for (const headers of FOREIGN) {
        for (const [path, body] of Object.entries(bodies)) {
          for (let times = 0; times < 2; times++) {
            expectProblem(
              await browser.post(path, body, { headers: { ...headers, ...here } }),
              403,
              'cross_site_request',
            )
          }
        }
      }
      for (let times = 0; times < LOGINS_A_MINUTE; times++) {
        expect((await browser.post('/login', {}, { headers: here })).status).toBe(201)
      }
      expectProblem(await browser.post('/login', {}, { headers: here }), 429, 'slow_down')
    })

    test('T26 a device without a good client is no login that is counted; one with a good client is', async () => {
      const browser = stage.browser()
      const here = { 'x-forwarded-for': '198.51.100.2' }
      const begin = (client_id: string) => form(browser, '/oauth/device_authorization', { client_id }, here)
      for (let times = 0; times < 2 * LOGINS_A_MINUTE; times++) {
        const { status, json } = await begin(times % 2 === 0 ? 'nobody' : 'web')
        expect([status, json.error]).toEqual([401, 'invalid_client'])
      }
      for (let times = 1; times < LOGINS_A_MINUTE; times++) {
        expect((await browser.post('/login', {}, { headers: here })).status).toBe(201)
      }
      expect((await begin('tv')).status).toBe(200)
      expectProblem(await begin('tv'), 429, 'slow_down')
      expectProblem(await browser.post('/login', {}, { headers: here }), 429, 'slow_down')
    })

    test('T26 a page of an application goes on calling from its own origin, and from no other', async () => {
      const own = { origin: 'https://spa.example', 'sec-fetch-site': 'cross-site' }
      const fields = {
        ...{ grant_type: 'authorization_code', code: 'none', code_verifier: 'x'.repeat(43) },
        redirect_uri: 'https://spa.example/callback',
      }
      const call = (client_id: string) => form(stage.browser(), '/oauth/token', { ...fields, client_id }, own)
      const reply = await call('spa')
      expect([reply.status, reply.json.error]).toEqual([400, 'invalid_grant'])
      expect(reply.headers['access-control-allow-origin']).toBe('https://spa.example')
      const ofAnother = await call('native')
      expect([ofAnother.status, ofAnother.json.error]).toEqual([400, 'invalid_request'])
      expect(ofAnother.headers['access-control-allow-origin']).toBeUndefined()
    })

    test('T26 a picture, a frame, a prefetch or a link elsewhere begins no way to the provider: nothing is counted, and nothing kept', async () => {
      const browser = stage.browser()
      const visit = (said: OutgoingHttpHeaders) =>
        browser.get('/sign-in/oidc', { headers: { 'x-forwarded-for': '198.51.100.3', ...said } })
      for (const said of NO_VISITS) {
        for (const site of ['cross-site', 'same-site', 'same-origin', 'none']) {
          const { status, headers, setCookies } = await visit({ ...said, 'sec-fetch-site': site })
          expect([status, headers.location, setCookies]).toEqual([403, undefined, []])
        }
      }
      if (stage.kind === 'redis') expect((await redisKeys(stage.redis().url)).join()).not.toContain('provider-trip')
      const link = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
      for (let times = 0; times < 2 * LOGINS_A_MINUTE; times++) {
        expect((await visit({ ...link, 'sec-fetch-site': 'cross-site' })).status).toBe(303)
      }
      if (stage.kind === 'redis') expect((await redisKeys(stage.redis().url)).join()).not.toContain('provider-trip')
      expect((await visit({ ...link, 'sec-fetch-site': 'same-origin' })).status).toBe(302)
      expect((await visit({})).status).toBe(302)
      // Node's own fetch sends this header alone. A browser always sends `sec-fetch-site` with it.
      expect((await visit({ 'sec-fetch-mode': 'cors' })).status).toBe(302)
    })

    test('T26 T30 a picture, a script or a prefetch on any page uses up none of the codes that its visitor may have for applications', async () => {
      const person = await stage.phone()
      const { enterPath } = await beginErrand(stage.browser(), WIKI)
      const paths = [authorizePath(WEB), authorizePath(WEB, { prompt: 'none' }), enterPath]
      const sites = ['cross-site', 'same-site', 'same-origin', 'none']
      const ways = NO_NAVIGATIONS.flatMap((said) => sites.map((site) => ({ ...said, 'sec-fetch-site': site })))
      for (let times = 0; times <= CODES_A_MINUTE; times++) {
        const said = ways[times % ways.length] ?? {}
        for (const path of paths) {
          const { status, headers, setCookies } = await person.get(path, { headers: said })
          expect([path, said, status, headers.location, setCookies]).toEqual([path, said, 403, undefined, []])
        }
      }
      const picture = { accept: 'image/*', 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }
      for (const path of paths) expectProblem(await person.get(path, { headers: picture }), 403, 'cross_site_request')
      if (stage.kind === 'redis') {
        expect((await redisKeys(stage.redis().url)).join()).not.toMatch(
          /oauth:(Grant|AuthorizationCode)|-codes-of|app-code/,
        )
      }
      // More than a minute's limit was asked for above, and used nothing up.
      for (const path of paths) expect(answerIn(await person.get(path))).toMatchObject({ code: expect.any(String) })
    })

    test('T26 T30 frames on any page use up none of the codes that its visitor gets by going there', async () => {
      const person = await stage.phone()
      const { enterPath } = await beginErrand(stage.browser(), WIKI)
      const paths = [authorizePath(WEB, { prompt: 'none' }), enterPath]
      const framed = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'same-site' }
      const inFrame = (path: string) => person.get(path, { headers: framed })
      for (const path of paths) {
        for (let times = 0; times < CODES_A_MINUTE; times++) await inFrame(path)
        const { status, headers } = await inFrame(path)
        expect([path, status, Number(headers['retry-after']) > 0]).toEqual([path, 429, true])
        expect(answerIn(await person.get(path))).toMatchObject({ code: expect.any(String) })
      }
    })

    test('T26 whoever goes to an application gets a code: by a link, in a frame, or by what does not say how it asks', async () => {
      const person = await stage.phone()
      const { enterPath } = await beginErrand(stage.browser(), WIKI)
      const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
      const frame = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }
      const silent = authorizePath(WEB, { prompt: 'none' })
      for (const said of [
        ...['cross-site', 'same-site', 'same-origin', 'none'].map((site) => ({
          ...navigation,
          'sec-fetch-site': site,
        })),
        ...['same-site', 'same-origin'].map((site) => ({ ...frame, 'sec-fetch-site': site })),
        {},
        // Node's own fetch says so of whatever it asks for.
        { 'sec-fetch-mode': 'cors' },
      ]) {
        for (const path of [authorizePath(WEB), silent]) {
          expect([said, answerIn(await person.get(path, { headers: said }))]).toEqual([
            said,
            expect.objectContaining({ code: expect.any(String) }),
          ])
        }
        const { status, headers } = await person.get(enterPath, { headers: said })
        expect([said, status, headers.location]).toEqual([
          said,
          302,
          expect.stringContaining(`${WIKI}/.scanin/callback?code=`),
        ])
      }
      // In a frame of another site the browser sends no cookie: the reply says so, and nothing is refused.
      const headers = { ...frame, 'sec-fetch-site': 'cross-site' }
      expect(answerIn(await person.get(silent, { headers, cookie: '' }))['error']).toBe('login_required')
      expect((await person.get(enterPath, { headers, cookie: '' })).status).toBe(302)
    })
  },
)
