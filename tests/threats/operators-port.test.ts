import type { OutgoingHttpHeaders } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type AccountsFile, writeAccounts, YUSUF, ZOFIA } from '../support/accounts-file.ts'
import { behindThisMachine, enterApplication } from '../support/applications.ts'
import { auditLinesIn } from '../support/audit-lines.ts'
import { eventually } from '../support/eventually.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { approve, scan, signInBrowser, startLogin } from '../support/login-flow.ts'
import { ADMIN_TOKEN, createOperator, type Operator } from '../support/operator.ts'
import { addPasskey, signInByPasskey } from '../support/passkey-steps.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { type Service, startService } from '../support/service.ts'
import { createSoftwareAuthenticator } from '../support/software-authenticator.ts'
import { AUDIENCE, type IdentityProvider, startIdentityProvider } from './identity-provider.ts'
import { asNative, expectToBeRefused, expectToSignIn } from './native-app.ts'
import { expectProblem, found, sessionSetBy } from './seen.ts'

/** T34: operators' port does what it can for nobody without the token, and whom an operator blocks is out everywhere. */

const PUBLIC_URL = 'http://scanin.test'
const WIKI = 'http://wiki.test'

let redis: RedisServer
let accounts: AccountsFile
let provider: IdentityProvider
let operator: Operator
/** Operators ask the first. */
let services: Service[] = []

beforeAll(async () => {
  ;[redis, accounts, provider, operator] = await Promise.all([
    startRedis(),
    writeAccounts([ZOFIA, YUSUF]),
    startIdentityProvider(),
    createOperator(),
  ])
  const env = {
    ...{ PUBLIC_URL, POLL_HOLD_SECONDS: '25', REDIS_URL: redis.url, ACCOUNTS_FILE: accounts.path },
    ...behindThisMachine([{ origin: WIKI }]),
    PHONE_JWT_JWKS_URL: provider.jwksUrl,
    PHONE_JWT_ISSUER: provider.issuer,
    PHONE_JWT_AUDIENCE: AUDIENCE,
  }
  services = await Promise.all([startService({ ...env, ...operator.env }), startService(env)])
})

afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()))
  await Promise.all([redis.stop(), provider.stop()])
  accounts.remove()
})

const service = (at: number) => found(services[at], 'there are two')
const clientAt = (at: number) => createClient(service(at).url, PUBLIC_URL)
const pathOf = (id: string, what: string) => `/users/${encodeURIComponent(id)}/${what}`

async function phoneAt(at: number, { username, password } = ZOFIA): Promise<Client> {
  const phone = clientAt(at)
  expect((await phone.post('/sign-in', { username, password })).status).toBe(200)
  return phone
}

