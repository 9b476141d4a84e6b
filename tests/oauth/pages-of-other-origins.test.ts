import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { ZOFIA } from '../support/accounts-file.ts'
import { SPA, TV } from '../support/clients-file.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { codeFor, exchange, form } from '../support/oauth-flow.ts'
import { type Provider, startProvider } from '../support/provider.ts'

/** Pages call the provider from their client's own origins, from ours, and from those that `ALLOWED_ORIGINS` names. */

const LISTED = 'https://app.example.com'
const OWN = 'https://spa.example'
/** Another client's: whoever asks for one has to be at home with that one. */
const OTHER = { ...SPA, client_id: 'other', redirect_uris: ['https://other.example/cb'] }
const EVIL = 'https://evil.example'

let provider: Provider
let browser: Client

beforeAll(async () => {
  provider = await startProvider([SPA, OTHER, { ...TV, redirect_uris: [`${OWN}/tv`] }], { ALLOWED_ORIGINS: LISTED })
})
afterAll(() => provider?.stop())
beforeEach(() => {
  browser = createClient(provider.service.url)
})

/** What a browser says of a page at an origin. */
const fromPage = (origin: string) => ({
  origin,
  'sec-fetch-site': origin === provider.service.url ? 'same-origin' : 'cross-site',
  'sec-fetch-mode': 'cors',
})

const tokens = async () => (await exchange(browser, SPA, await codeFor(browser, provider.phone, SPA))).json

/** What a page at this origin is answered at each endpoint, in the name of a client whose page is at `OWN`. */
async function answers(origin: string) {
  const headers = fromPage(origin)
  const spa = { client_id: SPA.client_id }
  const { access_token, refresh_token } = await tokens()
  const asked = {
    userinfo: await browser.get('/oauth/userinfo', {
      cookie: '',
      headers: { ...headers, authorization: `Bearer ${access_token}` },
    }),
    introspect: await form(browser, '/oauth/introspect', { token: access_token, ...spa }, headers),
    token: await form(browser, '/oauth/token', { grant_type: 'refresh_token', refresh_token, ...spa }, headers),
    revoke: await form(browser, '/oauth/revoke', { token: refresh_token, ...spa }, headers),
    device: await form(browser, '/oauth/device_authorization', { client_id: TV.client_id, scope: 'openid' }, headers),
  }
  const entries = Object.entries(asked)
  return {
    statuses: Object.fromEntries(entries.map(([name, { status }]) => [name, status])),
    readable: entries.map(([, reply]) => reply.headers['access-control-allow-origin']),
    withCredentials: entries.map(([, reply]) => reply.headers['access-control-allow-credentials']),
    exposed: entries.map(([, reply]) => reply.headers['access-control-expose-headers']),
    name: asked.userinfo.json?.name,
  }
}

const ALL_WELL = { userinfo: 200, introspect: 200, token: 200, revoke: 200, device: 200 }

describe('a page may call all of it', () => {
  test('at an origin in ALLOWED_ORIGINS, with cookies, and reads what pages there read of every reply', async () => {
    const { statuses, readable, withCredentials, exposed, name } = await answers(LISTED)
    expect(statuses).toEqual(ALL_WELL)
    expect(readable).toEqual(Array(5).fill(LISTED))
    expect(withCredentials).toEqual(Array(5).fill('true'))
    expect(exposed).toEqual(Array(5).fill('retry-after, x-request-id, www-authenticate, date'))
    expect(name).toBe(ZOFIA.name)
  })

  test('of ours', async () => {
    expect((await answers(provider.service.url)).statuses).toEqual(ALL_WELL)
  })

  test("of the client's own", async () => {
    const { statuses, readable, withCredentials, exposed } = await answers(OWN)
    expect(statuses).toEqual(ALL_WELL)
    expect(readable).toEqual(Array(5).fill(OWN))
    expect(withCredentials).toEqual(Array(5).fill(undefined))
    expect(exposed).toEqual(Array(5).fill('retry-after, x-request-id, www-authenticate, date'))
  })
})

test("a page of another client's may not, and one of nobody's is refused before anything is counted", async () => {
  const others = await answers('https://other.example')
  expect(others.statuses).toEqual({ userinfo: 400, introspect: 400, token: 400, revoke: 400, device: 400 })
  expect(others.readable).toEqual(Array(5).fill(undefined))
  const evil = await answers(EVIL)
  expect(evil.statuses).toEqual({ userinfo: 400, introspect: 403, token: 403, revoke: 403, device: 403 })
  expect(evil.readable).toEqual(Array(5).fill(undefined))
})

test("a page of the client's own reads that it has to wait, and for how long", async () => {
  const slow = await startProvider([{ ...TV, redirect_uris: [`${OWN}/tv`] }], { RATE_LOGINS_PER_MINUTE: '1' })
  try {
    const begin = (origin: string) =>
      form(createClient(slow.service.url), '/oauth/device_authorization', { client_id: TV.client_id }, fromPage(origin))
    expect((await begin(OWN)).status).toBe(200)
    const { status, headers } = await begin(OWN)
    expect({ status, headers }).toMatchObject({
      status: 429,
      headers: {
        'access-control-allow-origin': OWN,
        'access-control-expose-headers': 'retry-after, x-request-id, www-authenticate, date',
        'retry-after': expect.stringMatching(/^\d+$/),
      },
    })
    expect((await begin(EVIL)).headers['access-control-allow-origin']).toBeUndefined()
  } finally {
    await slow.stop()
  }
})

test.each([LISTED, OWN])(
  'a page at %s is told before each of them that it may ask, and by which headers',
  async (origin) => {
    for (const path of ['token', 'revoke', 'introspect', 'userinfo', 'device_authorization']) {
      const reply = await browser.call('OPTIONS', `/oauth/${path}`, {
        cookie: '',
        headers: {
          ...fromPage(origin),
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization',
        },
      })
      expect([path, reply.status, reply.headers['access-control-allow-origin']]).toEqual([path, 204, origin])
      expect(reply.headers['access-control-allow-methods']).toContain('POST')
      expect(reply.headers['access-control-allow-headers']).toContain('authorization')
    }
  },
)
