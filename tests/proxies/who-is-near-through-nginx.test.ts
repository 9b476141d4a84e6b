import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { FastifyInstance } from 'fastify'
import { createAppList } from '../../server/apps/forward-auth/app-list.ts'
import { createTestApp } from '../support/app.ts'
import { forwardedTo } from '../support/applications.ts'
import { readRepository } from '../support/compose-file.ts'
import { freePort } from '../support/free-port.ts'
import { type Call, createClient, createPhone, type Reply } from '../support/http-client.ts'
import { type Nginx, startNginx } from '../support/nginx.ts'
import { sampleConfiguration } from '../support/two-instances.ts'

/** T1 behind a real nginx, the shipped configuration first: who is near, where proxies say so or do not. */

const LOOPBACK = '127.0.0.1'
const WIKI = 'https://wiki.example.com'

/** Apps by what they are told of their proxies. */
const APPS = {
  unnamed: {},
  trusting: { TRUST_PROXY: LOOPBACK },
  twoHops: { TRUST_PROXY: LOOPBACK, TRUST_PROXY_HOPS: '2' },
} as const

/** What a proxy makes of X-Forwarded-For. */
const WORDS = {
  'address and port': '"$remote_addr:$remote_port"',
  'IPv6 address and port': '"[2001:db8::7]:$remote_port"',
  'IPv6 address in brackets': '"[2001:db8::7]"',
  'a word': 'unknown',
  nothing: '""',
  'the whole list': '$proxy_add_x_forwarded_for',
} as const

/** Here the outer proxy comes from another address of this machine, as in Docker from the network's gateway. */
const OUTER = '127.0.0.2'
const BEHIND_ANOTHER = readRepository('docs/proxies/nginx-behind-another.conf').replace('10.213.87.0/24', OUTER)

const wiki = createAppList()
wiki.replace([{ origin: WIKI, name: 'Wiki' }])
const apps: FastifyInstance[] = []
const upstream = { unnamed: 0, trusting: 0, twoHops: 0 }
let nginx: Nginx
let unnamedPort: number
let chainPort: number
let shippedToTwoHopsPort: number
let behindAnotherPort: number
const ports = new Map<string, number>()

beforeAll(async () => {
  for (const name of ['unnamed', 'trusting', 'twoHops'] as const) upstream[name] = await freePort()
  unnamedPort = await freePort()
  chainPort = await freePort()
  shippedToTwoHopsPort = await freePort()
  behindAnotherPort = await freePort()
  for (const word of Object.keys(WORDS)) ports.set(word, await freePort())

  nginx = await startNginx((port) =>
    [
      shipped(port, 'trusting'),
      shipped(unnamedPort, 'unnamed'),
      shipped(shippedToTwoHopsPort, 'twoHops'),
      `${BEHIND_ANOTHER} ${server(behindAnotherPort, port, '"203.0.113.9, $http_x_test_client"', OUTER)}`,
      ...Object.entries(WORDS).map(([word, value]) => server(ports.get(word), upstream.trusting, value)),
      server(chainPort, upstream.twoHops, `"203.0.113.9, $http_x_test_client, 192.0.2.80"`),
    ].join('\n'),
  )
  for (const name of ['unnamed', 'trusting', 'twoHops'] as const) {
    const env = { PUBLIC_URL: nginx.url, POLL_HOLD_SECONDS: '0', ...APPS[name] }
    const { app } = await createTestApp(env, { apps: wiki })
    await app.listen({ host: LOOPBACK, port: upstream[name] })
    apps.push(app)
  }
})

afterAll(async () => {
  await nginx.stop()
  await Promise.all(apps.map((app) => app.close()))
})

/** The shipped configuration, in front of one of the apps. */
function shipped(port: number, to: keyof typeof APPS): string {
  return sampleConfiguration(port, [upstream[to], upstream[to]]).replaceAll('scanin', to)
}

function server(port: number | undefined, to: number, forwardedFor: string, from = LOOPBACK): string {
  return `server {
    listen ${LOOPBACK}:${port};
    location / {
      proxy_bind ${from};
      proxy_pass http://${LOOPBACK}:${to};
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For ${forwardedFor};
    }
  }`
}

