import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { InjectOptions } from 'fastify'
import { JSON_TYPE } from '../../server/http/json-body.ts'
import { createClients, parseClients } from '../../server/oauth/clients-file.ts'
import { createTestApp, type TestApp } from '../support/app.ts'
import { DEVICE_GRANT, TV, WEB } from '../support/clients-file.ts'

/** What applications' programs are told that ask for what they cannot have. */

const OF_WEB = { client_id: 'web', client_secret: WEB.client_secret }

let testApp: TestApp

beforeAll(async () => {
  const clients = createClients()
  clients.replace(parseClients(JSON.stringify([WEB, TV])))
  // The library goes by the process's own clock.
  testApp = await createTestApp({ CLIENTS_FILE: 'clients.json' }, { clients }, { now: Date.now() })
})
afterAll(() => testApp?.app.close())

/** Asks as a program does: a form, no cookie, no origin. */
function ask(
  url: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
  remoteAddress = '127.0.0.1',
) {
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  return testApp.app.inject({
    method: 'POST',
    url,
    remoteAddress,
    headers: { ...type, ...headers },
    payload: String(new URLSearchParams(fields)),
  })
}

const WRONG = { client_id: 'web', client_secret: 'another-secret-of-good-length' }

test.each<[what: string, url: string, fields: Record<string, string> | undefined]>([
  ['a device that waits for nobody', '/oauth/token', { client_id: 'tv', grant_type: DEVICE_GRANT, device_code: 'x' }],
  ['nobody at all', '/oauth/token', { grant_type: DEVICE_GRANT, device_code: 'x' }],
  ['a wrong secret', '/oauth/token', { ...WRONG, grant_type: 'refresh_token', refresh_token: 'x' }],
  ['a wrong secret', '/oauth/introspect', { ...WRONG, token: 'x' }],
  ['nobody at all', '/oauth/introspect', { token: 'x' }],
  ['no token', '/oauth/introspect', OF_WEB],
  ['no token', '/oauth/revoke', OF_WEB],
  ['a client without the grant', '/oauth/device_authorization', OF_WEB],
  ['nobody at all', '/oauth/device_authorization', {}],
  ['a form', '/oauth/userinfo', { access_token: 'x' }],
  ['a bearer', '/oauth/userinfo', undefined],
])('%s is told in JSON what is wrong at %s, whatever it says that it takes', async (_what, url, fields) => {
  const origin = { origin: 'https://web.example' }
  const asked = (accept: Record<string, string>) => {
    const bearer: InjectOptions = { url, headers: { ...origin, ...accept, authorization: 'Bearer x' } }
    return fields === undefined ? testApp.app.inject(bearer) : ask(url, fields, { ...origin, ...accept })
  }
  const told = await asked({})
  // As java.net.HttpURLConnection says, unless it is told otherwise.
  const toldJava = await asked({ accept: 'text/html, image/gif, image/jpeg, */*; q=0.2' })
  expect(told.json()).toHaveProperty('error')
  const { 'x-request-id': _one, date: _at, ...headers } = told.headers
  const { 'x-request-id': _other, date: _then, ...headersForJava } = toldJava.headers
  expect([toldJava.statusCode, toldJava.body, headersForJava]).toEqual([told.statusCode, told.body, headers])
  expect(headers['content-type']).toContain('application/json')
})

const NO_SIGNATURE = `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`

test.each(['a-token-of-nobody', NO_SIGNATURE, `${NO_SIGNATURE}signed`, 'e30.e30.e30'])(
  'a resource server is told of what is no token of ours that it is good for nothing, whatever its form: %s',
  async (token) => {
    const told = await ask('/oauth/introspect', { ...OF_WEB, token })
    expect([told.statusCode, told.json()]).toEqual([200, { active: false }])
    const toldNobody = await ask('/oauth/introspect', { ...WRONG, token })
    expect([toldNobody.statusCode, toldNobody.json().error]).toEqual([401, 'invalid_client'])
  },
)

test('a device that asks for nothing that is to be had is told so before anybody confirms, and one that asks for none may begin', async () => {
  const begin = (fields: Record<string, string>) => ask('/oauth/device_authorization', { client_id: 'tv', ...fields })
  const told = await begin({ scope: 'read' })
  expect([told.statusCode, told.json().error]).toEqual([400, 'invalid_scope'])
  expect((await begin({ scope: 'offline_access' })).json().error).toBe('invalid_scope')
  expect((await begin({})).statusCode).toBe(200)
  expect((await begin({ scope: 'read openid' })).statusCode).toBe(200)
})

