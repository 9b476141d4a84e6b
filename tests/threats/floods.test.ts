import { expect, test } from '@jest/globals'
import { onEveryStore } from '../support/every-store.ts'
import { type Client, createClient, type Reply } from '../support/http-client.ts'
import { approve } from '../support/login-flow.ts'
import { jsonPost, sendPiped } from '../support/raw-socket.ts'
import { startServiceProcess } from '../support/service.ts'
import { redisDump } from './redis-dump.ts'
import { expectProblem } from './seen.ts'

/** T17: one client that asks for too much is told to wait, and nobody else notices. */

const PER_MINUTE = 5

const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })

async function startFrom(client: Client, address: string, times: number): Promise<Reply[]> {
  return Promise.all(Array.from({ length: times }, () => client.post('/login', {}, { ...from(address), cookie: '' })))
}

function countOf(replies: Reply[], status: number): number {
  return replies.filter((reply) => reply.status === status).length
}

onEveryStore(
  {
    POLL_HOLD_SECONDS: '0',
    MATCH: 'never',
    TRUST_PROXY: '127.0.0.1/32',
    RATE_LOGINS_PER_MINUTE: String(PER_MINUTE),
    RATE_SIGN_INS_PER_MINUTE: String(PER_MINUTE),
  },
  (stage) => {
    test('T17 too many logins from one address: 429 with Retry-After, and other addresses are not affected', async () => {
      const replies = await startFrom(stage.browser(), '198.51.100.1', 40)
      expect(countOf(replies, 201)).toBe(PER_MINUTE)
      for (const reply of replies.filter(({ status }) => status !== 201)) {
        expectProblem(reply, 429, 'slow_down')
        const wait = Number(reply.headers['retry-after'])
        expect(wait).toBeGreaterThan(0)
        expect(wait).toBeLessThanOrEqual(60)
      }
      // The same /24 is not the same client.
      expect(countOf(await startFrom(stage.browser(), '198.51.100.2', PER_MINUTE), 201)).toBe(PER_MINUTE)
    })

    test('T17 the logins that a flooder already has go on: polls, rotation and collecting are not refused', async () => {
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const call = from('198.51.100.10')
      const { token } = (await browser.post('/login', {}, call)).json
      await startFrom(stage.browser(), '198.51.100.10', 20)
      expect((await browser.get(`/login/status/${token}`, call)).json.status).toBe('pending')
      const rotated = await browser.post('/login', { token }, call)
      expect(rotated.status).toBe(201)
      await approve(phone, rotated.json.token)
      expect((await browser.get(`/login/status/${rotated.json.token}`, call)).json.status).toBe('authenticated')
    })

    test('T17 an IPv6 client is its /64, and cannot make itself more by changing the rest of its address', async () => {
      const addresses = Array.from({ length: 20 }, (_, at) => `2001:db8:7:7:${at.toString(16)}::${at.toString(16)}`)
      const replies = await Promise.all(addresses.map((address) => stage.browser().post('/login', {}, from(address))))
      expect(countOf(replies, 201)).toBe(PER_MINUTE)
      expect((await stage.browser().post('/login', {}, from('2001:db8:7:8::1'))).status).toBe(201)
      expect((await stage.browser().post('/login', {}, from('2001:0DB8:0007:0007:0:0:0:1'))).status).toBe(429)
    })

    test.each([
      ['/56', (at: number) => `2001:db8:56:${(0x100 + at).toString(16)}::1`, 4 * PER_MINUTE],
      ['/48', (at: number) => `2001:db8:48:${(at * 0x100).toString(16)}::1`, 8 * PER_MINUTE],
    ])(
      'T17 the /64s of one %s begin more logins than one of them, and not any number',
      async (_network, addressOf, most) => {
        const start = (address: string) => stage.browser().post('/login', {}, from(address))
        const replies = await Promise.all(Array.from({ length: most + 5 }, (_, at) => start(addressOf(at))))
        expect([countOf(replies, 201), countOf(replies, 429)]).toEqual([most, 5])
        expectProblem(replies.find(({ status }) => status === 429) as Reply, 429, 'slow_down')
        expect((await start('2001:db8:1::1')).status).toBe(201)
      },
    )

    test('T17 one /64 that floods takes no more of its /56 than it may begin: its neighbours are not affected', async () => {
      expect(countOf(await startFrom(stage.browser(), '2001:db8:57::1', 40), 201)).toBe(PER_MINUTE)
      for (const at of [1, 2, 3]) {
        expect(countOf(await startFrom(stage.browser(), `2001:db8:57:${at}::1`, PER_MINUTE), 201)).toBe(PER_MINUTE)
      }
    })

    test('T17 an IPv4 address is one client in whatever spelling it comes', async () => {
      const spellings = [
        '203.0.113.5',
        '::ffff:203.0.113.5',
        '::ffff:cb00:7105',
        '::FFFF:203.0.113.5',
        '203.0.113.5',
        '::ffff:203.0.113.5',
        '203.0.113.5',
      ]
      const replies: Reply[] = []
      for (const address of spellings) replies.push(await stage.browser().post('/login', {}, from(address)))
      expect(replies.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201, 429, 429])
    })

    test('T17 passwords are tried PER_MINUTE times from one address, and then not even the right one is looked at', async () => {
      const attempts = Array.from({ length: 12 }, () =>
        stage.browser().post('/sign-in', { username: 'demo', password: 'wrong' }, from('198.51.100.30')),
      )
      const replies = await Promise.all(attempts)
      expect(countOf(replies, 401)).toBe(PER_MINUTE)
      for (const reply of replies.filter(({ status }) => status !== 401)) {
        expectProblem(reply, 429, 'slow_down')
        expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
      }
      const right = { username: 'demo', password: 'correct horse battery staple' }
      expectProblem(await stage.browser().post('/sign-in', right, from('198.51.100.30')), 429, 'slow_down')
      expect((await stage.browser().post('/sign-in', right, from('198.51.100.31'))).status).toBe(200)
    })

    // The next test is about the embedded store.
    if (stage.kind === 'redis') {
      test('T17 whatever a flood leaves behind in Redis ends by itself', async () => {
        await startFrom(stage.browser(), '198.51.100.50', 30)
        const dump = await redisDump(stage.redis().url)
        expect(dump.length).toBeGreaterThan(10)
        for (const { key, ttlMs } of dump) expect({ key, ends: ttlMs >= 0 }).toEqual({ key, ends: true })
      })
    }
  },
)

