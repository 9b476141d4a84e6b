import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { auditLinesIn } from '../support/audit-lines.ts'
import { eventually } from '../support/eventually.ts'
import { createWrongClock } from '../support/fake-time.ts'
import { freePort } from '../support/free-port.ts'
import { createClient, createPhone } from '../support/http-client.ts'
import { signInBrowser } from '../support/login-flow.ts'
import { jsonPost, openSocket } from '../support/raw-socket.ts'
import { type Service, startService, startServiceProcess } from '../support/service.ts'
import { startTeamProvider } from '../support/team-provider.ts'
import { startWebhookReceiver, WEBHOOK_SECRET, type WebhookReceiver } from '../support/webhook-receiver.ts'

const ELEVEN_MINUTES = 660

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

test('a receiver, a provider and a client that hang, all at once, hold up no end of the process', async () => {
  receiver.answer(() => undefined)
  const port = await freePort()
  const team = await startTeamProvider({ publicUrl: `http://127.0.0.1:${port}` })
  team.people.set('u-1', { name: 'Ada' })
  const time = createWrongClock(0)
  const env = { WEBHOOK_URL: receiver.url, WEBHOOK_SECRET, ...team.env, ...time.env, PORT: String(port) }
  const all = await startServiceProcess(env)
  const phone = createClient(all.url)
  const begun = await phone.get('/sign-in/oidc?return_to=/scan')
  const { pathname, search } = await team.visit(String(begun.headers.location), 'u-1')
  await phone.get(pathname + search)
  // By then the provider is asked again, and the person goes by its last word.
  team.slowAt = '/token'
  time.set(ELEVEN_MINUTES)
  expect((await phone.get('/session')).status).toBe(200)
  expect(team.keptBack()).toBe(1)
  const drip = await openSocket(all.port, jsonPost(all.url, '/login', `{"more": ${' '.repeat(100)}}`).slice(0, -100))
  drip.on('error', () => undefined)
  // Its webhook has just been begun, and what was sent before has been read.
  await createPhone(all.url)
  // All have come to their end by the time at which a process cuts its own short, of which a slow machine leaves little.
  await all.stop()
  expect(all.stdout()).toContain('webhooks were dropped')
  drip.destroy()
  await team.stop()
  time.remove()
})