describe('T34 without the token', () => {
  const ROUTES = [
    ['GET', pathOf(ZOFIA.id, 'sessions')],
    ['DELETE', pathOf(ZOFIA.id, 'sessions')],
    ['POST', pathOf(ZOFIA.id, 'block')],
    ['DELETE', pathOf(ZOFIA.id, 'block')],
    ['GET', '/blocks'],
    ['GET', '/metrics'],
    ['GET', '/nothing/there'],
  ] as const

  async function tryAll(headers: OutgoingHttpHeaders, status: number, code: string, cookie = ''): Promise<void> {
    for (const [method, path] of ROUTES) {
      const reply = await operator.client.call(method, path, { headers: { origin: undefined, ...headers }, cookie })
      // Beyond ten a minute the reply is `slow_down` instead, and tells no more.
      if (status !== 401 || reply.status !== 429) expectProblem(reply, status, code)
      expect(reply.text).not.toMatch(new RegExp(`${ZOFIA.id}|${ADMIN_TOKEN}`))
    }
  }

  test.each<[string, OutgoingHttpHeaders]>([
    ['none', {}],
    ['another', { authorization: `Bearer ${'x'.repeat(40)}` }],
    ['the beginning of it', { authorization: `Bearer ${ADMIN_TOKEN.slice(0, -1)}` }],
    ['more than it', { authorization: `Bearer ${ADMIN_TOKEN}x` }],
    ['it in another case', { authorization: `Bearer ${ADMIN_TOKEN.toUpperCase()}` }],
    ['it by another scheme', { authorization: `Basic ${Buffer.from(`:${ADMIN_TOKEN}`).toString('base64')}` }],
    ['it in a header of another name', { 'x-admin-token': ADMIN_TOKEN }],
  ])('%s: nobody is told anything, and nothing is done', async (_what, headers) => {
    await tryAll(headers, 401, 'authentication_required')
  })

  test("a phone's session is none, nor is a native app's token, nor the token in the address", async () => {
    const phone = await phoneAt(1)
    const cookie = [...phone.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    await tryAll({}, 401, 'authentication_required', cookie)
    await tryAll({ authorization: `Bearer ${await provider.sign()}` }, 401, 'authentication_required')
    const reply = await operator.client.get(`/blocks?access_token=${ADMIN_TOKEN}`)
    expect([401, 429]).toContain(reply.status)
    expect((await phone.get('/session')).status).toBe(200)
  })

  test('too many are told to slow down, whoever shows the right one is not, and the log has each that was heard', async () => {
    const wrong = () => operator.client.get('/blocks', { headers: { authorization: 'Bearer wrong' } })
    const reply = await eventually('it is enough', async () => {
      const one = await wrong()
      return one.status === 429 && one
    })
    expectProblem(reply, 429, 'slow_down')
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
    for (let times = 0; times < 20; times++) expect((await operator.ask('GET', '/blocks')).status).toBe(200)
    const lines = auditLinesIn(service(0).stdout()).filter(({ audit }) => audit === 'admin.refused')
    expect(lines[0]).toMatchObject({ outcome: 'failure', address: '127.0.0.1', request_id: expect.any(String) })
    expect(lines.length).toBeLessThanOrEqual(20)
    expect(service(0).stdout()).not.toContain(ADMIN_TOKEN)
  })

  test.each<[string, OutgoingHttpHeaders]>([
    ['from a page elsewhere', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['from a page of ScanIn itself', { origin: PUBLIC_URL, 'sec-fetch-site': 'same-site' }],
    ['from a page without an origin', { origin: 'null' }],
    ['by an address that was typed into a browser', { 'sec-fetch-site': 'none' }],
    ['by a name that somebody points here (DNS rebinding)', { host: 'rebind.evil.example' }],
    ['by such a name with a port', { host: 'rebind.evil.example:9465' }],
    ['by a name that begins as an address', { host: '127.0.0.1.evil.example' }],
    ['by this machine`s name with more behind', { host: 'localhost.evil.example' }],
  ])('with it, and %s, nothing is done', async (_what, headers) => {
    await tryAll({ authorization: `Bearer ${ADMIN_TOKEN}`, ...headers }, 403, 'cross_site_request')
  })

  test('no page is allowed to ask: there is no answer to a preflight', async () => {
    const reply = await operator.client.call('OPTIONS', pathOf(ZOFIA.id, 'block'), {
      headers: { origin: PUBLIC_URL, 'access-control-request-method': 'POST' },
    })
    expectProblem(reply, 403, 'cross_site_request')
    expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  test("the service's own port knows none of it, with the token or without", async () => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
    for (const [method, path] of ROUTES) {
      expect([path, (await clientAt(0).call(method, path, { headers })).status]).toEqual([path, 404])
    }
  })

  test("it is this machine's alone, by whichever of its names", async () => {
    const { port } = new URL(operator.url)
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, '192.0.2.7']) {
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, host }
      expect([host, (await operator.client.get('/blocks', { headers })).status]).toEqual([host, 200])
    }
  })
})

