import { connect } from 'node:net'
import { expect, test } from '@jest/globals'
import { onEveryStore } from '../support/every-store.ts'
import { DEMO_PASSWORD } from '../support/service.ts'
import { expectProblem } from './seen.ts'

/** T26: what costs us more than who asks for it is bounded, and nobody else waits for it. */

const RIGHT = { username: 'demo', password: DEMO_PASSWORD }
const AT_ONCE = 400
const STRANGERS = 90

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
    // People whom nobody knows, each from elsewhere: they take all the room that there is for hashing.
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

    const replies = await Promise.all(crowd)
    for (const name of ['page', 'poll', 'file', 'person']) {
      expect(order.lastIndexOf(name)).toBeLessThan(order.lastIndexOf('crowd'))
    }
    for (const reply of await Promise.all(strangers)) expectProblem(reply, 401, 'invalid_credentials')
    // A file waits for a thread of the pool, and hashing leaves some of them free.
    const hashes = order.map((name) => (name === 'stranger' ? 1 : 0))
    const before = sum(hashes.slice(0, order.lastIndexOf('file')))
    expect(before).toBeLessThan(sum(hashes) / 2)
    // One at a time of an address, fifty that wait: the rest is told so at once.
    const refused = replies.filter(({ status }) => status !== 200)
    expect(refused.length).toBeGreaterThan(0)
    for (const reply of refused) {
      expectProblem(reply, 503, 'overloaded')
      expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
    }
    expect(replies.length - refused.length).toBeGreaterThanOrEqual(50)
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
