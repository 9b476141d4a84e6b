import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { answered, type Client, createClient, createPhone } from '../support/http-client.ts'
import { approve, scan, startLogin } from '../support/login-flow.ts'
import { type ClusterNode, type RedisCluster, startCluster } from '../support/redis-cluster.ts'
import { ROOT, type Service, startService } from '../support/service.ts'

/** A Cluster of three masters and three replicas, each login's writes waited for until a replica has them. */

let cluster: RedisCluster
let service: Service

beforeAll(async () => {
  cluster = await startCluster(3, { replicas: 1 })
  // Long enough to collect after a failover, however long that takes.
  service = await startService({ ...cluster.env, REDIS_WAIT_REPLICAS: '1', COLLECT_SECONDS: '600' })
})

afterAll(async () => {
  await service.stop()
  await cluster.stop()
})

function keyOf(token: string): string {
  return `scanin:login:${token.split('.')[0]}`
}

async function expectCollected(browser: Client, token: string): Promise<void> {
  const reply = await eventually('the browser is told', async () => {
    const answer = await browser.get(`/login/status/${token}`)
    return answer.status !== 503 && answer
  })
  expect(reply.json).toMatchObject({ status: 'authenticated' })
  expect((await answered(() => browser.get('/session'))).status).toBe(200)
}

async function replicasOf(master: ClusterNode): Promise<ClusterNode[]> {
  const text = `${await master.client.call('CLUSTER', 'REPLICAS', master.id)}`
  return cluster.nodes.filter(({ id }) => text.includes(id))
}

test('what is answered is on a replica of the node that has the key', async () => {
  const [browser, phone] = [createClient(service.url), await createPhone(service.url)]
  for (let logins = 0; logins < 6; logins++) {
    const token = await startLogin(browser)
    await approve(phone, token)
    const master = await cluster.masterOf(keyOf(token))
    const replica = await eventually('its replica is known', async () => (await replicasOf(master))[0])
    await replica.client.readonly()
    const [there, here] = [await replica.client.get(keyOf(token)), await master.client.get(keyOf(token))]
    expect(there).toBe(here)
    await expectCollected(browser, token)
  }
})

test('without the replica of the node that has it, a confirm is refused, the second time too', async () => {
  const phone = await createPhone(service.url)
  const token = await startLogin(createClient(service.url))
  await scan(phone, token)
  const [replica] = await replicasOf(await cluster.masterOf(keyOf(token)))
  replica?.freeze()
  for (let tries = 0; tries < 2; tries++) {
    expect((await phone.post('/login/confirm', { token })).status).toBe(503)
  }
  replica?.thaw()
  await eventually('it is confirmed', async () => (await phone.post('/login/confirm', { token })).status === 200)
})

test('the user that docs/operations.md makes is enough for a Cluster too', async () => {
  const docs = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8')
  const [, rights = ''] = /^ACL SETUSER scanin on >PASSWORD (.+)$/m.exec(docs) ?? []
  const [, more = ''] = /In a Cluster also `([^`]+)`/.exec(docs) ?? []
  for (const { client } of cluster.nodes) {
    await client.call('ACL', 'SETUSER', 'scanin', 'on', '>pw', ...`${rights} ${more}`.split(' '))
  }
  const limited = await startService({
    ...cluster.env,
    REDIS_USERNAME: 'scanin',
    REDIS_PASSWORD: 'pw',
    REDIS_WAIT_REPLICAS: '1',
  })
  const [browser, phone] = [createClient(limited.url), await createPhone(limited.url)]
  const token = await startLogin(browser)
  await approve(phone, token)
  await expectCollected(browser, token)
  await eventually('it is ready', async () => (await browser.get('/readyz')).status === 200)
  await limited.stop()
})

test('logins go on while their slot moves to another node', async () => {
  const [browser, phone] = [createClient(service.url), await createPhone(service.url)]
  const token = await startLogin(browser)
  await scan(phone, token)
  const status = () => answered(() => browser.get(`/login/status/${token}`))
  const key = keyOf(token)
  const [from, slot] = [await cluster.masterOf(key), await cluster.slotOf(key)]
  const to = await otherMaster(from)
  await to.client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id)
  await from.client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id)
  expect((await status()).json).toMatchObject({ status: 'scanned' })
  // The record has gone ahead of its slot.
  await from.client.call('MIGRATE', '127.0.0.1', to.port, key, 0, 5000)
  expect((await status()).json).toMatchObject({ status: 'scanned' })
  const confirmed = await answered(() => phone.post('/login/confirm', { token }))
  expect(confirmed.json).toEqual({ status: 'authenticated' })
  for (const node of [to, from]) await node.client.call('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
  await expectCollected(browser, token)
})

async function otherMaster(than: ClusterNode): Promise<ClusterNode> {
  const roles = await Promise.all(cluster.nodes.map(async (node) => ({ node, role: (await node.client.role())[0] })))
  const other = roles.find(({ node, role }) => role === 'master' && node.id !== than.id)
  if (other === undefined) throw new Error('there is one master')
  return other.node
}

test('a master that stood still while its replica took over is found out, and what was confirmed is collected', async () => {
  const [browser, phone] = [createClient(service.url), await createPhone(service.url)]
  const token = await startLogin(browser)
  await approve(phone, token)
  const old = await cluster.masterOf(keyOf(token))
  old.freeze()
  await eventually('a replica takes over', async () => (await cluster.masterOf(keyOf(token))).id !== old.id)
  old.thaw()
  await expectCollected(browser, token)
})

test('a master that is killed is survived: what was confirmed is collected', async () => {
  // Nobody could promise anything of its slots with one replica more than there is.
  const lenient = await startService({ ...cluster.env, COLLECT_SECONDS: '600' })
  const [browser, phone] = [createClient(lenient.url), await createPhone(lenient.url)]
  const token = await startLogin(browser)
  await approve(phone, token)
  const old = await cluster.masterOf(keyOf(token))
  await eventually('its replica is in step', async () => /state=online/.test(await old.client.info('replication')))
  await old.stop()
  await expectCollected(browser, token)
  await lenient.stop()
})
