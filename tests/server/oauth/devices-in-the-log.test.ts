import { afterEach, describe, expect, test } from '@jest/globals'
import type { FastifyInstance } from 'fastify'
import { createMetrics } from '../../../server/http/metrics.ts'
import { createClients, parseClients } from '../../../server/oauth/clients-file.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import { createInjectPhone, createTestApp, type InjectClient, type TestApp } from '../../support/app.ts'
import { auditLinesIn, type KeptLog, keepLog } from '../../support/audit-lines.ts'
import { DEVICE_GRANT, TV } from '../../support/clients-file.ts'
import { createFailingStore, type FailingStore } from '../../support/failing-store.ts'

/** What is told of devices without a browser: to the log, and so to webhooks. Devices ask by requests, and never by polls of ours. */

/** Where the device was given its code, and where somebody asks from later. */
const BEGUN_AT = '198.51.100.7'
const ASKED_AT = '203.0.113.9'
const TRACE = '0af7651916cd43dd8448eb211c80319c'

const clients = createClients()
let time: { now: number }
let log: KeptLog
let failing: FailingStore
let testApp: TestApp
let phone: InjectClient

afterEach(() => testApp.app.close())

const SETTINGS = { CLIENTS_FILE: 'clients.json', MATCH: 'never', METRICS_PORT: '9464' }
const another = (env: Record<string, string> = {}) =>
  createTestApp(
    { ...SETTINGS, ...env },
    { clients, store: failing.store, logger: log.logger, metrics: createMetrics() },
    time,
  )

async function begin({ env = {}, client = TV }: { env?: Record<string, string>; client?: object } = {}): Promise<void> {
  clients.replace(parseClients(JSON.stringify([client])))
  // The library goes by a clock of its own.
  time = { now: Date.now() }
  log = keepLog()
  failing = createFailingStore(createMemoryStore({ clock: () => time.now }))
  testApp = await another(env)
  phone = await createInjectPhone(testApp.app)
  log.news()
}

function pass(seconds: number): void {
  time.now += seconds * 1000
}

/** Calls an endpoint as a program does. */
async function ask(path: string, fields: Record<string, string>, { from = ASKED_AT, app = testApp.app } = {}) {
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    traceparent: `00-${TRACE}-b7ad6b7169203331-01`,
  }
  const payload = String(new URLSearchParams({ client_id: TV.client_id, ...fields }))
  const reply = await app.inject({ method: 'POST', url: path, headers, payload, remoteAddress: from })
  const json = reply.body === '' ? undefined : reply.json()
  return { status: reply.statusCode, json, requestId: reply.headers['x-request-id'] }
}

type Asked = Awaited<ReturnType<typeof ask>>

interface Device {
  loginId: string
  poll(app?: FastifyInstance): Promise<Asked>
  scan(): Promise<string>
}

async function beginDevice(): Promise<Device> {
  const { json } = await ask('/oauth/device_authorization', { scope: 'openid' }, { from: BEGUN_AT })
  const [, token = ''] = json.verification_uri_complete.split('#')
  const fields = { grant_type: DEVICE_GRANT, device_code: json.device_code }
  return {
    loginId: token.slice(0, 16),
    poll: (app = testApp.app) => ask('/oauth/token', fields, { app }),
    async scan() {
      expect((await phone.post('/login/scan', { token })).statusCode).toBe(200)
      return token
    },
  }
}

async function confirmed(seenBefore: readonly TestApp[] = []): Promise<Device> {
  const device = await beginDevice()
  const token = await device.scan()
  for (const { app } of seenBefore) expect((await device.poll(app)).json.error).toBe('authorization_pending')
  await phone.post('/login/confirm', { token })
  log.news()
  return device
}

/** Whether a line about a session's end names this request. */
const isNamed = (requestId: unknown) =>
  auditLinesIn(log.text()).some((line) => line.audit === 'session.withdrawn' && line['request_id'] === requestId)

/** What a line says of the request that it was told on. */
const of = ({ requestId }: Asked) => ({ address: ASKED_AT, request_id: requestId, trace_id: TRACE })

describe('what comes of a device`s request is told with that request, and where it came from', () => {
  test('its session, and the one that makes way for it', async () => {
    await begin({ env: { MAX_SESSIONS: '2' } })
    await (await confirmed()).poll()
    const device = await confirmed()
    const reply = await device.poll()
    expect(reply.status).toBe(200)
    expect(log.news()).toMatchObject([
      { audit: 'login.collected', login: device.loginId, device: { name: TV.client_name }, ...of(reply) },
      { audit: 'session.displaced', ...of(reply) },
    ])
  })

  test('that it is not for the person who confirmed it', async () => {
    await begin({ client: { ...TV, groups: ['staff'] } })
    const reply = await (await confirmed()).poll()
    expect(reply.json.error).toBe('access_denied')
    expect(log.news()).toMatchObject([
      { audit: 'login.denied', reason: 'authority_ended', device: { name: TV.client_name }, ...of(reply) },
    ])
  })

  const refresh = (token: string) => ask('/oauth/token', { grant_type: 'refresh_token', refresh_token: token })
  const revoke = (token: string) => ask('/oauth/revoke', { token })

  test.each<[what: string, takeAway: (device: Device, given: Given) => Promise<Asked>, reason: string]>([
    ['its code is shown again', (device) => device.poll(), 'used_twice'],
    [
      'somebody else has used its refresh token',
      async (_device, given) => {
        await refresh(given.refresh_token)
        return refresh(given.refresh_token)
      },
      'used_twice',
    ],
    ['its refresh token is given back', (_device, given) => revoke(given.refresh_token), 'given_back'],
    ['its access token is given back', (_device, given) => revoke(given.access_token), 'given_back'],
    [
      'its refresh token is shown twice at once',
      async (_device, given) => {
        const both = await Promise.all([refresh(given.refresh_token), refresh(given.refresh_token)])
        return both.find(({ requestId }) => isNamed(requestId)) ?? both[0]
      },
      'used_twice',
    ],
  ])('the end of its session, as %s', async (_what, takeAway, reason) => {
    await begin()
    const device = await confirmed()
    const { json } = await device.poll()
    log.news()
    const reply = await takeAway(device, json)
    expect(log.news()).toMatchObject([{ audit: 'session.withdrawn', reason, ...of(reply) }])
  })

  interface Given {
    access_token: string
    refresh_token: string
  }

  test('the end of a session that it was not given', async () => {
    await begin()
    const device = await confirmed()
    failing.failWritesAt(/^oauth:AccessToken:/)
    expect((await device.poll()).status).toBe(503)
    failing.mend()
    await phone.post('/sign-out')
    log.news()
    const reply = await device.poll()
    expect(reply.json.error).toBe('access_denied')
    expect(log.news()).toMatchObject([{ audit: 'session.withdrawn', reason: 'not_given', ...of(reply) }])
  })
})

