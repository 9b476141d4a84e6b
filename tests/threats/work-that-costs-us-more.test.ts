import { connect } from 'node:net'
import { expect, test } from '@jest/globals'
import { hashSecret } from '../../server/hashes.ts'
import { personKeyHash } from '../../server/identity/person-key.ts'
import { createMemoryStore } from '../../server/store/memory-store.ts'
import type { RecordStore } from '../../server/store/record-store.ts'
import { createInjectClient, createInjectPhone, createTestApp, PUBLIC_URL } from '../support/app.ts'
import { eventually } from '../support/eventually.ts'
import { onEveryStore } from '../support/every-store.ts'
import { answered, type Reply } from '../support/http-client.ts'
import { DEMO_PASSWORD } from '../support/service.ts'
import { createSoftwareAuthenticator } from '../support/software-authenticator.ts'
import { expectProblem } from './seen.ts'

/** T26: what costs us more than who asks for it is bounded, and nobody else waits for it. */

const RIGHT = { username: 'demo', password: DEMO_PASSWORD }
const AT_ONCE = 400
/**
 * So many that who comes behind them still gets in within the time that a sign-in may wait, even if hashing is slow.
 */
const STRANGERS = 40

const sum = (numbers: readonly number[]): number => numbers.reduce((one, other) => one + other, 0)

