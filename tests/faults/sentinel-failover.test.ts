import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { findProgram, startProcess, untilReady } from '../support/child-process.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { createClient, createPhone } from '../support/http-client.ts'
import { approve, startLogin } from '../support/login-flow.ts'
import { startRedis } from '../support/redis-server.ts'
import { startServiceProcess } from '../support/service.ts'

/** A Sentinel that needs nobody else's vote, and gives a primary up after half a second. */
async function startSentinel(primaryPort: number) {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'scanin-sentinel-'))
  const file = join(folder, 'sentinel.conf')
  writeFileSync(
    file,
    `port ${port}\nbind 127.0.0.1\ndir ${folder}\nsentinel monitor main 127.0.0.1 ${primaryPort} 1\n` +
      'sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 2000\n',
  )
  const running = startProcess(findProgram('REDIS_SERVER', 'redis-server'), [file, '--sentinel'])
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50 })
  client.on('error', () => undefined)
  await untilReady(running, () =>
    client.ping().then(
      () => true,
      () => false,
    ),
  )
  return {
    port,
    client,
    async stop() {
      client.disconnect()
      await running.stop('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

test('a login that was approved before the primary died is collected after the failover', async () => {
  const primary = await startRedis()
  const replica = await startRedis({ args: ['--replicaof', `127.0.0.1 ${primary.port}`] })
  const sentinel = await startSentinel(primary.port)
  await eventually('the Sentinel knows the replica', async () => {
    const replicas = await sentinel.client.call('SENTINEL', 'REPLICAS', 'main')
    return JSON.stringify(replicas).includes(String(replica.port)) && JSON.stringify(replicas).includes('"ok"')
  })
  const service = await startServiceProcess({
    REDIS_SENTINELS: `127.0.0.1:${sentinel.port}`,
    REDIS_SENTINEL_NAME: 'main',
    REDIS_WAIT_REPLICAS: '1',
  })
  const [browser, phone] = [createClient(service.url), await createPhone(service.url)]
  const token = await startLogin(browser)
  await approve(phone, token)

  await primary.stop()
  // Until the Sentinel has made the replica a primary: 503, and no other answer.
  const outage = await browser.get(`/login/status/${token}`, { cookie: '' })
  expect([200, 503]).toContain(outage.status)
  await eventually('the service has found the new primary', async () => (await phone.get('/session')).status === 200)

  // Who is signed in is known, and nobody can be: approvals wait for a replica that is not there.
  expect((await browser.get('/readyz')).status).toBe(503)
  // The replica has the approval; the browser's session now waits for a replica that is not there, and is not promised.
  expect((await browser.get(`/login/status/${token}`)).status).toBe(503)
  const spare = await startRedis({ args: ['--replicaof', `127.0.0.1 ${replica.port}`] })
  const collected = await eventually('the session is safe on two', async () => {
    const reply = await browser.get(`/login/status/${token}`)
    return reply.status === 200 ? reply : undefined
  })
  expect(collected.json).toMatchObject({ status: 'authenticated' })
  expect((await browser.get('/session')).status).toBe(200)

  await service.stop()
  await Promise.all([sentinel.stop(), replica.stop(), spare.stop()])
})
