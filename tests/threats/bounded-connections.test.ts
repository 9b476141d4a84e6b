import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { readWeb } from '../../server/http/built-web.ts'
import { createClients, parseClients } from '../../server/oauth/clients-file.ts'
import { createTestApp, PUBLIC_URL, type TestApp, type TestParts } from '../support/app.ts'
import { SPA } from '../support/clients-file.ts'
import { eventually } from '../support/eventually.ts'
import { createClient, createPhone } from '../support/http-client.ts'
import { scan, startLogin } from '../support/login-flow.ts'
import { openSocket, sendRaw } from '../support/raw-socket.ts'
import { expectProblem } from './seen.ts'

/** T26: connections, what is asked for on one, and replies that nobody reads are bounded. In this process, to count them. */

const SENT_AHEAD = 50
const CONNECTIONS = 20
const LARGE = 256 * 1024

let testApp: TestApp
const sockets: Socket[] = []

async function listen(parts: TestParts = {}, prepare: (made: TestApp) => void = () => undefined): Promise<number> {
  testApp = await createTestApp({}, parts)
  prepare(testApp)
  await testApp.app.listen({ host: '127.0.0.1', port: 0 })
  return (testApp.app.server.address() as AddressInfo).port
}

async function open(port: number, beginning: string): Promise<Socket> {
  const socket = await openSocket(port, beginning)
  // The service may cut the connection off: some tests are about that.
  socket.on('error', () => undefined)
  sockets.push(socket)
  return socket
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await testApp.app.close()
})

