import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { DEVICE_GRANT } from '../../server/oauth/client.ts'
import { createClients, parseClients } from '../../server/oauth/clients-file.ts'
import { createInjectClient, createTestApp, type InjectClient, type TestApp } from '../support/app.ts'
import { authorizePath } from '../support/oauth-flow.ts'

/** What the file of clients takes, the library takes too: it looks at a client each time that it is used, and says so to nobody else. */

const SECRET = { client_secret: 'a-secret-of-good-length' }
const DEVICE = { redirect_uris: [], grant_types: [DEVICE_GRANT] }
const KINDS = [
  { redirect_uris: ['https://web.example/cb'] },
  { ...SECRET, redirect_uris: ['https://localhost/cb', 'http://web.internal/cb', 'http://127.0.0.1/cb'] },
  { redirect_uris: ['https://web.example/cb', 'http://web.internal/cb', 'http://localhost/cb'] },
  { redirect_uris: ['https://app.example/cb', 'com.example.app:/cb', 'http://localhost/cb'] },
  { redirect_uris: ['com.example.app:/cb'], post_logout_redirect_uris: ['https://app.example/out'] },
  {
    redirect_uris: ['https://web.example/cb'],
    post_logout_redirect_uris: ['com.example.app:/out', 'https://web.example/out'],
  },
  { redirect_uris: ['http://127.0.0.1/cb'], post_logout_redirect_uris: ['http://localhost/out'] },
  { redirect_uris: ['https://web.example/cb'], logo_uri: 'http://web.example/logo.png' },
  { redirect_uris: ['https://web.example/cb'], backchannel_logout_uri: 'http://web.internal:8080/out?x=1' },
  { redirect_uris: ['https://web.example/cb'], id_token_signed_response_alg: 'EdDSA', scope: 'openid' },
  DEVICE,
  { ...DEVICE, ...SECRET },
  { ...DEVICE, post_logout_redirect_uris: ['com.example.app:/out'] },
  { ...DEVICE, post_logout_redirect_uris: ['http://web.internal/out'] },
].map((others, at) => ({ client_id: `client-${at}`, client_name: `Client ${at}`, ...others }))

let testApp: TestApp
let browser: InjectClient

beforeAll(async () => {
  const clients = createClients()
  clients.replace(parseClients(JSON.stringify(KINDS)))
  testApp = await createTestApp({ CLIENTS_FILE: 'clients.json' }, { clients })
  browser = createInjectClient(testApp.app)
})
afterAll(() => testApp?.app.close())

test.each(KINDS.filter(({ redirect_uris: [first] }) => first))(
  'a browser that $client_id sends is asked to sign in: $redirect_uris',
  async (client) => {
    for (const redirect_uri of client.redirect_uris) {
      const { headers } = await browser.get(authorizePath(client, { redirect_uri, scope: 'openid' }))
      expect(headers.location).toMatch(/^\/\?return_to=/)
      const return_to = new URL(String(headers.location), 'http://scanin.test').searchParams.get('return_to')
      const login = await browser.post('/login', { return_to })
      expect(login.statusCode).toBe(201)
    }
  },
)

test.each(KINDS.filter(({ redirect_uris: [first] }) => !first))(
  'a device of $client_id is given a code',
  async (client) => {
    const { client_id, client_secret } = client as { client_id: string; client_secret?: string }
    const reply = await testApp.app.inject({
      method: 'POST',
      url: '/oauth/device_authorization',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: String(new URLSearchParams({ client_id, scope: 'openid', ...(client_secret && { client_secret }) })),
    })
    expect([reply.statusCode, reply.json()]).toEqual([
      200,
      expect.objectContaining({ device_code: expect.any(String) }),
    ])
  },
)
