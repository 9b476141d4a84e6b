import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { LightMyRequestResponse } from 'fastify'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type InjectClient,
  type TestApp,
} from '../../../support/app.ts'
import {
  type DescribedApi,
  type Operation,
  readDescription,
  WITH_ALL_THERE_IS,
} from '../../../support/described-api.ts'

let testApp: TestApp
let api: DescribedApi

beforeAll(async () => {
  testApp = await createTestApp({ ...WITH_ALL_THERE_IS, MATCH: 'always', POLL_HOLD_SECONDS: '0' })
  api = await readDescription(testApp.app)
})

afterAll(() => testApp.app.close())

/** HTTP's own, and what the document's introduction says of all replies. */
const COMMON = ['connection', 'content-length', 'content-type', 'date', 'referrer-policy', 'x-content-type-options']

function operationOf({ method = '', url = '' }: LightMyRequestResponse['raw']['req']): [string, Operation] {
  const [path = ''] = url.split('?')
  const found = api.operations.find(([name]) =>
    new RegExp(`^${name.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(`${method} ${path}`),
  )
  if (found === undefined) throw new Error(`not in the document: ${method} ${path}`)
  return found
}

function expectAsDescribed({ raw, statusCode, headers, payload }: LightMyRequestResponse): void {
  const [name, { responses }] = operationOf(raw.req)
  const said = responses[statusCode]
  if (said === undefined) throw new Error(`${name} does not say ${statusCode}`)
  const told = Object.keys(said.headers).map((header) => header.toLowerCase())
  const [type = ''] = String(headers['content-type'] ?? '').split(';')
  const media = said.content?.[type]
  expect({
    name,
    undeclared: Object.keys(headers).filter((header) => !COMMON.includes(header) && !told.includes(header)),
    hasBody: payload !== '',
    wrong: media === undefined ? [] : api.wrongWith(JSON.parse(payload), media.schema),
  }).toEqual({ name, undeclared: [], hasBody: media !== undefined, wrong: [] })
}

test('replies are as the document says, in status, headers and body: in logins with all that goes wrong by the way', async () => {
  const { app } = testApp
  const [browser, stranger] = [createInjectClient(app), createInjectClient(app)]
  const [phone, other] = [await createInjectPhone(app), await createInjectPhone(app)]
  const seen = new Set<number>()
  async function tell<Reply extends LightMyRequestResponse>(asked: Promise<Reply>, thenMs = 2000): Promise<Reply> {
    const reply = await asked
    expectAsDescribed(reply)
    seen.add(reply.statusCode)
    testApp.time.now += thenMs
    return reply
  }

  await tell(stranger.get('/healthz'))
  await tell(stranger.get('/readyz'))
  await tell(stranger.post('/sign-in', { username: 'demo', password: 'wrong' }))
  await tell(stranger.post('/sign-in', { username: 1 }))
  await tell(stranger.post('/login', {}, { headers: { origin: 'https://evil.example' } }))
  await tell(app.inject({ method: 'POST', url: '/login', payload: 'x', headers: { 'content-type': 'text/plain' } }))
  await tell(app.inject({ method: 'POST', url: '/login', payload: { token: 'x'.repeat(5000) } }))
  await tell(stranger.get('/session'))
  await tell(stranger.get('/auth/verify'))
  await tell(stranger.get('/login/status/no-token'))

  const begun = await tell(browser.post('/login'))
  const { token } = (await tell(browser.post('/login', { token: begun.json().token }))).json()
  await tell(browser.get(`/login/status/${token}`))
  await tell(stranger.get(`/login/status/${token}`))
  const { user_code } = (await tell(browser.post('/login/user-code', { token }))).json()
  await tell(stranger.post('/login/user-code', { token }))
  await tell(stranger.post('/login/scan', { token }))
  await tell(phone.post('/login/scan', { user_code: 'BBBB-BBBB' }))
  await tell(phone.post('/login/confirm', { token }))
  await tell(phone.post('/login/scan', { user_code }))
  await tell(phone.get(`/login/scan/${token}?seen=scanned&wait=0`))
  const { match_code } = (await tell(phone.post('/login/confirm', { token }))).json()
  await tell(browser.get(`/login/status/${token}`))
  await tell(browser.post('/login/match', { token, match_code: match_code === '000000' ? '111111' : '000000' }))
  await tell(browser.post('/login/match', { token, match_code }))
  await tell(phone.get(`/login/scan/${token}`))

  await tell(browser.get('/session'))
  await tell(browser.get('/sessions'))
  await tell(browser.post('/session/token'))
  await tell(browser.get('/.well-known/jwks.json'))
  await tell(browser.get('/auth/verify'))
  await tell(other.delete('/sessions/nobodys'))
  await tell(browser.post('/sign-out'))

  const again = (await tell(browser.post('/login'))).json().token
  await tell(phone.post('/login/scan', { token: again }))
  await tell(phone.post('/login/deny', { token: again }))
  await tell(browser.get(`/login/status/${again}`))
  await tell(browser.delete(`/login/${again}`))
  await tell(other.delete('/sessions'))

  const hurried = (await tell(browser.post('/login'))).json().token
  for (let tries = 0; tries < 40 && !seen.has(429); tries++) await tell(browser.get(`/login/status/${hurried}`), 0)
  expect([...seen].sort()).toEqual([200, 201, 204, 400, 401, 403, 404, 409, 413, 415, 422, 429])
})

test('who is not signed in is told so, and not what is wrong with what they sent; who is, is told that', async () => {
  const { app } = testApp
  const phone = await createInjectPhone(app)
  const wrong = { method: 'POST', payload: { nothing: 'of the form' }, query: { kind: 'x', wait: 'x' } } as const
  const asked: string[] = []
  for (const [name, { responses, security = [] }] of api.operations) {
    const [method = '', path = ''] = name.split(' ')
    if (responses[401] === undefined || !security.some((schemes) => 'session' in schemes)) continue
    const url = path.replaceAll(/\{\w+\}/g, '-')
    const ask = (client: InjectClient, options = {}) =>
      client.post(url, undefined, { ...wrong, method: method as 'POST', ...options })
    const known = await ask(phone)
    if (known.json().code !== 'invalid_request') continue
    asked.push(name)
    const strangers = [
      await ask(createInjectClient(app)),
      await ask(createInjectClient(app), { cookies: { scanin_session: 'x'.repeat(43) } }),
      await ask(phone, { headers: { authorization: 'Bearer wrong' } }),
    ]
    expect([name, ...strangers.map((reply) => [reply.statusCode, reply.json().code])]).toEqual([
      name,
      ...strangers.map(() => [401, 'authentication_required']),
    ])
    for (const reply of strangers) expectAsDescribed(reply)
    const foreign = await ask(phone, { headers: { origin: 'https://evil.example' } })
    if (method !== 'GET') expect([name, foreign.statusCode]).toEqual([name, 403])
  }
  expect(asked.sort()).toEqual([
    'DELETE /sessions',
    'GET /login/scan/{token}',
    'PATCH /sessions/{id}',
    'POST /events/seen',
    'POST /login/confirm',
    'POST /login/confirm/options',
    'POST /login/deny',
    'POST /login/scan',
    'POST /passkeys',
    'POST /passkeys/options',
    'POST /session/token',
  ])
})