/** The lines since it was asked last, with those that nobody waited for. */
async function lines(): Promise<ReturnType<KeptLog['news']>> {
  await new Promise(setImmediate)
  return log.news()
}

async function expiredSteps({ metricsApp }: TestApp): Promise<number> {
  const { body } = (await metricsApp?.inject('/metrics')) ?? { body: '' }
  return Number(/^scanin_logins_total\{step="expired"\} (\d+)$/m.exec(body)?.[1])
}

const SHORT = { LOGIN_SECONDS: '40', CONFIRM_SECONDS: '40' }

describe('a device`s login that runs out', () => {
  test.each<[how: string, person: string | undefined, before: (device: Device, other: TestApp) => Promise<unknown>]>([
    ['as it waits', undefined, (device, other) => Promise.all([device.poll(), device.poll(other.app)])],
    ['as it has yet to ask', undefined, async () => undefined],
    [
      'as somebody has scanned it',
      'demo',
      async (device, other) => {
        await device.scan()
        await Promise.all([device.poll(), device.poll(other.app)])
      },
    ],
  ])('is told once, whichever of two instances it asks, and however often: %s', async (_how, person, before) => {
    await begin({ env: SHORT })
    const other = await another(SHORT)
    const device = await beginDevice()
    await before(device, other)
    log.news()
    pass(41)
    const replies = await Promise.all([testApp.app, other.app, testApp.app].map((app) => device.poll(app)))
    expect(replies.map(({ json }) => json.error)).toEqual(Array(3).fill('expired_token'))
    const told = await lines()
    expect(told).toMatchObject([
      {
        ...{ audit: 'login.expired', outcome: 'failure', login: device.loginId, application: TV.client_name },
        ...{ address: ASKED_AT, device: { name: TV.client_name }, trace_id: TRACE },
      },
    ])
    expect(replies.map(({ requestId }) => requestId)).toContain(told[0]?.['request_id'])
    expect(told[0]?.['person']).toBe(person)
    pass(15)
    for (const app of [testApp.app, other.app]) expect((await device.poll(app)).json.error).toBe('expired_token')
    expect(await lines()).toEqual([])
    expect((await expiredSteps(testApp)) + (await expiredSteps(other))).toBe(1)
    await other.app.close()
  })

  test('is told where it was scanned after it had asked', async () => {
    await begin({ env: { CONFIRM_SECONDS: '5' } })
    const device = await beginDevice()
    await device.poll()
    await device.scan()
    log.news()
    pass(6)
    expect((await device.poll()).json.error).toBe('expired_token')
    expect(await lines()).toMatchObject([{ audit: 'login.expired', login: device.loginId }])
  })

  test('is told once the store answers again, and not while it is away', async () => {
    await begin({ env: SHORT })
    const device = await beginDevice()
    await device.poll()
    pass(41)
    failing.failAfter(0, 'before')
    expect((await device.poll()).status).toBe(503)
    failing.mend()
    expect(await lines()).toEqual([])
    expect((await device.poll()).json.error).toBe('expired_token')
    expect(await lines()).toMatchObject([{ audit: 'login.expired' }])
  })
})

describe('a device that is told `expired_token`, and whose login has not run out, has no line for that', () => {
  test('it slept while it was denied', async () => {
    await begin({ env: SHORT })
    const device = await beginDevice()
    await device.poll()
    await phone.post('/login/deny', { token: await device.scan() })
    log.news()
    pass(61)
    expect((await device.poll()).json.error).toBe('expired_token')
    expect(await lines()).toEqual([])
  })

  test.each([
    ['the login had not said so', /^oauth:DeviceCode:/],
    ['its code had said so', /^oauth:AccessToken:/],
  ])('it was collected, and given to nobody in time: %s', async (_how, failed) => {
    await begin({ env: SHORT })
    const other = await another(SHORT)
    const device = await confirmed([testApp, other])
    failing.failWritesAt(failed)
    expect((await device.poll()).status).toBe(503)
    failing.mend()
    log.news()
    pass(75)
    for (const app of [other.app, testApp.app]) expect((await device.poll(app)).json.error).toBe('expired_token')
    expect((await lines()).filter(({ audit }) => audit === 'login.expired')).toEqual([])
    await other.app.close()
  })

  test('the store has lost it', async () => {
    await begin({ env: SHORT })
    const device = await beginDevice()
    await device.poll()
    await testApp.store.remove(`login:${device.loginId}`)
    expect((await device.poll()).json.error).toBe('expired_token')
    expect(await lines()).toEqual([])
  })
})
