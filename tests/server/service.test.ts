import { expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { startService } from '../../server/service.ts'
import { eventually } from '../support/eventually.ts'
import { startRedis } from '../support/redis-server.ts'

test('a start that fails once its store is open keeps no connection to it', async () => {
  const redis = await startRedis()
  const admin = new Redis(redis.url)
  const env = { REDIS_URL: redis.url, HOST: '127.0.0.1', PUBLIC_URL: 'http://127.0.0.1:3000', DEMO_PASSWORD: 'x' }
  // Run from its sources it finds nothing that was built.
  await expect(startService({ env, networks: {}, logTo: { write: () => undefined } })).rejects.toThrow('ENOENT')
  expect(await admin.info('stats')).not.toContain('total_connections_received:1\r\n')
  await eventually('nobody but this test is connected', async () =>
    /connected_clients:1\r\n/.test(await admin.info('clients')),
  )
  admin.disconnect()
  await redis.stop()
})
