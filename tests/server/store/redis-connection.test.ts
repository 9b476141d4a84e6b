import { expect, test } from '@jest/globals'
import { connectRedis } from '../../../server/store/redis-connection.ts'
import { eventually } from '../../support/eventually.ts'
import { freePort } from '../../support/free-port.ts'
import { PATIENCE_MS } from '../../support/patience.ts'
import { placeOf, startRedis } from '../../support/redis-server.ts'

test('a connection that is called off while it is being made is made again, until it is closed', async () => {
  const redis = await startRedis()
  const connections = connectRedis(placeOf(redis.url), { onError: () => undefined })
  const { client } = connections
  // What a Sentinel's word of a new primary does at this moment.
  client.disconnect(true)
  await eventually('ioredis has given up', () => client.status === 'end')
  await eventually('it is there all the same', () => client.status === 'ready')
  expect(await client.ping()).toBe('PONG')
  connections.close()
  await eventually('it is closed', () => client.status === 'end')
  await redis.stop()
})

test.each([
  "READONLY You can't write against a read only replica.",
  "READONLY You can't write against a read only replica script: 0a1b, on @user_script:29.",
  // Before Redis 7, where a script gives it back, and where it ends by it.
  "@user_script: 29: -READONLY You can't write against a read only replica.",
  "ERR Error running script (call to f_0a1b): @user_script:15: @user_script: 15: -READONLY You can't write against a read only replica.",
])('a connection that refuses writes as a replica is made anew where there is a primary: %s', async (words) => {
  const redis = await startRedis()
  const connections = connectRedis(placeOf(redis.url), { onError: () => undefined })
  await connections.whenReady(PATIENCE_MS)
  const { client } = connections
  const before = await client.call('CLIENT', 'ID')
  await expect(client.call('EVAL', 'return {err = ARGV[1]}', '0', words)).rejects.toThrow('READONLY')
  await eventually('it is another', async () => (await client.call('CLIENT', 'ID').catch(() => before)) !== before)
  connections.close()
  await redis.stop()
})

test('whoever waits for a connection waits no longer than until it is closed', async () => {
  const connections = connectRedis(placeOf(`redis://127.0.0.1:${await freePort()}`), { onError: () => undefined })
  let waiting = 0
  const wait = async () => {
    waiting++
    await connections.whenReady(2 * PATIENCE_MS)
    waiting--
  }
  void wait()
  connections.close()
  void wait()
  await eventually('nobody waits', () => waiting === 0)
})
