import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { freePort } from '../support/free-port.ts'
import { createClient, createPhone } from '../support/http-client.ts'
import { signInBrowser } from '../support/login-flow.ts'
import { type RedisCluster, startCluster } from '../support/redis-cluster.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { argumentsOf, makeRedisTls, type RedisTls } from '../support/redis-tls.ts'
import { type Sentinel, startSentinel } from '../support/sentinel.ts'
import { startService, startServiceProcess, tryToStart } from '../support/service.ts'

/** A Cluster, and a primary behind a Sentinel, that speak TLS by a certificate for the name `localhost` alone. */

let tls: RedisTls

beforeAll(() => {
  tls = makeRedisTls('DNS:localhost')
})

/** Whom to trust is said to a process. */
async function expectToWork(env: Record<string, string>): Promise<void> {
  const service = await startServiceProcess({ ...env, NODE_EXTRA_CA_CERTS: tls.certificate })
  const browser = createClient(service.url)
  await signInBrowser(browser, await createPhone(service.url))
  expect((await browser.get('/readyz')).status).toBe(200)
  expect(await service.stop()).toBe(0)
}

describe('a Cluster', () => {
  let cluster: RedisCluster

  beforeAll(async () => {
    cluster = await startCluster(1, { replicas: 1, tls })
  })
  afterAll(() => cluster.stop())

  test('signs people in, with replicas that are waited for too', async () => {
    await expectToWork(cluster.env)
    await expectToWork({ ...cluster.env, REDIS_WAIT_REPLICAS: '1' })
  })

  test('whose certificate nobody trusts is refused at the start', async () => {
    const { code, said } = await tryToStart(cluster.env)
    expect(code).toBe(1)
    const lines = said.split('\n').filter((line) => line.startsWith('Redis'))
    expect(lines).toEqual([expect.stringMatching(/certificate that is not trusted.*REDIS_CLUSTER/)])
  })

  test('whose certificate is for another name is refused at the start', () =>
    expect(
      startServiceProcess({
        REDIS_CLUSTER: cluster.env.REDIS_CLUSTER.replaceAll('localhost', '127.0.0.1'),
        NODE_EXTRA_CA_CERTS: tls.certificate,
      }),
    ).rejects.toThrow('ERR_TLS_CERT_ALTNAME_INVALID'))
})

describe('behind a Sentinel', () => {
  let primary: RedisServer
  let sentinel: Sentinel
  let env: Record<string, string>

  beforeAll(async () => {
    const [tlsPort, sentinelPort] = [await freePort(), await freePort()]
    primary = await startRedis({ args: argumentsOf(tls.configuration(tlsPort)) })
    const lines = Object.entries({
      ...tls.configuration(sentinelPort),
      ...{ 'sentinel resolve-hostnames': 'yes', 'sentinel announce-hostnames': 'yes' },
    })
    sentinel = await startSentinel(tlsPort, { host: 'localhost', lines: lines.map((line) => line.join(' ')) })
    env = { REDIS_SENTINELS: `rediss://localhost:${sentinelPort}`, REDIS_SENTINEL_NAME: 'main' }
  })
  afterAll(() => Promise.all([sentinel.stop(), primary.stop()]))

  test('people are signed in', () => expectToWork(env))

  test('nothing is asked of one whose certificate nobody trusts, and a line says whose authority to name', async () => {
    const service = await startService(env)
    expect((await createClient(service.url).get('/readyz')).status).toBe(503)
    expect(service.stdout()).toMatch(/"trouble":"redis_sentinels".*NODE_EXTRA_CA_CERTS/)
    await service.stop()
  })
})
