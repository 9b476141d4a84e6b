import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { eventually } from '../support/eventually.ts'
import { type Client, createClient, createPhone, type Reply } from '../support/http-client.ts'
import { approve, scan, signInBrowser, startLogin } from '../support/login-flow.ts'
import { DEMO_PASSWORD } from '../support/service.ts'
import { setUpServiceOverALine } from '../support/service-over-a-line.ts'

/** S4: a store that hangs or crawls keeps nobody waiting for long, however much a request has to ask of it. */

const stage = setUpServiceOverALine({ RATE_SIGN_INS_PER_MINUTE: '1000' })
/** Over the same line, but nobody's: how long an answer takes. */
let yardstick: Redis

beforeAll(async () => {
  yardstick = new Redis({ port: stage.line.port, maxRetriesPerRequest: null })
  await yardstick.ping()
})

afterAll(() => yardstick.disconnect())

afterEach(async () => {
  await stage.line.mend()
  await stage.untilReady()
})

interface People {
  phone: Client
  browser: Client
  tokens: { pending: string; scanned: string; approved: string }
}

async function people(): Promise<People> {
  const [phone, browser] = [await createPhone(stage.service.url), createClient(stage.service.url)]
  const [pending, scanned, approved] = [await startLogin(browser), await startLogin(browser), await startLogin(browser)]
  await scan(phone, scanned)
  await approve(phone, approved)
  return { phone, browser, tokens: { pending, scanned, approved } }
}

/**
 * The requests that ask most of the store, and those that ask least.
 * @param signIns how many sign-ins: each takes its time to hash, whatever the store does
 */
function everything(
  { phone, browser, tokens: { pending, scanned, approved } }: People,
  signIns: number,
): Promise<Reply>[] {
  const signIn = () => createClient(stage.service.url).post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })
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
    ...Array.from({ length: signIns }, signIn),
    browser.get('/readyz'),
  ]
}

test('while the store hangs everything is 503 with Retry-After, and it goes on when the store does', async () => {
  const some = await people()
  stage.line.hang()
  for (const reply of await Promise.all(everything(some, 5))) {
    expect([reply.status, reply.json?.code]).toEqual([503, 'store_unavailable'])
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
  }
  await stage.line.mend()
  const { browser, tokens } = some
  const collected = await eventually('the approved login is collected', async () => {
    const reply = await browser.get(`/login/status/${tokens.approved}`)
    return reply.status === 200 && reply
  })
  expect(collected.json).toMatchObject({ status: 'authenticated' })
})

test('once the store is known to hang, who comes is refused before those who came first', async () => {
  const { phone } = await people()
  stage.line.hang()
  let isFirstWaiting = true
  const first = phone.get('/session').finally(() => {
    isFirstWaiting = false
  })
  let refusedBefore = 0
  await eventually('somebody is refused at once', () => {
    const late = createClient(stage.service.url).post('/login', {})
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
  stage.line.delay(900)
  let answers = 0
  const measuring = (async () => {
    while (answers < 3) {
      await yardstick.ping()
      answers++
    }
  })()
  const whenAnswered = await Promise.all(everything(some, 1).map((reply) => reply.then(() => answers)))
  expect(Math.max(...whenAnswered)).toBeLessThan(3)
  await measuring
})

test('one that was slow for a moment is not given up', async () => {
  const [browser, phone] = [createClient(stage.service.url), await createPhone(stage.service.url)]
  stage.line.delay(30)
  await signInBrowser(browser, phone)
  expect((await browser.get('/session')).status).toBe(200)
})