const get = (path: string, connection = 'keep-alive') =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: ${connection}\r\n\r\n`

test('T26 of what a connection sends ahead one request is answered at a time, in order', async () => {
  const paths: string[] = []
  let [atOnce, most] = [0, 0]
  const port = await listen({}, ({ app }) => {
    app.addHook('onRequest', async ({ url }) => {
      paths.push(url)
      most = Math.max(most, ++atOnce)
    })
    app.addHook('onResponse', async () => {
      atOnce--
    })
  })
  const asked = Array.from({ length: SENT_AHEAD }, (_, at) => `/healthz?${at}`)
  const all = asked.map((path) => get(path)).join('') + get('/last', 'close')

  let text = ''
  const socket = await open(port, all)
  socket.on('data', (data) => {
    text += data
  })
  await once(socket, 'close')
  expect(text.match(/HTTP\/1\.1 200 /g)).toHaveLength(SENT_AHEAD)
  expect(paths).toEqual([...asked, '/last'])
  expect(most).toBe(1)

  const crowd = await Promise.all(Array.from({ length: CONNECTIONS }, () => open(port, all)))
  for (const each of crowd) each.resume()
  await Promise.all(crowd.map((each) => once(each, 'close')))
  expect(paths).toHaveLength((CONNECTIONS + 1) * (SENT_AHEAD + 1))
  expect(most).toBeLessThanOrEqual(CONNECTIONS)
})

test('T26 who does not read what comes back loses the connection, with nothing but one reply kept meanwhile', async () => {
  let begun = 0
  const port = await listen({}, ({ app }) => {
    // The real timeout is longer than a hold, but it ends. The test shortens it, so that nobody waits for it.
    expect(app.server.timeout).toBeGreaterThan(25_000)
    expect(app.server.timeout).toBeLessThanOrEqual(60_000)
    app.server.timeout /= 80
    app.addHook('onRequest', async () => {
      begun++
    })
  })
  // More than any system buffers for a client that does not read.
  const path = '/docs/static/swagger-ui-bundle.js'
  const socket = await open(port, get(path).repeat(SENT_AHEAD))
  socket.pause()
  const connections = () =>
    new Promise<number>((resolve) => testApp.app.server.getConnections((_error, count) => resolve(count)))
  await eventually('the connection is gone', async () => (await connections()) === 0)
  expect(begun).toBeGreaterThan(0)
  expect(begun).toBeLessThan(SENT_AHEAD)
})

test('a connection that rests is kept for longer than the documented proxies keep theirs: it is they who close it', async () => {
  await listen()
  // nginx's `keepalive_timeout` of an upstream, which holds unless somebody sets it.
  expect(testApp.app.server.keepAliveTimeout).toBeGreaterThan(60_000)
})

test.each([
  ['/assets/large.js', 'scanin-web-'],
  ['/docs/static/swagger-ui-bundle.js', 'swagger-ui'],
])('T26 who asks for files and does not read them keeps none of them open, and no copy: %s', async (path, where) => {
  const theirs: Socket[] = []
  const bodies = new Set<unknown>()
  // The large file: as many as one client may ask for are more than any system buffers for who does not read.
  const webRoot = mkdtempSync(join(tmpdir(), 'scanin-web-'))
  cpSync('dist/web', webRoot, { recursive: true })
  writeFileSync(join(webRoot, 'assets', 'large.js'), 'x'.repeat(LARGE))
  const port = await listen({ web: readWeb(webRoot) }, ({ app }) => {
    app.server.on('connection', (socket) => theirs.push(socket))
    app.addHook('onRequest', async (_request, { raw }) => {
      const end = raw.end.bind(raw) as (...what: unknown[]) => typeof raw
      raw.end = (...what: unknown[]) => {
        bodies.add(what[0])
        return end(...what)
      }
    })
  })
  const all = get(path).repeat(SENT_AHEAD)
  for (const socket of await Promise.all(Array.from({ length: CONNECTIONS }, () => open(port, all)))) socket.pause()
  const areStuck = () => theirs.length === CONNECTIONS && theirs.every((socket) => socket.writableLength > 0)
  await eventually('none of them gets on', areStuck)
  await eventually('no file is open', () => !openFiles().some((file) => file.includes(where)))
  expect([bodies.size, [...bodies].every((body) => Buffer.isBuffer(body))]).toEqual([1, true])
  rmSync(webRoot, { recursive: true })
})

/** Of this process, by what Linux says. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)]
    } catch {
      // The descriptor by which the list itself was read.
      return []
    }
  })
}

test('T26 beyond the most that may be open a connection is dropped, and the next is taken when one ends', async () => {
  const port = await listen({ mostConnections: 3 })
  const kept = await Promise.all([1, 2, 3].map(() => open(port, get('/healthz'))))
  await Promise.all(kept.map((socket) => once(socket, 'data')))
  expect((await sendRaw(port, get('/healthz'))).status).toBe(0)
  kept[0]?.destroy()
  await eventually('a place is free', async () => (await sendRaw(port, get('/healthz'))).status === 200)
})

test('T26 the nearer connections are to the most, the more is refused: new logins first, who finishes one never', async () => {
  const port = await listen({ mostConnections: 40 })
  const url = `http://127.0.0.1:${port}`
  const [browser, late] = [createClient(url, PUBLIC_URL), createClient(url, PUBLIC_URL)]
  const phone = await createPhone(url, PUBLIC_URL)
  const [token, next] = [await startLogin(browser), await startLogin(browser)]
  await scan(phone, token)

  const kept = await Promise.all(Array.from({ length: 33 }, () => open(port, '')))
  const refusal = await late.post('/login')
  expectProblem(refusal, 503, 'overloaded')
  expect(Number(refusal.headers['retry-after'])).toBeGreaterThan(0)
  await scan(phone, next)

  kept.push(...(await Promise.all(Array.from({ length: 4 }, () => open(port, '')))))
  expectProblem(await phone.post('/login/scan', { token: next }), 503, 'overloaded')
  expectProblem(await late.post('/sign-in', { username: 'demo', password: 'x' }), 503, 'overloaded')
  for (const path of ['/healthz', '/readyz']) {
    const head = `HEAD ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
    expect([path, (await sendRaw(port, head)).status]).toEqual([path, 200])
  }
  expect((await browser.get(`/login/status/${token}`)).json.status).toBe('scanned')
  expect((await phone.post('/login/confirm', { token })).json.status).toBe('authenticated')
  expect((await browser.get(`/login/status/${token}`)).json.status).toBe('authenticated')
  for (const path of ['/session', '/healthz', '/readyz', '/'])
    expect([path, (await browser.get(path)).status]).not.toEqual([path, 503])

  for (const socket of kept) socket.destroy()
  await eventually('there is room for a new login', async () => (await late.post('/login')).status === 201)
})

test('T26 the same where the store is asked about as much at a time as it may be', async () => {
  let use = 0
  const url = `http://127.0.0.1:${await listen({ storeUse: () => use })}`
  const [browser, late] = [createClient(url, PUBLIC_URL), createClient(url, PUBLIC_URL)]
  const phone = await createPhone(url, PUBLIC_URL)
  const token = await startLogin(browser)
  await scan(phone, token)
  use = 0.85
  expectProblem(await late.post('/login'), 503, 'overloaded')
  await scan(phone, token)
  use = 1
  expectProblem(await phone.post('/login/scan', { token }), 503, 'overloaded')
  expect((await phone.post('/login/confirm', { token })).json.status).toBe('authenticated')
  expect((await browser.get(`/login/status/${token}`)).json.status).toBe('authenticated')
  use = 0.5
  expect((await late.post('/login')).status).toBe(201)
})

test('T26 what an application asks once somebody is in is refused as late, however it asks, and what precedes that', async () => {
  const clients = createClients()
  clients.replace(parseClients(JSON.stringify([SPA])))
  const use = 0.95
  testApp = await createTestApp({ CLIENTS_FILE: 'clients.json' }, { clients, storeUse: () => use })
  const asked = [
    ...['/oauth/userinfo', '/oauth/token', '/oauth/revoke', '/.well-known/openid-configuration'].map((url) => [
      'OPTIONS',
      url,
    ]),
    ...['/oauth/userinfo', '/oauth/token', '/oauth/revoke', '/oauth/introspect', '/oauth/logout'].map((url) => [
      'POST',
      url,
    ]),
    ...['/oauth/userinfo', '/oauth/logout', '/.well-known/openid-configuration'].map((url) => ['GET', url]),
    ...['/.well-known/oauth-authorization-server', '/.well-known/jwks.json'].map((url) => ['GET', url]),
  ] as ['OPTIONS' | 'POST' | 'GET', string][]
  for (const [method, url] of asked) {
    const headers = { origin: 'https://spa.example', 'access-control-request-method': 'POST' }
    const { statusCode } = await testApp.app.inject({ method, url, headers })
    expect([method, url, statusCode]).not.toEqual([method, url, 503])
  }
  expect((await testApp.app.inject('/oauth/authorize')).statusCode).toBe(503)
})
