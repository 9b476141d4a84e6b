import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { auditLinesIn } from '../support/audit-lines.ts'
import { eventually } from '../support/eventually.ts'
import { createClient, createPhone } from '../support/http-client.ts'
import { signInBrowser } from '../support/login-flow.ts'
import { openSocket } from '../support/raw-socket.ts'
import { type Service, startService, startServiceProcess } from '../support/service.ts'
import { startWebhookReceiver, WEBHOOK_SECRET, type WebhookReceiver } from '../support/webhook-receiver.ts'

let receiver: WebhookReceiver
let service: Service

beforeAll(async () => {
  receiver = await startWebhookReceiver()
  service = await startService({ WEBHOOK_URL: receiver.url, WEBHOOK_SECRET, MATCH: 'never', POLL_HOLD_SECONDS: '0' })
})

afterAll(async () => {
  await service.stop()
  await receiver.stop()
})

test('what is audited is sent, signed, each once, though the first try of each fails', async () => {
  const seen = new Set<string>()
  receiver.answer(({ headers }, response) => {
    const id = String(headers['webhook-id'])
    response.writeHead(seen.has(id) ? 204 : 503).end()
    seen.add(id)
  })
  const phone = await createPhone(service.url)
  await signInBrowser(createClient(service.url), phone)
  await createClient(service.url).post('/sign-in', { username: 'demo', password: 'wrong' })
  await phone.post('/sign-out')
  const audited = () => auditLinesIn(service.stdout()).map(({ level: _level, time: _time, ...event }) => event)
  await eventually('the last is audited', () => audited().at(-1)?.audit === 'session.signed_out')
  await eventually('every event has come twice', () => receiver.received.length === 2 * audited().length)
  expect(audited().map(({ audit }) => audit)).toEqual([
    'sign_in.succeeded',
    'login.scanned',
    'login.confirmed',
    'login.collected',
    'sign_in.failed',
    'session.signed_out',
  ])
  const hooks = new Map(receiver.received.map((hook) => [hook.headers['webhook-id'], hook.verified()]))
  // Of who has just been signed in somewhere, also what it takes to write to them: sent, and in no log.
  const toMail = (audit: string) =>
    ['login.collected', 'sign_in.succeeded'].includes(audit) ? { name: 'Demo Person' } : {}
  expect(new Set([...hooks.values()].map(({ data }) => JSON.stringify(data)))).toEqual(
    new Set(audited().map((event) => JSON.stringify({ ...event, ...toMail(event.audit) }))),
  )
  expect(service.stdout()).not.toContain('Demo Person')
  for (const { type, data } of hooks.values()) expect(type).toBe(data['audit'])
  expect(service.stdout().match(/a webhook was not taken/g)).toHaveLength(1)
})

test('a receiver that hangs holds up no login, and no end of the process', async () => {
  receiver.answer(() => undefined)
  const phone = await createPhone(service.url)
  for (let logins = 0; logins < 5; logins++) await signInBrowser(createClient(service.url), phone)
  expect(await service.stop()).toBe(0)
  expect(service.stdout()).toContain('webhooks were dropped')
})

test('a receiver that hangs and a client that does not end its request, both at once, hold up no end of the process', async () => {
  receiver.answer(() => undefined)
  const both = await startServiceProcess({ WEBHOOK_URL: receiver.url, WEBHOOK_SECRET })
  const drip = await openSocket(both.port, 'POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{')
  drip.on('error', () => undefined)
  await createPhone(both.url)
  // Both have come to their end by the time at which a process cuts its own short, of which a slow machine leaves little.
  await both.stop()
  expect(both.stdout()).toContain('webhooks were dropped')
  drip.destroy()
})
