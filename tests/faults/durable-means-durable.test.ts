import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { eventually } from '../support/eventually.ts'
import { createFaultyLine, type FaultyLine } from '../support/faulty-line.ts'
import { answered, type Client, createClient, createPhone, type Reply } from '../support/http-client.ts'
import { approve, scan, signInBrowser, startLogin } from '../support/login-flow.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { DEMO_PASSWORD, type Service, startService } from '../support/service.ts'
import { createSoftwareAuthenticator } from '../support/software-authenticator.ts'

/**
 * S2: with `REDIS_WAIT_REPLICAS` what was promised is on a replica, whether it took one try or several. The replica's
 * line to its primary is the one with faults.
 */

let primary: RedisServer
let replica: RedisServer
let line: FaultyLine
let service: Service
let onReplica: Redis

beforeAll(async () => {
  primary = await startRedis()
  line = await createFaultyLine(primary.port)
  replica = await startRedis({ args: ['--replicaof', `127.0.0.1 ${line.port}`] })
  onReplica = new Redis(replica.url)
  await eventually('the replica follows', async () => /link_status:up/.test(await onReplica.info('replication')))
  service = await startService({ REDIS_URL: primary.url, REDIS_WAIT_REPLICAS: '1' })
})

afterAll(async () => {
  await line.mend()
  onReplica.disconnect()
  await service.stop()
  await Promise.all([primary.stop(), replica.stop()])
  await line.close()
})

/** As the replica has it: what would be left of a login if the primary died now. */
async function loginOnReplica(token: string): Promise<string> {
  const [loginId = ''] = token.split('.')
  return (await onReplica.get(`scanin:login:${loginId}`)) ?? ''
}

/** Refused again and again for as long as the replica is away, and then done, and on the replica. */
async function expectOnlyWithReplica(call: () => Promise<Reply>, done: number): Promise<Reply> {
  for (let tries = 0; tries < 3; tries++) {
    const reply = await call()
    expect([reply.status, reply.json?.code]).toEqual([503, 'store_unavailable'])
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
  }
  await line.mend()
  return eventually('it is done', async () => {
    const reply = await call()
    if (reply.status !== 503) expect(reply.status).toBe(done)
    return reply.status === done && reply
  })
}

async function scannedLogin(phone: Client, browser = createClient(service.url)): Promise<string> {
  const token = await startLogin(browser)
  await scan(phone, token)
  return token
}

test('a confirm that reached no replica is refused, and is not good the second time either', async () => {
  const phone = await createPhone(service.url)
  const token = await scannedLogin(phone)
  line.hang()
  const before = await loginOnReplica(token)
  await expectOnlyWithReplica(() => phone.post('/login/confirm', { token }), 200)
  expect(await loginOnReplica(token)).not.toBe(before)
})

test('a denial is on a replica too before it is answered', async () => {
  const phone = await createPhone(service.url)
  const token = await scannedLogin(phone)
  line.hang()
  const before = await loginOnReplica(token)
  await expectOnlyWithReplica(() => phone.post('/login/deny', { token }), 200)
  expect(await loginOnReplica(token)).not.toBe(before)
})

test('a session is handed over once a replica has it, however often it was asked for', async () => {
  const [browser, phone] = [createClient(service.url), await createPhone(service.url)]
  const token = await startLogin(browser)
  await approve(phone, token)
  line.hang()
  const reply = await expectOnlyWithReplica(() => browser.get(`/login/status/${token}`), 200)
  expect(reply.json).toMatchObject({ status: 'authenticated' })
  // The session, and the list in which it can be found and ended.
  const { id } = (await browser.get('/session')).json.session
  expect(await onReplica.get(`scanin:session:${id}`)).not.toBeNull()
  const lists = await onReplica.keys('scanin:sessions-of:*')
  expect((await onReplica.mget(lists)).some((list) => list?.includes(id))).toBe(true)
})

