import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { AuditEvent } from '../../../server/audit/audit-event.ts'
import { createWebhooks, type Webhooks, type WebhooksOptions } from '../../../server/audit/webhooks.ts'
import { cryptoRandomness } from '../../../server/randomness.ts'
import { eventually } from '../../support/eventually.ts'
import { startWebhookReceiver, WEBHOOK_SECRET, type WebhookReceiver } from '../../support/webhook-receiver.ts'

const CONFIRMED: AuditEvent = { audit: 'login.confirmed', outcome: 'success', person: 'zofia', login: 'l'.repeat(16) }
const GUESSED: AuditEvent = { audit: 'sign_in.failed', outcome: 'failure', address: '192.0.2.1' }
const GIVEN_UP: AuditEvent = { audit: 'login.cancelled', outcome: 'success', address: '192.0.2.1' }
const HOUR = 3_600_000

let receiver: WebhookReceiver
let said: [string, unknown][]
/** Pauses that have begun, with how long they are: they end when the test says so. */
let pauses: { ms: number; end: () => void }[]
let now: number

beforeEach(async () => {
  receiver = await startWebhookReceiver()
  said = []
  pauses = []
  now = Date.now()
})
afterEach(() => receiver.stop())

function begin(options: Partial<WebhooksOptions> = {}): Webhooks {
  // What an earlier test left behind is none of this one's.
  const own = { said, pauses }
  const tell = (about: object, words: string) => void own.said.push([words, about])
  return createWebhooks({
    url: receiver.url,
    secrets: [WEBHOOK_SECRET],
    clock: () => now,
    randomness: cryptoRandomness,
    logger: { warn: tell, info: tell } as WebhooksOptions['logger'],
    schedule(ms, end) {
      const pause = { ms, end }
      own.pauses.push(pause)
      return () => void own.pauses.splice(own.pauses.indexOf(pause), 1)
    },
    ...options,
  })
}

const settled = (what: string, is: () => boolean) => eventually(what, is)
const endPauses = () => {
  for (const { end } of pauses.splice(0)) end()
}
const refuseWith = (status: number, headers = {}) =>
  receiver.answer((_request, response) => void response.writeHead(status, headers).end('x'))