describe('T34 who is blocked', () => {
  test('is out of everything on every instance at the next request, and what waits for them is denied at once', async () => {
    await operator.ask('DELETE', pathOf(ZOFIA.id, 'sessions'))
    const [phone, other, bystander] = [await phoneAt(1), await phoneAt(0), await phoneAt(1, YUSUF)]
    const authenticator = createSoftwareAuthenticator({ origin: PUBLIC_URL })
    await addPasskey(phone, authenticator)
    const signedIn = clientAt(1)
    await signInBrowser(signedIn, phone)
    const wiki = await enterApplication(signedIn, WIKI)
    expect((await wiki()).status).toBe(200)
    const [waiting, confirmed] = [clientAt(1), clientAt(1)]
    const [scanned, approved] = [await startLogin(waiting), await startLogin(confirmed)]
    await scan(phone, scanned)
    await approve(phone, approved)
    const held = waiting.get(`/login/status/${scanned}?seen=scanned&wait=25`)

    // The two phones, and the browser.
    expect((await operator.ask('POST', pathOf(ZOFIA.id, 'block'))).json).toMatchObject({ blocked: true, revoked: 3 })

    for (const client of [phone, other, signedIn]) {
      for (const path of ['/session', '/sessions'])
        expectProblem(await client.get(path), 401, 'authentication_required')
    }
    expectProblem(await wiki(), 401, 'authentication_required')
    expect((await held).json.status).toBe('denied')
    const collecting = await confirmed.get(`/login/status/${approved}`)
    expect([collecting.json.status, sessionSetBy(collecting)]).toEqual(['denied', undefined])

    for (const at of [0, 1]) {
      const { username, password } = ZOFIA
      const right = await clientAt(at).post('/sign-in', { username, password })
      const wrong = await clientAt(at).post('/sign-in', { username, password: 'wrong' })
      expectProblem(right, 401, 'invalid_credentials')
      expect(right.text).toBe(wrong.text)
      expectProblem(await signInByPasskey(clientAt(at), authenticator), 401, 'invalid_credentials')
    }
    expect((await bystander.get('/session')).status).toBe(200)
    await signInBrowser(clientAt(0), bystander)

    expect((await operator.ask('DELETE', pathOf(ZOFIA.id, 'block'))).status).toBe(204)
    for (const client of [phone, other, signedIn]) expect((await client.get('/session')).status).toBe(401)
    await signInBrowser(clientAt(0), await phoneAt(1))
    expect((await signInByPasskey(clientAt(1), authenticator)).status).toBe(200)
  })

  test("by a provider's word is known by where they come from, with what their app has scanned and approved", async () => {
    const sub = ZOFIA.username
    const native = await provider.sign({ claims: { sub: 'native-1' } })
    const another = await provider.sign({ claims: { sub: 'native-2', name: 'Another' } })
    const [waiting, confirmed] = [clientAt(1), clientAt(1)]
    const [scanned, approved] = [await startLogin(waiting), await startLogin(confirmed)]
    for (const token of [scanned, approved]) {
      expect((await asNative(waiting, '/login/scan', native, { token })).status).toBe(200)
    }
    expect((await asNative(waiting, '/login/confirm', native, { token: approved })).status).toBe(200)
    const held = waiting.get(`/login/status/${scanned}?seen=scanned&wait=25`)

    expect((await operator.ask('POST', pathOf('jwt|native-1', 'block'))).status).toBe(200)
    expect((await held).json.status).toBe('denied')
    const collecting = await confirmed.get(`/login/status/${approved}`)
    expect([collecting.json.status, sessionSetBy(collecting)]).toEqual(['denied', undefined])
    for (const at of [0, 1]) await expectToBeRefused(clientAt(at), native)
    await expectToSignIn(clientAt(1), another, { id: 'native-2', name: 'Another' })
    expect((await operator.ask('GET', pathOf(sub, 'sessions'))).json.blocked).toBe(false)

    await operator.ask('DELETE', pathOf('jwt|native-1', 'block'))
    await expectToSignIn(clientAt(1), native, { id: 'native-1', name: 'Native Person' })
  })

  test('stays so when every instance is started anew', async () => {
    await operator.ask('POST', pathOf(YUSUF.id, 'block'))
    await service(1).stop()
    services[1] = await startService({ PUBLIC_URL, REDIS_URL: redis.url, ACCOUNTS_FILE: accounts.path })
    const { username, password } = YUSUF
    expectProblem(await clientAt(1).post('/sign-in', { username, password }), 401, 'invalid_credentials')
    expect((await operator.ask('GET', '/blocks')).json.blocks).toEqual([
      { user: { id: YUSUF.id }, blocked_at: expect.stringMatching(/^20\d\d-/) },
    ])
  })
})