test.each([
  ['with a wrong secret', '/oauth/introspect', { ...WRONG, token: 'x' }],
  ['that nobody knows', '/oauth/token', { client_id: 'nobody', grant_type: 'refresh_token', refresh_token: 'x' }],
  ['that does not say who it is', '/oauth/revoke', { token: 'x' }],
  ['that does not say who it is', '/oauth/device_authorization', {}],
])(
  'a client %s is told at %s by what to show it, and a page, whose browser would ask people, is not',
  async (_, url, fields) => {
    const challengeOf = async (headers = {}) => {
      // Refusals are counted by where they are asked for.
      const told = await ask(url, fields, headers, '198.51.100.7')
      return [told.statusCode, told.headers['www-authenticate']]
    }
    expect(await challengeOf()).toEqual([401, 'Basic realm="http://scanin.test"'])
    expect(await challengeOf({ origin: 'https://web.example' })).toEqual([401, undefined])
  },
)

test('discovery says of every endpoint that is for clients how they show who they are there', async () => {
  const metadata = (await testApp.app.inject('/.well-known/oauth-authorization-server')).json()
  for (const endpoint of ['token', 'revocation', 'introspection']) {
    const methods = metadata[`${endpoint}_endpoint_auth_methods_supported`]
    expect([endpoint, methods]).toEqual([endpoint, ['client_secret_basic', 'client_secret_post', 'none']])
  }
})

test('a client that asks by a grant that it has not is told so, wherever it asks', async () => {
  const byCode = { grant_type: 'authorization_code', code: 'x', redirect_uri: 'https://web.example/cb' }
  for (const told of [
    await ask('/oauth/token', { client_id: 'tv', ...byCode }),
    await ask('/oauth/token', { ...OF_WEB, grant_type: DEVICE_GRANT, device_code: 'x' }),
    await ask('/oauth/device_authorization', OF_WEB),
  ]) {
    expect([told.statusCode, told.json().error]).toEqual([400, 'unauthorized_client'])
  }
})

test.each([[{}], [{ client_id: 'tv' }]])(
  'an empty secret is none, also by Basic: with %j in the form',
  async (named) => {
    const emptyOf = (id: string) => ({ authorization: `Basic ${Buffer.from(`${id}:`).toString('base64')}` })
    const begun = await ask('/oauth/device_authorization', { ...named, scope: 'openid profile' }, emptyOf('tv'))
    expect([begun.statusCode, begun.json().device_code]).toEqual([200, expect.any(String)])
    const fields = { grant_type: DEVICE_GRANT, device_code: begun.json().device_code, ...named }
    expect((await ask('/oauth/token', fields, emptyOf('tv'))).json().error).toBe('authorization_pending')
    // Whoever has one has to show it.
    const asked = await ask('/oauth/introspect', { token: 'x' }, emptyOf('web'))
    expect([asked.statusCode, asked.json().error]).toEqual([401, 'invalid_client'])
  },
)

test.each([
  ['another name in the form', { client_id: 'web' }],
  ['two names there', { client_id: ['tv', 'tv'] }],
  ['a secret there', { client_id: 'tv', client_secret: 'x' }],
])('but not beside %s: nobody shows who it is in two ways (RFC 6749 §2.3)', async (_what, fields) => {
  const form = new URLSearchParams(
    Object.entries(fields).flatMap(([name, values]) => [values].flat().map((value) => [name, value])),
  )
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    authorization: `Basic ${Buffer.from('tv:').toString('base64')}`,
  }
  const url = '/oauth/device_authorization'
  const told = await testApp.app.inject({ method: 'POST', url, headers, payload: String(form) })
  expect([told.statusCode, told.json().error]).toEqual([400, 'invalid_request'])
})

test('whoever revokes a token is answered in JSON, which not every library can do without', async () => {
  const told = await ask('/oauth/revoke', { ...OF_WEB, token: 'a-token-of-nobody' })
  expect([told.statusCode, told.headers['content-type'], told.body]).toEqual([200, JSON_TYPE, '{}'])
})

test.each([
  ['OPTIONS', '/oauth/token', 204],
  ['POST', '/oauth/authorize', 303],
  ['POST', '/oauth/logout', 303],
  ['GET', '/scan/', 302],
  ['GET', '/oauth/logout?client_id=web&post_logout_redirect_uri=https://web.example/out', 303],
] as const)('a reply without a body is of no type: %s %s', async (method, url, status) => {
  const asked = { origin: 'https://web.example', 'access-control-request-method': 'POST' }
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const headers = { OPTIONS: asked, POST: type, GET: {} }[method]
  const told = await testApp.app.inject({ method, url, headers, ...(method === 'POST' ? { payload: 'x=1' } : {}) })
  expect([told.statusCode, told.body, told.headers['content-type']]).toEqual([status, '', undefined])
})