describe('a webhook', () => {
  test("is what Standard Webhooks says: npm's `standardwebhooks` takes its signature, and no other", async () => {
    const webhooks = begin()
    webhooks.send(CONFIRMED)
    await settled('it is delivered', () => webhooks.counts.delivered === 1)
    const [hook] = receiver.received
    expect(hook?.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': expect.stringMatching(/^msg_[\w-]{21}$/),
      'webhook-timestamp': String(Math.floor(now / 1000)),
      'webhook-signature': expect.stringMatching(/^v1,[\w+/]{43}=$/),
    })
    expect(hook?.verified()).toEqual({
      type: 'login.confirmed',
      timestamp: new Date(now).toISOString(),
      data: CONFIRMED,
    })
    expect(() => hook?.verified(`whsec_${Buffer.alloc(24).toString('base64')}`)).toThrow()
  })

  test('is signed by both secrets while they are changed', async () => {
    const older = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
    const webhooks = begin({ secrets: [WEBHOOK_SECRET, older] })
    webhooks.send(CONFIRMED)
    await settled('it is delivered', () => webhooks.counts.delivered === 1)
    expect(receiver.received[0]?.verified()).toEqual(receiver.received[0]?.verified(older))
  })

  test('that is not taken is tried again with the same id and body, after pauses that grow, and said once', async () => {
    refuseWith(500)
    const webhooks = begin()
    webhooks.send(CONFIRMED)
    const longest: number[] = []
    for (let tries = 1; tries <= 12; tries++) {
      await settled('it rests', () => pauses.length === 1)
      longest.push(pauses[0]?.ms ?? 0)
      if (tries === 12) refuseWith(200)
      endPauses()
    }
    await settled('it is delivered', () => webhooks.counts.delivered === 1)
    longest.forEach((ms, at) => {
      const most = Math.min(300_000, 1000 * 2 ** at)
      expect(ms).toBeGreaterThanOrEqual(most / 2)
      expect(ms).toBeLessThanOrEqual(most)
    })
    expect(new Set(receiver.received.map(({ headers, body }) => headers['webhook-id'] + body)).size).toBe(1)
    expect(webhooks.counts).toEqual({ delivered: 1, failedTries: 12, dropped: 0 })
    expect(said).toEqual([
      ['a webhook was not taken: it is tried again', { why: 'it answers 500' }],
      ['webhooks are taken again', { dropped: 0 }],
    ])
  })

  test('has the time of its try, so that a late one is still good', async () => {
    refuseWith(503)
    const webhooks = begin()
    webhooks.send(CONFIRMED)
    await settled('it rests', () => pauses.length === 1)
    now += 600_000
    refuseWith(200)
    endPauses()
    await settled('it is delivered', () => webhooks.counts.delivered === 1)
    const stamps = receiver.received.map(({ headers }) => Number(headers['webhook-timestamp']))
    expect((stamps[1] ?? 0) - (stamps[0] ?? 0)).toBe(600)
  })

  test('that is not taken for an hour is dropped', async () => {
    refuseWith(400)
    const webhooks = begin()
    webhooks.send(CONFIRMED)
    await settled('it rests', () => pauses.length === 1)
    now += HOUR
    endPauses()
    await settled('it is dropped', () => webhooks.counts.dropped === 1)
    expect(webhooks.waiting()).toBe(0)
    expect(said.at(-1)).toEqual(['webhooks are dropped', { why: 'it was not taken for too long' }])
  })

  test('is not sent where a redirect leads', async () => {
    const elsewhere = await startWebhookReceiver()
    refuseWith(307, { location: elsewhere.url })
    const webhooks = begin()
    webhooks.send(CONFIRMED)
    await settled('it rests', () => pauses.length === 1)
    expect(elsewhere.received).toEqual([])
    expect(said[0]?.[1]).toEqual({ why: 'it answers 307' })
    await elsewhere.stop()
  })

  test('is not tried again where the other side wants no more', async () => {
    refuseWith(410)
    const webhooks = begin()
    webhooks.send(CONFIRMED)
    await settled('it is dropped', () => webhooks.counts.dropped === 1)
    expect(pauses).toEqual([])
  })

  test('is delivered once its status is there: an answer without end is not read', async () => {
    let isCut = false
    receiver.answer((_request, response) => {
      response.writeHead(200)
      const more = setInterval(() => response.write('x'.repeat(65_536)), 1)
      response.on('close', () => {
        isCut = true
        clearInterval(more)
      })
    })
    const webhooks = begin()
    webhooks.send(CONFIRMED)
    await settled('it is delivered', () => webhooks.counts.delivered === 1)
    await settled('the connection is let go', () => isCut)
  })

  test('to nobody is tried again, and what is said names no secret of the address', async () => {
    await receiver.stop()
    const webhooks = begin()
    webhooks.send(CONFIRMED)
    await settled('it rests', () => pauses.length === 1)
    expect(said[0]?.[1]).toEqual({ why: expect.stringContaining('ECONNREFUSED') })
    expect(JSON.stringify(said)).not.toContain('of=scanin')
    receiver = await startWebhookReceiver()
  })
})

