import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { LightMyRequestResponse } from 'fastify'
import { createMetrics } from '../../../server/http/metrics.ts'
import { createInjectPhone, createTestApp, PUBLIC_URL, type TestApp } from '../../support/app.ts'
import { ADMIN_TOKEN } from '../../support/operator.ts'
import { openSocket, sendPiped, sendRaw } from '../../support/raw-socket.ts'

let made: TestApp
let apps: [name: string, app: TestApp['app']][]
let port: number
/** With which each port lets somebody in. */
const welcome: Record<string, Record<string, string>> = {
  app: { origin: PUBLIC_URL },
  adminApp: { authorization: `Bearer ${ADMIN_TOKEN}`, host: 'localhost' },
}
/** The addresses that somebody asked for. */
const heard: (string | undefined)[] = []

beforeAll(async () => {
  made = await createTestApp({ ADMIN_PORT: '0', ADMIN_TOKEN, METRICS_PORT: '0' }, { metrics: createMetrics() })
  const { app, adminApp, metricsApp } = made
  if (adminApp === undefined || metricsApp === undefined) throw new Error('not made')
  apps = Object.entries({ app, adminApp, metricsApp })
  app.addHook('onRequest', async ({ url }) => void heard.push(url))
  await app.listen({ port: 0, host: '127.0.0.1' })
  port = (app.server.address() as AddressInfo).port
})

afterAll(() => Promise.all(apps.map(([, app]) => app.close())))

test('no part of a start is given up for being slow: on a busy machine one took more than the ten seconds of Fastify', () => {
  expect(apps.map(([name, app]) => [name, app.initialConfig.pluginTimeout])).toEqual(apps.map(([name]) => [name, 0]))
})

describe('what no route is', () => {
  const token = 'a'.repeat(5000)
  const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'GET', 'HEAD'] as const
  const ASKED = METHODS.flatMap((method) => ['/oauth/token', '/nothing'].map((url) => ({ method, url })))

  test.each<[what: string, type: string | undefined, body: string]>([
    ['a form, as OAuth sends them', 'application/x-www-form-urlencoded', 'grant_type=refresh_token'],
    ['a text', 'text/plain', 'x'],
    ['no type', undefined, 'x'],
    ['a type that is none', 'x', 'x'],
    ['JSON that is none', 'application/json', '{'],
    ['JSON beyond what is read', 'application/json', JSON.stringify({ token })],
    ['a form beyond what is read', 'application/x-www-form-urlencoded', `token=${token.repeat(4)}`],
    ['JSON', 'application/json', '{}'],
    ['nothing', 'application/json', ''],
  ])('is not found whatever is sent there, on every port: %s', async (_what, type, payload) => {
    for (const [name, app] of apps) {
      const headers = { ...welcome[name], ...(type === undefined ? {} : { 'content-type': type }) }
      for (const asked of ASKED) {
        const reply = await app.inject({ ...asked, headers, payload })
        expect([name, asked, reply.statusCode]).toEqual([name, asked, 404])
        if (asked.method !== 'HEAD') expect(reply.json().code).toBe('not_found')
      }
    }
  })

  test('is told so to people and to other sites as ever', async () => {
    const { app } = made
    const asked = { url: '/nothing', payload: 'x' }
    const headers = { 'content-type': 'text/plain', origin: 'https://evil.example' }
    const foreign = await app.inject({ ...asked, method: 'POST', headers })
    expect([foreign.statusCode, foreign.json().code]).toEqual([403, 'cross_site_request'])
    const person = await app.inject({ ...asked, method: 'GET', headers: { accept: 'text/html' } })
    expect([person.statusCode, person.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8'])
  })

  test('is not found before its body has come, and the connection ends', async () => {
    for (const length of ['Content-Length: 20000000', 'Content-Length: 5', 'Transfer-Encoding: chunked']) {
      const head = `POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${length}\r\n\r\n`
      const { status, headers } = await sendRaw(port, head)
      expect([status, headers.get('connection')]).toEqual([404, 'close'])
    }
  })

  const HEALTH = 'GET /healthz HTTP/1.1\r\nHost: x\r\n'
  const sent = (body: string, type = 'text/plain') =>
    `POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`

  test('has a body that is no request, and no request is taken after it', async () => {
    const inside = `${HEALTH}\r\n`
    const after = `${HEALTH}Connection: close\r\n\r\n`
    const before = heard.length
    const replies = await sendPiped(port, [inside, sent(inside), after])
    expect(replies.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404'])
    expect(heard.slice(before)).toEqual(['/healthz', '/nothing'])
  })

  test('nor is one that comes when the answer was read', async () => {
    const inside = `${HEALTH}\r\n`
    const before = heard.length
    const socket = await openSocket(port, sent(inside).slice(0, -inside.length))
    await once(socket, 'data')
    // The service reads on for a moment, so that the answer is not lost by a reset.
    socket.write(`${inside}${HEALTH}\r\n`)
    await once(socket.resume(), 'close')
    expect(heard.slice(before)).toEqual(['/nothing'])
  })
})

describe('HEAD', () => {
  const DOCUMENTS = ['/', '/scan', '/openapi.json', '/docs', '/docs/', '/docs/json', '/docs/yaml']
  const URLS: Record<string, string[]> = {
    app: ['/healthz', '/readyz', ...DOCUMENTS, '/session', '/sessions', '/passkeys', '/events'],
    adminApp: ['/users/nobody/sessions', '/blocks', '/metrics'],
    metricsApp: ['/metrics'],
  }

  /** Of a reply, what the other method's has to have too. What is counted may have grown meanwhile. */
  function headOf({ statusCode, headers }: LightMyRequestResponse) {
    const { date, 'x-request-id': id, 'content-length': length, ...others } = headers
    return { statusCode, others, hasLength: Number(length) > 0 }
  }

  test.each(['stranger', 'known'])('is answered as GET is, on every port, and has no body: a %s', async (who) => {
    const { cookies } = await createInjectPhone(made.app)
    for (const [name, app] of apps) {
      const known = { cookies: Object.fromEntries(cookies), headers: welcome[name] }
      for (const url of URLS[name] ?? []) {
        const asked = { url, ...(who === 'known' ? known : {}) }
        const [head, get] = [await app.inject({ ...asked, method: 'HEAD' }), await app.inject(asked)]
        expect([name, url, head.body]).toEqual([name, url, ''])
        expect([name, url, headOf(head)]).toEqual([name, url, headOf(get)])
        if (who === 'known') expect([name, url, get.statusCode < 400]).toEqual([name, url, true])
      }
    }
  })

  test('ends where GET would have gone on, and the connection is good for the next', async () => {
    const asked = (last: string) => `HEAD /healthz HTTP/1.1\r\nHost: x\r\n${last}\r\n`
    const replies = await sendPiped(port, [asked(''), asked('Connection: close\r\n')])
    expect(replies.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200'])
    expect(replies).not.toContain('{')
  })
})