/** A login started and scanned through the nginx at `port`. */
async function scannedThrough(port: number | undefined, browserSends: Call = {}, phoneSends: Call = {}) {
  const url = `http://${LOOPBACK}:${port}`
  const [browser, phone] = [createClient(url, nginx.url), await createPhone(url, nginx.url)]
  const { token } = (await browser.post('/login', {}, browserSends)).json
  const scanned = await phone.post('/login/scan', { token }, phoneSends)
  const confirmed = await phone.post('/login/confirm', { token })
  return { scanned, confirmed }
}

function expectNear({ scanned, confirmed }: { scanned: Reply; confirmed: Reply }, ip: string): void {
  expect(scanned.json).toMatchObject({ ip, same_network: true, match: 'none' })
  expect(confirmed.json.status).toBe('authenticated')
}

function expectMatchAsked({ scanned, confirmed }: { scanned: Reply; confirmed: Reply }, ip: string): void {
  expect(scanned.json).toMatchObject({ ip, same_network: false, match: 'code' })
  expect(confirmed.json.status).toBe('match_required')
}

test('T1 the shipped nginx, named in TRUST_PROXY: clients of one network are near', async () => {
  expectNear(await scannedThrough(nginx.port), LOOPBACK)
})

test('T1 the shipped nginx, named by nobody: a match is asked for', async () => {
  expectMatchAsked(await scannedThrough(unnamedPort), LOOPBACK)
})

test('T1 the shipped nginx takes what a client says of itself off', async () => {
  const claim = (address: string) => ({ headers: { 'x-forwarded-for': address } })
  expectNear(await scannedThrough(nginx.port, claim('203.0.113.9'), claim('198.51.100.7')), LOOPBACK)
  // Had it passed the claim on, there would be two addresses, and the claim would count.
  expectMatchAsked(await scannedThrough(shippedToTwoHopsPort, claim('203.0.113.9'), claim('203.0.113.9')), LOOPBACK)
})

test('T30 the shipped nginx, which has no application behind it, lets nobody say that one is asked for', async () => {
  const original = { 'x-original-url': `${WIKI}/` }
  for (const headers of [forwardedTo(`${WIKI}/`), original]) {
    const asked = (port: number) => createClient(`http://${LOOPBACK}:${port}`).call('GET', '/auth/verify', { headers })
    expect((await asked(upstream.trusting)).headers.location).toContain(WIKI)
    const reply = await asked(nginx.port)
    expect([reply.status, reply.headers.location]).toEqual([401, undefined])
  }
})

test.each([
  ['address and port', LOOPBACK],
  ['IPv6 address and port', '2001:db8::7'],
  ['IPv6 address in brackets', '2001:db8::7'],
])('T1 a trusted proxy that sends %s: the port is dropped, and who is near is near', async (word, ip) => {
  expectNear(await scannedThrough(ports.get(word)), ip)
})

test.each(['a word', 'nothing'])('T1 a trusted proxy that sends %s: a match is asked for', async (word) => {
  expectMatchAsked(await scannedThrough(ports.get(word)), LOOPBACK)
})

test('T1 a client in the trusted range, behind a proxy that appends, gains nothing by an address of its own', async () => {
  const claim = { headers: { 'x-forwarded-for': '203.0.113.9' } }
  const { scanned } = await scannedThrough(ports.get('the whole list'), claim, {})
  expect(scanned.json.ip).toBe(LOOPBACK)
})

test("T1 the shipped nginx behind a proxy of your own: the address that this one saw is the client's, for nobody else", async () => {
  const at = (address: string) => ({ headers: { 'x-test-client': address } })
  expectNear(await scannedThrough(behindAnotherPort, at('198.51.100.7'), at('198.51.100.9')), '198.51.100.7')
  expectMatchAsked(await scannedThrough(behindAnotherPort, at('198.51.100.7'), at('192.0.2.9')), '198.51.100.7')
  const claim = { headers: { 'x-forwarded-for': '203.0.113.9' } }
  expectNear(await scannedThrough(nginx.port, claim, claim), LOOPBACK)
})

test("T1 behind two proxies the address that the outer one saw is the client's", async () => {
  const at = (address: string) => ({ headers: { 'x-test-client': address } })
  expectNear(await scannedThrough(chainPort, at('198.51.100.7'), at('198.51.100.9')), '198.51.100.7')
  expectMatchAsked(await scannedThrough(chainPort, at('198.51.100.7'), at('192.0.2.9')), '198.51.100.7')
})