describe('webhooks that nobody takes', () => {
  /** Neither answers nor fails. */
  const hang = () => receiver.answer(() => undefined)

  test('wait up to a number; what strangers can cause at will fills half of it at most', () => {
    hang()
    const webhooks = begin({ most: 100 })
    for (let sent = 0; sent < 100; sent++) for (const event of [GUESSED, GIVEN_UP]) webhooks.send(event)
    expect([webhooks.waiting(), webhooks.counts.dropped]).toEqual([50, 150])
    for (let sent = 0; sent < 60; sent++) webhooks.send(CONFIRMED)
    expect([webhooks.waiting(), webhooks.counts.dropped]).toEqual([100, 160])
    expect(said).toEqual([['webhooks are dropped', { why: 'too many wait' }]])
  })

  test('of people go before all that strangers can cause, also where those came first or are tried again', async () => {
    const open: (() => void)[] = []
    receiver.answer((_request, response) => void open.push(() => response.writeHead(500).end()))
    const webhooks = begin()
    for (let sent = 0; sent < 20; sent++) webhooks.send(GUESSED)
    await settled('there is no place left', () => open.length === 8)
    for (const fail of open) fail()
    await settled('the next ones are tried', () => open.length === 16)
    endPauses()
    webhooks.send(CONFIRMED)
    open[8]?.()
    await settled('another one is tried', () => receiver.received.length === 17)
    expect(JSON.parse(receiver.received[16]?.body ?? '')).toMatchObject({ type: 'login.confirmed' })
    receiver.answer((_request, response) => void response.writeHead(200).end())
    for (const fail of open.slice(9)) fail()
    await settled('all others come too', () => {
      endPauses()
      return webhooks.waiting() === 0
    })
  })

  test('are said once where a stranger fills their room again and again, and then counted', async () => {
    const webhooks = begin({ most: 2 })
    async function dropOne(): Promise<void> {
      const { delivered } = webhooks.counts
      webhooks.send(GUESSED)
      webhooks.send(GUESSED)
      await settled('one is delivered', () => webhooks.counts.delivered > delivered)
    }
    for (let times = 0; times < 5; times++) await dropOne()
    const once = ['webhooks are dropped', { why: 'too many wait' }]
    expect(said).toEqual([once, ['webhooks are taken again', { dropped: 1 }]])
    now += 60_000
    webhooks.send(GUESSED)
    await settled('it is delivered', () => webhooks.counts.delivered === 6)
    expect(said.slice(2)).toEqual([['webhooks are taken again', { dropped: 4 }]])
    await dropOne()
    expect(said.slice(3)).toEqual([once, ['webhooks are taken again', { dropped: 1 }]])
    expect(webhooks.counts.dropped).toBe(6)
  })

  test('are tried a few at a time', async () => {
    hang()
    const webhooks = begin()
    for (let sent = 0; sent < 50; sent++) webhooks.send(CONFIRMED)
    await settled('some arrive', () => receiver.received.length === 8)
    await new Promise(setImmediate)
    expect(receiver.received.length).toBe(8)
    expect(webhooks.waiting()).toBe(50)
  })

  test('are tried once more when the process ends, without their pause', async () => {
    refuseWith(500)
    const webhooks = begin()
    for (let sent = 0; sent < 20; sent++) webhooks.send(CONFIRMED)
    await settled('all rest', () => pauses.length === 20)
    refuseWith(200)
    await webhooks.close()
    expect(webhooks.counts).toEqual({ delivered: 20, failedTries: 20, dropped: 0 })
    expect(pauses).toEqual([])
  })

  test('do not keep the process: after a moment the rest is dropped, and counted', async () => {
    hang()
    const webhooks = begin()
    for (let sent = 0; sent < 20; sent++) webhooks.send(CONFIRMED)
    const closed = webhooks.close()
    webhooks.send(CONFIRMED)
    expect(said).toEqual([['webhooks are dropped', { why: 'the process ends' }]])
    expect(pauses.map(({ ms }) => ms)).toEqual([2000])
    endPauses()
    await closed
    expect(webhooks.counts).toMatchObject({ delivered: 0, dropped: 21 })
    expect(said.at(-1)).toEqual(['webhooks were dropped', { dropped: 21 }])
  })

  test('end at once where none waits', async () => {
    await begin().close()
  })
})
