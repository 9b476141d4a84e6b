import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { eventually } from '../support/eventually.ts'
import { createFaultyLine, type FaultyLine } from '../support/faulty-line.ts'
import { type Client, createClient, createPhone, type Reply } from '../support/http-client.ts'
import { approve, scan, signInBrowser, startLogin } from '../support/login-flow.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { DEMO_PASSWORD, type Service, startService } from '../support/service.ts'

/** S4: a store that hangs or crawls keeps nobody waiting for long, however much a request has to ask of it. */

let redis: RedisServer
let line: FaultyLine
let service: Service
/** Over the same line, but nobody's: how long an answer takes. */
let yardstick: Redis

beforeAll(async () => {
  redis = await startRedis()
  line = await createFaultyLine(redis.port)
  service = await startService({ REDIS_URL: `redis://127.0.0.1:${line.port}`, RATE_SIGN_INS_PER_MINUTE: '1000' })
  yardstick = new Redis({ port: line.port, maxRetriesPerRequest: null })
  await yardstick.ping()
})

afterAll(async () => {
  await line.mend()
  yardstick.disconnect()
  await service.stop()
  await line.close()
  await redis.stop()
})

afterEach(async () => {
  await line.mend()
  await eventually(
    'the service works again',
    async () => (await createClient(service.url).get('/readyz')).status === 200,
  )
})

interface People {
  phone: Client
  browser: Client
  tokens: { pending: string; scanned: string; approved: string }
}

async function people(): Promise<People> {
  const [phone, browser] = [await createPhone(service.url), createClient(service.url)]
  const [pending, scanned, approved] = [await startLogin(browser), await startLogin(browser), await startLogin(browser)]
  await scan(phone, scanned)
  await approve(phone, approved)
  return { phone, browser, tokens: { pending, scanned, approved } }
}

/** Those that ask most of the store, and those that ask least. */
function everything({ phone, browser, tokens: { pending, scanned, approved } }: People): Promise<Reply>[] {
  const signIn = () => createClient(service.url).post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })
  return [
    browser.get(`/login/status/${pending}`),
    browser.get(`/login/status/${pending}?seen=pending&wait=1`),
    browser.get(`/login/status/${approved}`),
    browser.post('/login', {}),
    browser.post('/login', { token: pending }),
    browser.post('/login/user-code', { token: pending }),
    browser.delete(`/login/${pending}`),
    phone.post('/login/scan', { token: pending }),
    phone.post('/login/confirm', { token: scanned }),
    phone.get('/session'),
    phone.get('/sessions'),
    phone.delete('/sessions'),
    ...Array.from({ length: 5 }, signIn),
    browser.get('/readyz'),
  ]
}

test('while the store hangs everything is 503 with Retry-After, and it goes on when the store does', async () => {
  const some = await people()
  line.hang()
  for (const reply of await Promise.all(everything(some))) {
    expect([reply.status, reply.json?.code]).toEqual([503, 'store_unavailable'])
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
  }
  await line.mend()
  const { browser, tokens } = some
  const collected = await eventually('the approved login is collected', async () => {
    const reply = await browser.get(`/login/status/${tokens.approved}`)
    return reply.status === 200 && reply
  })
  expect(collected.json).toMatchObject({ status: 'authenticated' })
})

test('once the store is known to hang, who comes is refused before those who came first', async () => {
  const { phone } = await people()
  line.hang()
  let isFirstWaiting = true
  const first = phone.get('/session').finally(() => {
    isFirstWaiting = false
  })
  let refusedBefore = 0
  await eventually('somebody is refused at once', () => {
    const late = createClient(service.url).post('/login', {})
    void late.then(({ status }) => {
      if (status === 503 && isFirstWaiting) refusedBefore++
    })
    return refusedBefore > 0 || !isFirstWaiting
  })
  expect(refusedBefore).toBeGreaterThan(0)
  expect((await first).status).toBe(503)
})

test('with a store that takes over a second for an answer, nothing takes longer than three of them', async () => {
  const some = await people()
  line.delay(700)
  let answers = 0
  const measuring = (async () => {
    while (answers < 3) {
      await yardstick.ping()
      answers++
    }
  })()
  const whenAnswered = await Promise.all(everything(some).map((reply) => reply.then(() => answers)))
  expect(Math.max(...whenAnswered)).toBeLessThan(3)
  await measuring
})

test('one that was slow for a moment is not given up', async () => {
  const [browser, phone] = [createClient(service.url), await createPhone(service.url)]
  line.delay(30)
  await signInBrowser(browser, phone)
  expect((await browser.get('/session')).status).toBe(200)
})
