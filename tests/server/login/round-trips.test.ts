import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { eventually } from '../../support/eventually.ts'
import { type Client, createClient, createPhone } from '../../support/http-client.ts'
import { scan, startLogin } from '../../support/login-flow.ts'
import { type RedisServer, startRedis } from '../../support/redis-server.ts'
import { type Service, startService } from '../../support/service.ts'

/**
 * What a login asks of Redis, from the confirm on: each line is a round trip that somebody waits for, one after the
 * other. One more, and this is where it is seen.
 */

let redis: RedisServer
let service: Service
let client: Redis
let monitor: Redis
/** Commands about logins and sessions by now, each with the kinds of records that it names. */
const asked: string[] = []

beforeAll(async () => {
  redis = await startRedis()
  service = await startService({ REDIS_URL: redis.url, POLL_HOLD_SECONDS: '25', MATCH: 'never', CONFIRM: 'tap' })
  client = new Redis(redis.url)
  monitor = await client.monitor()
  monitor.on('monitor', (_time: string, [command = '', ...words]: string[], source: string) => {
    const kinds = words.flatMap((word) => /^scanin:(login|sessions?|sessions-of|passkeys-of):/.exec(word)?.[1] ?? [])
    // What a script does is done within it.
    if (source !== 'lua' && kinds.length > 0) asked.push(`${command.toLowerCase()} ${kinds.join(' ')}`)
  })
})

afterAll(async () => {
  monitor.disconnect()
  client.disconnect()
  await service.stop()
  await redis.stop()
})

let browser: Client
let phone: Client
let token: string

beforeEach(async () => {
  browser = createClient(service.url)
  phone = await createPhone(service.url)
  token = await startLogin(browser)
  await scan(phone, token)
  // Its first use is told apart from the others.
  await phone.get('/session')
})

/** From here on: what was asked before has been told of by then, too. */
async function listen() {
  const mark = `mark ${performance.now()}`
  const isTold = new Promise<void>((resolve) => {
    const onCommand = (_time: string, words: string[]) => {
      if (!words.includes(mark)) return
      monitor.off('monitor', onCommand)
      resolve()
    }
    monitor.on('monitor', onCommand)
  })
  await client.ping(mark)
  await isTold
  asked.length = 0
}

const untilAsked = (count: number) => eventually(`${count} were asked`, () => asked.length >= count)
/** That the session was given, for which nobody waits. */
const GIVING = ['mget login', 'evalsha login']

test('from the confirm to the session in the browser that waits there are four round trips', async () => {
  await listen()
  const held = browser.get(`/login/status/${token}?seen=scanned&wait=25`)
  await untilAsked(1)
  // Asked on the same connection after it, answered after it: by then the poll is held.
  await phone.get('/session')
  await listen()
  expect((await phone.post('/login/confirm', { token })).json).toEqual({ status: 'authenticated' })
  expect((await held).json).toMatchObject({ status: 'authenticated' })
  const confirm = ['mget login session', 'evalsha login']
  const collection = ['mget session sessions-of', 'evalsha sessions-of session login']
  await untilAsked(6)
  expect(asked).toEqual([...confirm, ...collection, ...GIVING])
})

test('a sign-in writes its session and the list of them in one', async () => {
  await listen()
  await createPhone(service.url)
  await untilAsked(3)
  // The first look is whether the person is blocked: before their password is looked at.
  expect(asked).toEqual(['mget sessions-of', 'mget sessions-of', 'evalsha sessions-of session'])
})
