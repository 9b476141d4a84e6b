import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { eventually } from '../support/eventually.ts'
import { createFaultyLine, type FaultyLine } from '../support/faulty-line.ts'
import { freePort } from '../support/free-port.ts'
import { createClient, createPhone } from '../support/http-client.ts'
import { approve, startLogin } from '../support/login-flow.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { argumentsOf, makeRedisTls } from '../support/redis-tls.ts'
import { type Service, startService, startServiceProcess } from '../support/service.ts'

/** One Redis with TLS and a password, and over a socket of the file system: a login goes on after what breaks. */

const PASSWORD = 'a password / with # in it'

let folder: string
let redis: RedisServer
let line: FaultyLine
let byTls: Service
let bySocket: Service

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-tls-'))
  const socket = join(folder, 'redis.sock')
  const tls = makeRedisTls('IP:127.0.0.1')
  const tlsPort = await freePort()
  redis = await startRedis({ args: [...argumentsOf(tls.configuration(tlsPort)), '--unixsocket', socket] })
  const admin = new Redis(redis.url)
  await admin.config('SET', 'requirepass', PASSWORD)
  admin.disconnect()
  line = await createFaultyLine(tlsPort)
  ;[byTls, bySocket] = await Promise.all([
    // Whom to trust is said to a process.
    startServiceProcess({
      REDIS_URL: `rediss://127.0.0.1:${line.port}`,
      REDIS_PASSWORD: PASSWORD,
      NODE_EXTRA_CA_CERTS: tls.certificate,
    }),
    startService({ REDIS_URL: `unix:${socket}`, REDIS_PASSWORD: PASSWORD }),
  ])
})

afterAll(async () => {
  redis.thaw()
  await Promise.all([byTls.stop(), bySocket.stop()])
  await line.close()
  await redis.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A login that was approved before something broke is collected afterwards. */
async function expectSurvived({ url }: Service, fault: () => void | Promise<void>): Promise<void> {
  const [browser, phone] = [createClient(url), await createPhone(url)]
  const token = await startLogin(browser)
  await approve(phone, token)
  await fault()
  const collected = await eventually('it is collected', async () => {
    const reply = await browser.get(`/login/status/${token}`)
    return reply.status !== 503 && reply
  })
  expect(collected.json).toMatchObject({ status: 'authenticated' })
  await eventually('it is ready', async () => (await browser.get('/readyz')).status === 200)
}

test('connections by TLS that are half open are replaced', () => expectSurvived(byTls, () => line.halfOpen()))

test('connections by TLS that are reset are replaced', () => expectSurvived(byTls, () => line.drop({ by: 'RST' })))

test('one that hangs before TLS is spoken is given up, and the next one is not', () =>
  expectSurvived(byTls, async () => {
    const before = line.taken()
    line.blackHole()
    line.drop()
    // One for commands, one for notices, and one that follows.
    while (line.taken() < before + 3) await line.spoke('client')
    await line.mend()
  }))

test('a Redis that stood still is worked with again, by its socket too', () =>
  expectSurvived(bySocket, async () => {
    redis.freeze()
    const refused = await createClient(bySocket.url).post('/login', {})
    expect(refused.status).toBe(503)
    redis.thaw()
  }))