onEveryStore({ TRUST_PROXY: '127.0.0.1', POLL_HOLD_SECONDS: '0' }, (stage) => {
  test('T26 400 sign-ins at once keep no page, no file of it, no poll and no other person waiting until they are done', async () => {
    const browser = stage.browser()
    const { token } = (await browser.post('/login')).json
    const from = (address: string) => ({ headers: { 'x-forwarded-for': address }, cookie: '' })
    const html = (await browser.get('/')).text
    const files = [...html.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path ?? '')
    expect(files.length).toBeGreaterThan(2)
    const order: string[] = []
    const noted = async <Result>(name: string, asked: Promise<Result>): Promise<Result> => {
      const reply = await asked
      order.push(name)
      return reply
    }

    const crowd = Array.from({ length: AT_ONCE }, () =>
      noted('crowd', stage.browser().post('/sign-in', RIGHT, from('198.51.100.1'))),
    )
    // Unknown people, each from another address: they take all the room that there is for hashing.
    const strangers = Array.from({ length: STRANGERS }, (_, at) =>
      noted(
        'stranger',
        stage.browser().post('/sign-in', { ...RIGHT, username: `nobody${at}` }, from(`203.0.113.${at}`)),
      ),
    )
    const others = [
      noted('page', stage.browser().get('/scan')),
      noted('poll', browser.get(`/login/status/${token}`)),
      ...files.map((path) => noted('file', stage.browser().get(path))),
      noted('person', stage.browser().post('/sign-in', RIGHT, from('198.51.100.2'))),
    ]
    const [page, poll, ...rest] = await Promise.all(others)
    expect([page?.status, poll?.json.status]).toEqual([200, 'pending'])
    expect(rest.map(({ status }) => status)).toEqual([...files.map(() => 200), 200])

    const [replies, answers] = await Promise.all([Promise.all(crowd), Promise.all(strangers)])
    const lastOfWork = Math.max(order.lastIndexOf('crowd'), order.lastIndexOf('stranger'))
    for (const name of ['page', 'poll', 'file', 'person']) expect(order.lastIndexOf(name)).toBeLessThan(lastOfWork)
    for (const reply of answers) {
      // A slow machine may not come to all of them in time, nor its Redis, and says so.
      const late = stage.kind === 'redis' ? ['overloaded', 'store_unavailable'] : ['overloaded']
      if (reply.status === 503) expect(late).toContain(reply.json.code)
      else expectProblem(reply, 401, 'invalid_credentials')
    }
    // A file waits for a thread of the pool, and hashing leaves some of them free.
    const hashes = order.map((name) => (name === 'stranger' ? 1 : 0))
    const before = sum(hashes.slice(0, order.lastIndexOf('file')))
    expect(before).toBeLessThan(sum(hashes) / 2)
    // One at a time for an address, and fifty may wait. The rest are refused at once; those that wait too long, then.
    const refused = replies.filter(({ status }) => status !== 200)
    expect(refused.length).toBeGreaterThan(0)
    for (const reply of refused) {
      expectProblem(reply, 503, 'overloaded')
      expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
    }
    expect(replies.length - refused.length).toBeGreaterThan(0)
  })

  test.each([
    ['gets', 'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['posts', 'POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'],
  ])('T26 thousands of requests sent ahead of their replies end their connection alone: %s', async (_what, request) => {
    const socket = connect(stage.service().port, '127.0.0.1')
    const ended = new Promise((resolve) => socket.once('close', resolve))
    // Cut off while it is still sending.
    socket.on('error', () => undefined)
    // Who does not read does not notice its end either.
    socket.resume()
    socket.write(request.repeat(5000))
    await ended
    expect((await stage.browser().post('/login')).status).toBe(201)
  })
})

const LOGINS_A_MINUTE = 20
/** The longest interval: even on the slowest machine whoever asks for much at once is faster than that. */
const POLL_INTERVAL_SECONDS = '60'
/** How far a client may be ahead of its interval. */
const BURST = 10

const DRAWING = {
  TRUST_PROXY: '127.0.0.1',
  POLL_HOLD_SECONDS: '0',
  POLL_INTERVAL_SECONDS,
  RATE_LOGINS_PER_MINUTE: String(LOGINS_A_MINUTE),
}

onEveryStore(DRAWING, (stage) => {
  const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })
  /** A slow machine's store may not answer: the request was counted, nothing was drawn, and it is not sent again. */
  const isUnanswered = ({ json }: Reply) => json?.code === 'store_unavailable'

  /**
   * Asks all at once, while others start, poll and renew as if nothing happened.
   * @returns how many were let through, and for how many of them a code was drawn
   */
  async function askAtOnce(ask: () => Promise<Reply>, elsewhere: string): Promise<{ through: number; drawn: number }> {
    const others = await Promise.all(
      Array.from({ length: 5 }, async (_, at) => {
        const browser = stage.browser()
        const { token } = (await browser.post('/login', undefined, from(`${elsewhere}.${at}`))).json
        return { browser, token, address: `${elsewhere}.${at}` }
      }),
    )
    const flood = Array.from({ length: AT_ONCE }, ask)
    const calm = await Promise.all(
      others.flatMap(({ browser, token, address }) => [
        answered(() => browser.get(`/login/status/${token}`, from(address))),
        answered(() => browser.post('/login', { token }, from(address))),
        answered(() => stage.browser().post('/login', undefined, from(address))),
      ]),
    )
    expect(calm.map(({ status }) => status)).toEqual(others.flatMap(() => [200, 201, 201]))
    const replies = await Promise.all(flood)
    const through = replies.filter((reply) => reply.status === 201 || isUnanswered(reply))
    for (const reply of replies.filter((reply) => !through.includes(reply))) {
      expectProblem(reply, 429, 'slow_down')
      expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
    }
    return { through: through.length, drawn: replies.filter(({ status }) => status === 201).length }
  }

  test('T26 400 logins that one address starts at once are 20 QR codes to draw, and nobody else is refused one', async () => {
    const start = () => stage.browser().post('/login', undefined, from('198.51.100.1'))
    const { through, drawn } = await askAtOnce(start, '203.0.113')
    expect(through).toBeGreaterThanOrEqual(LOGINS_A_MINUTE)
    // A slow machine may take more than a minute for it, and then draws as many again.
    expect(drawn).toBeLessThanOrEqual(2 * LOGINS_A_MINUTE)
  })

  test('T26 400 times at once one login`s QR renewed is ten of them to draw, and nobody else is refused one', async () => {
    const browser = stage.browser()
    const { token } = (await browser.post('/login', undefined, from('198.51.100.2'))).json
    const renew = () => browser.post('/login', { token }, from('198.51.100.2'))
    const { through, drawn } = await askAtOnce(renew, '203.0.114')
    expect(through).toBeGreaterThanOrEqual(1)
    // Ten, and two more by the end of a minute.
    expect(drawn).toBeLessThanOrEqual(BURST + 2)
  })
})

