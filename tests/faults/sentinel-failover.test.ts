import { expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { eventually } from '../support/eventually.ts'
import { answered, createClient, createPhone } from '../support/http-client.ts'
import { approve, startLogin } from '../support/login-flow.ts'
import { startRedis } from '../support/redis-server.ts'
import { startSentinelSet } from '../support/sentinel.ts'
import { startServiceProcess } from '../support/service.ts'

test('a login that was approved before the primary died is collected after the failover', async () => {
  const set = await startSentinelSet()
  const { primary, replica } = set
  const service = await startServiceProcess({
    ...{ ...set.env, REDIS_WAIT_REPLICAS: '1' },
    // The login must outlast the failover, however long that takes.
    COLLECT_SECONDS: '600',
  })
  const [browser, phone] = [createClient(service.url), await createPhone(service.url)]
  const token = await startLogin(browser)
  await approve(phone, token)

  await primary.stop()
  // 503 until the Sentinel has made the replica a primary, and 200 once it has; no other answer.
  const outage = await browser.get(`/login/status/${token}`, { cookie: '' })
  expect([200, 503]).toContain(outage.status)
  await eventually('the service has found the new primary', async () => (await phone.get('/session')).status === 200)

  // Sessions are known, but nobody can sign in: approvals wait for a replica that is not there.
  expect((await browser.get('/readyz')).status).toBe(503)
  // The replica has the approval; the browser's session now waits for a replica that is not there, and is not promised.
  expect((await browser.get(`/login/status/${token}`)).status).toBe(503)
  const spare = await startRedis({ args: ['--replicaof', `127.0.0.1 ${replica.port}`] })
  const collected = await eventually('the session is safe on two', async () => {
    const reply = await browser.get(`/login/status/${token}`)
    return reply.status === 200 ? reply : undefined
  })
  expect(collected.json).toMatchObject({ status: 'authenticated' })
  expect((await answered(() => browser.get('/session'))).status).toBe(200)

  await service.stop()
  await Promise.all([set.stop(), spare.stop()])
})

test('a primary that stood still while another took its place gets no write, and loses none, when it moves again', async () => {
  const set = await startSentinelSet()
  const service = await startServiceProcess(set.env)
  const [browser, phone] = [createClient(service.url), await createPhone(service.url)]
  const before = await startLogin(browser)
  await eventually('the replica has it', async () => (await keysOf(set.replica.url)).length > 0)

  set.primary.freeze()
  await eventually('the replica takes over', async () => (await set.primaryPort()) === set.replica.port)
  await eventually('the service has found it', async () => (await browser.get('/readyz')).status === 200)
  const after = await startLogin(browser)
  set.primary.thaw()
  await approve(phone, before)
  await approve(phone, after)
  for (const token of [before, after]) {
    const collected = await answered(() => browser.get(`/login/status/${token}`))
    expect(collected.json).toMatchObject({ status: 'authenticated' })
  }
  await eventually('the old primary follows', async () => (await roleOf(set.primary.url)) === 'slave')
  expect((await answered(() => browser.get('/session'))).status).toBe(200)
  await eventually('it is ready', async () => (await browser.get('/readyz')).status === 200)

  await service.stop()
  await set.stop()
})

async function withRedis<T>(url: string, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url)
  try {
    return await ask(redis)
  } finally {
    redis.disconnect()
  }
}

function keysOf(url: string): Promise<string[]> {
  return withRedis(url, (redis) => redis.keys('*login*'))
}

async function roleOf(url: string): Promise<string> {
  return withRedis(url, async (redis) => String((await redis.role())[0]))
}