const ROUNDS = 48
const CONNECTIONS = 25
// Few: a request that waits behind many takes too long to arrive.
const LOGINS_A_CONNECTION = 7

test("T17 the embedded store's memory reaches a plateau: a flood lives in a heap that it would overflow if nothing were forgotten", async () => {
  // 8,400 logins of over 4 KB each in two-byte text, beside what the service itself needs.
  const service = await startServiceProcess({
    NODE_OPTIONS: '--max-old-space-size=48 --max-semi-space-size=2',
    LOGIN_SECONDS: '1',
    POLL_HOLD_SECONDS: '0',
  })
  try {
    const client = createClient(service.url)
    const body = JSON.stringify({ return_to: `/${'x'.repeat(2000)}` })
    const asked = Array.from({ length: LOGINS_A_CONNECTION }, (_, at) =>
      jsonPost(service.url, '/login', body, { isLast: at === LOGINS_A_CONNECTION - 1 }),
    )
    for (let round = 0; round < ROUNDS; round++) {
      const replies = await Promise.all(Array.from({ length: CONNECTIONS }, () => sendPiped(service.port, asked)))
      const started = replies.join('').match(/HTTP\/1\.1 201 /g) ?? []
      expect(started).toHaveLength(CONNECTIONS * LOGINS_A_CONNECTION)
    }
    expect(service.hasEnded()).toBe(false)
    expect((await client.get('/readyz')).status).toBe(200)
    expect((await client.post('/login')).status).toBe(201)
  } finally {
    await service.stop()
  }
})