/** A store that answers no read at this place until it is told to. */
function slowAt(place: string) {
  const inner = createMemoryStore({ clock: Date.now })
  const waiting: (() => void)[] = []
  let isSlow = true
  const store: RecordStore = {
    ...inner,
    async read(key) {
      if (isSlow && key === place) await new Promise<void>((resolve) => waiting.push(resolve))
      return inner.read(key)
    },
  }
  return {
    store,
    waiting: () => waiting.length,
    answer() {
      isSlow = false
      for (const go of waiting.splice(0)) go()
    },
  }
}

test('T26 made-up passkeys that wait for a slow store are in no way of people who sign in or confirm by theirs', async () => {
  const challenge = 'A'.repeat(44)
  const slow = slowAt(`challenge:${hashSecret(challenge)}`)
  const env = { TRUST_PROXY: '127.0.0.1', CONFIRM: 'passkey', POLL_HOLD_SECONDS: '0' }
  const { app } = await createTestApp(env, { store: slow.store }, { now: Date.now() })
  const authenticator = createSoftwareAuthenticator({ origin: PUBLIC_URL })
  const phone = await createInjectPhone(app)
  const attestation = authenticator.make((await phone.post('/passkeys/options')).json())
  expect((await phone.post('/passkeys', { attestation })).statusCode).toBe(201)
  const { token } = (await createInjectClient(app).post('/login')).json()
  await phone.post('/login/scan', { token })

  const toConfirm = (await phone.post('/login/confirm/options', { token })).json()
  const other = createInjectClient(app)
  const toSignIn = (await other.post('/sign-in/passkey/options')).json()
  const stranger = createInjectClient(app)
  const madeUp = authenticator.use(toSignIn, { challenge })
  const headers = { origin: PUBLIC_URL, 'x-forwarded-for': '198.51.100.66' }
  const flood = Array.from({ length: 150 }, () => stranger.post('/sign-in/passkey', { assertion: madeUp }, { headers }))
  await eventually('they wait', () => slow.waiting() > 1)
  // One after the other: the passkey counts its uses, and an earlier one that came later would look like a copy's.
  const confirmed = await phone.post('/login/confirm', { token, assertion: authenticator.use(toConfirm) })
  const signedIn = await other.post('/sign-in/passkey', { assertion: authenticator.use(toSignIn) })
  expect([confirmed.statusCode, signedIn.statusCode]).toEqual([200, 200])
  slow.answer()
  for (const { statusCode } of await Promise.all(flood)) expect(statusCode).toBe(401)
  await app.close()
})

test('T26 sign-ins that wait for a slow store take no place in the line for hashing', async () => {
  const slow = slowAt(`sessions-of:${personKeyHash({ id: 'demo' })}`)
  const { app } = await createTestApp({ TRUST_PROXY: '127.0.0.1' }, { store: slow.store }, { now: Date.now() })
  const signIn = (username: string, address: string) =>
    createInjectClient(app).post(
      '/sign-in',
      { username, password: 'wrong' },
      { headers: { origin: PUBLIC_URL, 'x-forwarded-for': address } },
    )
  const held = Array.from({ length: 10 }, (_, at) => signIn('demo', `198.51.${at}.1`))
  await eventually('they wait', () => slow.waiting() > 1)
  expect((await signIn('nobody', '203.0.113.1')).statusCode).toBe(401)
  slow.answer()
  for (const { statusCode } of await Promise.all(held)) expect(statusCode).toBe(401)
  await app.close()
})
