import type { AddressInfo } from 'node:net'
import { afterAll, describe, expect, test } from '@jest/globals'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { pino } from 'pino'
import { createInjectClient, createInjectPhone, createTestApp, type InjectClient, PUBLIC_URL } from '../support/app.ts'
import { sendRaw } from '../support/raw-socket.ts'

/** T1: browser and phone are near only if that is known. An address that may be a proxy's says nothing. */

/** Where every address is, by a file that knows them all. */
const PLACE = 'Bielefeld, Germany'

/** How a request comes in: what connects, and what it brings. */
interface Way {
  remoteAddress?: string
  headers?: Record<string, string>
}

interface Encounter {
  browser: InjectClient
  phone: InjectClient
  token: string
  scanned: LightMyRequestResponse
}

/** Apps by what they were told: nothing here changes one for the next test. */
const opened = new Map<string, Promise<{ app: FastifyInstance; phone: InjectClient }>>()

afterAll(async () => {
  for (const opening of opened.values()) await (await opening).app.close()
})

function appThat(env: Record<string, string>) {
  const key = JSON.stringify(env)
  const open = async () => {
    const { app } = await createTestApp({ POLL_HOLD_SECONDS: '0', ...env }, { placeOf: () => PLACE })
    return { app, phone: await createInjectPhone(app) }
  }
  const opening = opened.get(key) ?? open()
  opened.set(key, opening)
  return opening
}

const by = ({ headers, ...way }: Way) => ({ ...way, headers: { origin: PUBLIC_URL, ...headers } })
const proxied = (forwardedFor: string, remoteAddress = '10.0.0.1'): Way => ({
  remoteAddress,
  headers: { 'x-forwarded-for': forwardedFor },
})

async function meet(env: Record<string, string>, browserBy: Way, phoneBy: Way): Promise<Encounter> {
  const { app, phone } = await appThat(env)
  const browser = createInjectClient(app)
  const { token } = (await browser.post('/login', {}, by(browserBy))).json()
  const scanned = await phone.post('/login/scan', { token }, by(phoneBy))
  return { browser, phone, token, scanned }
}

async function expectMatchAsked({ browser, phone, token, scanned }: Encounter): Promise<void> {
  expect(scanned.json()).toMatchObject({ same_network: false, match: 'code' })
  expect((await phone.post('/login/confirm', { token })).json()).toMatchObject({ status: 'match_required' })
  const polled = await browser.get(`/login/status/${token}`)
  expect([polled.json().status, polled.cookies]).toEqual(['match_required', []])
}

async function expectNear({ browser, phone, token, scanned }: Encounter): Promise<void> {
  expect(scanned.json()).toMatchObject({ same_network: true, match: 'none' })
  expect((await phone.post('/login/confirm', { token })).json()).toEqual({ status: 'authenticated' })
  expect((await browser.get(`/login/status/${token}`)).json().status).toBe('authenticated')
}

