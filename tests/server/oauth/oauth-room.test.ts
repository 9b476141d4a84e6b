import { afterEach, expect, test } from '@jest/globals'
import { createClients, parseClients } from '../../../server/oauth/clients-file.ts'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type InjectClient,
  type TestApp,
  type TestParts,
} from '../../support/app.ts'
import { WEB } from '../../support/clients-file.ts'
import { authorizePath, VERIFIER } from '../../support/oauth-flow.ts'

/** The service as an OpenID provider, in this process: its clock is moved by hand, but for the library's own. */

const clients = createClients()
let testApp: TestApp
let phone: InjectClient

afterEach(() => testApp.app.close())

async function begin(
  registered: readonly object[],
  { env = {}, parts = {} }: { env?: Record<string, string>; parts?: TestParts } = {},
): Promise<void> {
  clients.replace(parseClients(JSON.stringify(registered)))
  // The file is not read.
  const all = { CLIENTS_FILE: 'clients.json', MATCH: 'never', ...env }
  testApp = await createTestApp(all, { clients, ...parts }, { now: Date.now() })
  phone = await createInjectPhone(testApp.app)
}

/** A browser that the phone has signed in. */
async function signInBrowser(browser = createInjectClient(testApp.app)): Promise<InjectClient> {
  const { token } = (await browser.post('/login')).json()
  await phone.post('/login/scan', { token })
  await phone.post('/login/confirm', { token })
  expect((await browser.get(`/login/status/${token}`)).json().status).toBe('authenticated')
  return browser
}

/** Calls an endpoint as a program does. */
async function ask(path: string, fields: Record<string, string>) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const payload = String(new URLSearchParams(fields))
  const reply = await testApp.app.inject({ method: 'POST', url: path, headers, payload })
  return { status: reply.statusCode, json: reply.json() }
}

const credentials = { client_id: WEB.client_id, client_secret: WEB.client_secret }

/** Where the provider sends a browser that asks for a code. */
async function answerTo(browser: InjectClient, others: Record<string, string> = {}) {
  const { headers } = await browser.get(authorizePath(WEB, others))
  const { pathname, searchParams } = new URL(String(headers.location), 'http://scanin.test')
  return { pathname, ...Object.fromEntries(searchParams) } as Record<string, string>
}

async function exchange(code = '') {
  const fields = { grant_type: 'authorization_code', code, code_verifier: VERIFIER, redirect_uri: WEB.redirect_uris[0] }
  return ask('/oauth/token', { ...fields, ...credentials } as Record<string, string>)
}

const refresh = (token: string) =>
  ask('/oauth/token', { grant_type: 'refresh_token', refresh_token: token, ...credentials })

test.each([
  ['as is usual', {}, 1800],
  ['with a session that may rest for long', { SESSION_IDLE_SECONDS: '36000' }, 3600],
  ['with one that may not rest for a minute', { SESSION_IDLE_SECONDS: '40' }, 20],
] as [string, Record<string, string>, number][])(
  'who refreshes when the access token is over stays signed in, for as long as the session may be used, %s',
  async (_how, env, seconds) => {
    await begin([WEB], { env })
    const browser = await signInBrowser()
    testApp.time.now += 900
    let { status, json } = await exchange((await answerTo(browser))['code'])
    for (let times = 0; times < 5; times++) {
      expect([status, json.expires_in]).toEqual([200, seconds])
      testApp.time.now += json.expires_in * 1000
      ;({ status, json } = await refresh(json.refresh_token))
    }
    testApp.time.now += Number(env['SESSION_IDLE_SECONDS'] ?? '3600') * 1000
    expect((await refresh(json.refresh_token)).json.error).toBe('invalid_grant')
  },
)