test('polls and whatever promises nothing are answered while something waits for a replica', async () => {
  const [browser, phone] = [createClient(service.url), await createPhone(service.url)]
  const [token, waiting] = [await scannedLogin(phone), await startLogin(browser)]
  line.hang()
  // On a busy machine a poll may be answered only after the wait is over: then another one is tried.
  await eventually('a poll is answered before it', async () => {
    let isWaiting = true
    const confirmed = phone.post('/login/confirm', { token }).finally(() => {
      isWaiting = false
    })
    expect((await browser.get(`/login/status/${waiting}`)).json).toMatchObject({ status: 'pending' })
    const isFirst = isWaiting
    expect((await confirmed).status).toBe(503)
    return isFirst
  })
  await line.mend()
})

test('many that wait for a replica wait together, and none for the others', async () => {
  const phone = await createPhone(service.url)
  const tokens = await Promise.all(Array.from({ length: 20 }, () => scannedLogin(phone)))
  line.hang()
  const waits = await countOf('wait')
  const replies = await Promise.all(tokens.map((token) => phone.post('/login/confirm', { token })))
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([503]))
  expect((await countOf('wait')) - waits).toBeLessThan(10)
  await line.mend()
  await eventually('the replica is back', async () => (await phone.get('/readyz')).status === 200)
  // On a busy machine the replica is late for some of them.
  const again = await Promise.all(tokens.map((token) => answered(() => phone.post('/login/confirm', { token }))))
  expect(new Set(again.map(({ status }) => status))).toEqual(new Set([200]))
})

async function countOf(command: string): Promise<number> {
  const redis = new Redis(primary.url)
  const stats = await redis.info('commandstats')
  redis.disconnect()
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
}

test('who signs in has a session that a replica has, and nothing is left of the tries that were refused', async () => {
  const witness = await createPhone(service.url)
  const sessions = async (): Promise<number> => (await witness.get('/sessions')).json.sessions.length
  const before = await sessions()
  line.hang()
  const phone = createClient(service.url)
  const signIn = () => phone.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })
  await expectOnlyWithReplica(signIn, 200)
  const { id } = (await phone.get('/session')).json.session
  expect(await onReplica.get(`scanin:session:${id}`)).not.toBeNull()
  await eventually('what was refused is taken back', async () => (await sessions()) === before + 1)
})

test('who signs out or revokes is told so once a replica has it: a failover brings no session back', async () => {
  const [browser, phone, other] = [
    createClient(service.url),
    await createPhone(service.url),
    await createPhone(service.url),
  ]
  await signInBrowser(browser, phone)
  const ids = await Promise.all([browser, other].map(async (client) => (await client.get('/session')).json.session.id))
  const kept = () =>
    Promise.all(ids.map(async (id) => (await onReplica.get(`scanin:session:${id}`))?.includes('demo') ?? false))
  expect(await kept()).toEqual([true, true])
  const ends = [() => phone.delete(`/sessions/${ids[0]}`), () => other.post('/sign-out')]
  line.hang()
  for (let tries = 0; tries < 2; tries++) {
    const replies = await Promise.all(ends.map((end) => end()))
    expect(replies.map(({ status, json }) => [status, json?.code])).toEqual(Array(2).fill([503, 'store_unavailable']))
  }
  await line.mend()
  await Promise.all(ends.map((end) => eventually('it has ended', async () => (await end()).status === 204)))
  expect(await kept()).toEqual([false, false])
})

test('who removes a passkey is told so once a replica has it: a failover brings none back', async () => {
  const phone = await createPhone(service.url)
  const authenticator = createSoftwareAuthenticator({ origin: service.url })
  const attestation = authenticator.make((await phone.post('/passkeys/options')).json)
  const { id } = (await answered(() => phone.post('/passkeys', { attestation }))).json
  const isKept = async () => (await onReplica.get(`scanin:passkey:${id}`))?.includes('publicKey')
  expect(await isKept()).toBe(true)
  line.hang()
  await expectOnlyWithReplica(() => phone.delete(`/passkeys/${id}`), 204)
  expect(await isKept()).toBe(false)
})