describe('T1 without a proxy', () => {
  test('browser and phone on one machine are near', async () => {
    await expectNear(await meet({}, {}, {}))
  })

  test('behind one that nobody named everybody has its address, and nobody is near', async () => {
    const encounter = await meet({}, proxied('198.51.100.7'), proxied('203.0.113.9'))
    expect(encounter.scanned.json().ip).toBe('10.0.0.1')
    await expectMatchAsked(encounter)
  })

  test.each([
    ['the browser', proxied('198.51.100.7'), { remoteAddress: '10.0.0.1' }],
    ['the phone', { remoteAddress: '10.0.0.1' }, proxied('198.51.100.7')],
  ])('one that nobody named before %s alone is enough', async (_who, browserBy, phoneBy) => {
    await expectMatchAsked(await meet({}, browserBy, phoneBy))
  })

  test.each([
    ['Forwarded', 'for=198.51.100.7'],
    ['X-Real-IP', '198.51.100.7'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-For', ''],
    ['Via', '1.1 proxy'],
    ['CF-Connecting-IP', '198.51.100.7'],
  ])('one shows itself by %s too', async (name, value) => {
    const way = { headers: { [name.toLowerCase()]: value } }
    await expectMatchAsked(await meet({}, way, way))
  })

  test('one that another list names is one that nobody named', async () => {
    await expectMatchAsked(await meet({ TRUST_PROXY: '192.0.2.1' }, proxied('198.51.100.7'), proxied('198.51.100.7')))
  })
})

describe('T1 behind a trusted proxy', () => {
  const TRUST_PROXY = '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16'

  test.each([
    ['198.51.100.7:4711', '198.51.100.99:1', '198.51.100.7'],
    ['[2001:db8:1:2::7]:4711', '[2001:db8:1:2:3::9]:1', '2001:db8:1:2::7'],
    ['[2001:DB8:1:2::7]', '2001:db8:1:2::9', '2001:db8:1:2::7'],
    ['::ffff:198.51.100.7', '198.51.100.9:443', '198.51.100.7'],
  ])('that writes %s, the port is dropped and the client known', async (browserAt, phoneAt, shown) => {
    const encounter = await meet({ TRUST_PROXY }, proxied(browserAt), proxied(phoneAt))
    expect(encounter.scanned.json().ip).toBe(shown)
    await expectNear(encounter)
  })

  test.each(['198.51.100.7:4711', '[2001:db8:1:2::7]:4711'])('that writes %s, far is still far', async (browserAt) => {
    await expectMatchAsked(await meet({ TRUST_PROXY }, proxied(browserAt), proxied('203.0.113.9:4711')))
  })

  test.each(['unknown', '_hidden', 'client', '', ',', '198.51.100.7, unknown', '0.0.0.0'])(
    'that names no client but %j, nobody is near, and the proxy`s own address is shown',
    async (word) => {
      const encounter = await meet({ TRUST_PROXY }, proxied(word), proxied(word))
      expect(encounter.scanned.json().ip).toBe('10.0.0.1')
      await expectMatchAsked(encounter)
    },
  )

  test('that says nothing at all, nobody is near', async () => {
    await expectMatchAsked(await meet({ TRUST_PROXY }, { remoteAddress: '10.0.0.1' }, { remoteAddress: '10.0.0.1' }))
  })

  test('a client in a trusted range that names an address of its own is where the proxy saw it', async () => {
    const encounter = await meet({ TRUST_PROXY }, proxied('203.0.113.9, 192.168.1.66'), proxied('203.0.113.9'))
    expect(encounter.scanned.json().ip).toBe('192.168.1.66')
    await expectMatchAsked(encounter)
  })

  test('nor do such addresses give it more logins, or tries at a password', async () => {
    const { app } = await appThat({ TRUST_PROXY, RATE_LOGINS_PER_MINUTE: '3', RATE_SIGN_INS_PER_MINUTE: '3' })
    const client = createInjectClient(app)
    const wrong = { username: 'demo', password: 'wrong' }
    const [logins, signIns]: number[][] = [[], []]
    for (let nth = 1; nth <= 5; nth++) {
      const way = by(proxied(`203.0.113.${nth}, 10.20.30.${nth}, 192.168.1.66`))
      logins?.push((await client.post('/login', {}, way)).statusCode)
      signIns?.push((await client.post('/sign-in', wrong, way)).statusCode)
    }
    expect(logins).toEqual([201, 201, 201, 429, 429])
    expect(signIns).toEqual([401, 401, 401, 429, 429])
    const neighbour = by(proxied('192.168.1.67'))
    expect((await client.post('/login', {}, neighbour)).statusCode).toBe(201)
  })

  test.each([1100, 3500])('that writes its headers after %i of its client`s, far is still far', async (junk) => {
    const { app } = await createTestApp({ TRUST_PROXY: '127.0.0.1' })
    const phone = await createInjectPhone(app)
    await app.listen({ host: '127.0.0.1', port: 0 })
    const head = `POST /login HTTP/1.1\r\nHost: x\r\nOrigin: ${PUBLIC_URL}\r\n`
    const forwarded = 'X-Forwarded-For: 203.0.113.66\r\nContent-Length: 0\r\n'
    const reply = await sendRaw(
      (app.server.address() as AddressInfo).port,
      `${head}${'D:\r\n'.repeat(junk)}${forwarded}\r\n`,
    )
    const { token } = JSON.parse(reply.body)
    const scanned = await phone.post('/login/scan', { token }, by(proxied('198.51.100.7', '127.0.0.1')))
    expect(scanned.json()).toMatchObject({ ip: '203.0.113.66', same_network: false, match: 'code' })
    await app.close()
  })

  test('the address in the list of sessions is the one that the proxy saw', async () => {
    const phone = createInjectClient((await appThat({ TRUST_PROXY })).app)
    const credentials = { username: 'demo', password: 'correct horse battery staple' }
    await phone.post('/sign-in', credentials, by(proxied('203.0.113.9, 192.168.1.66:50000')))
    const { sessions } = (await phone.get('/sessions')).json()
    expect(sessions.find(({ current }: { current: boolean }) => current).ip).toBe('192.168.1.66')
  })
})

describe('T1 behind two proxies', () => {
  const env = { TRUST_PROXY: '10.0.0.1', TRUST_PROXY_HOPS: '2' }

  test("the address that the outer one saw is the client's, whatever stands before it", async () => {
    const browserBy = proxied('203.0.113.9, 198.51.100.7, 192.0.2.80')
    const encounter = await meet(env, browserBy, proxied('198.51.100.9, 192.0.2.80'))
    expect(encounter.scanned.json().ip).toBe('198.51.100.7')
    await expectNear(encounter)
  })

  test('two clients behind the same outer one are not near for that', async () => {
    await expectMatchAsked(await meet(env, proxied('198.51.100.7, 192.0.2.80'), proxied('203.0.113.9, 192.0.2.80')))
  })

  test('a request that only one of them has seen comes from nobody known', async () => {
    await expectMatchAsked(await meet(env, proxied('198.51.100.7'), proxied('198.51.100.7')))
  })
})

describe('T1 of where the browser is nothing is said that would be said of a proxy', () => {
  const TRUST_PROXY = '10.0.0.0/8'

  test.each<[string, Record<string, string>, Way]>([
    ['behind one that nobody named', {}, proxied('198.51.100.7')],
    ['behind one that another list names', { TRUST_PROXY: '192.0.2.1' }, proxied('198.51.100.7')],
    ['behind a trusted one that names no client', { TRUST_PROXY }, proxied('unknown')],
    ['at the address of a trusted one', { TRUST_PROXY }, { remoteAddress: '10.0.0.1' }],
  ])('%s: no place, and not whether it is new there', async (_where, env, browserBy) => {
    const { scanned } = await meet(env, browserBy, { remoteAddress: '203.0.113.9' })
    expect(scanned.json()).toMatchObject({ ip: '10.0.0.1', same_network: false })
    for (const said of ['place', 'new_browser']) expect(scanned.json()).not.toHaveProperty(said)
  })

  test.each<[string, Record<string, string>, Way]>([
    ['without any', {}, { remoteAddress: '198.51.100.7' }],
    ['by a trusted one that names the client', { TRUST_PROXY }, proxied('198.51.100.7')],
  ])('%s both are said', async (_how, env, browserBy) => {
    const { scanned } = await meet(env, browserBy, { remoteAddress: '203.0.113.9' })
    expect(scanned.json()).toMatchObject({ ip: '198.51.100.7', place: PLACE, new_browser: true })
  })
})

describe('T1 the log says what to set', () => {
  async function warningsOf(env: Record<string, string>, way: Way): Promise<string[]> {
    const lines: string[] = []
    const logger = pino({ level: 'warn' }, { write: (line) => void lines.push(line) })
    const { app } = await createTestApp(env, { logger })
    const client = createInjectClient(app)
    for (const path of ['/healthz', '/healthz', '/']) await client.get(path, by(way))
    for (let times = 0; times < 3; times++) await client.post('/login', {}, by(way))
    await app.close()
    return lines
  }

  test('once, at the first request by a proxy that nobody named', async () => {
    const [line = '', ...more] = await warningsOf({}, proxied('198.51.100.7', '172.18.0.5'))
    expect(JSON.parse(line)).toMatchObject({
      peer: '172.18.0.5',
      msg: expect.stringContaining('TRUST_PROXY=172.18.0.5'),
    })
    expect(more).toEqual([])
  })

  test('once, where a trusted proxy names no client', async () => {
    const [line = '', ...more] = await warningsOf({ TRUST_PROXY: '172.18.0.5' }, proxied('unknown', '172.18.0.5'))
    expect(JSON.parse(line)).toMatchObject({ msg: expect.stringMatching(/172\.18\.0\.5.*TRUST_PROXY_HOPS/) })
    expect(more).toEqual([])
  })

  test('once, where the client that a trusted proxy names may be the next proxy', async () => {
    const way = proxied('198.51.100.7, 10.0.0.3', '127.0.0.1')
    const [line = '', ...more] = await warningsOf({ TRUST_PROXY: '127.0.0.1,10.0.0.0/8' }, way)
    expect(JSON.parse(line)).toMatchObject({ msg: expect.stringMatching(/10\.0\.0\.3, is in.*TRUST_PROXY_HOPS/) })
    expect(more).toEqual([])
    expect(await warningsOf({ TRUST_PROXY: '127.0.0.1,10.0.0.0/8', TRUST_PROXY_HOPS: '2' }, way)).toEqual([])
  })

  test('nothing where all is well, with a proxy or without', async () => {
    expect(await warningsOf({}, {})).toEqual([])
    expect(await warningsOf({ TRUST_PROXY: '172.18.0.5' }, proxied('198.51.100.7', '172.18.0.5'))).toEqual([])
  })
})
