import { beforeAll, test } from '@jest/globals'
import { startProcess } from '../support/child-process.ts'
import { startNginx } from '../support/nginx.ts'
import { startRedis } from '../support/redis-server.ts'

// Run by left-running.test.ts: a test file that starts processes and fails before it has a way to stop them.

beforeAll(async () => {
  const redis = await startRedis()
  const nginx = await startNginx((port) => `server { listen 127.0.0.1:${port}; }`)
  const sleeper = startProcess('sleep', ['3600'])
  throw new Error(`left running: ${redis.port} ${nginx.port} ${sleeper.child.pid}.`)
})

test('is never reached', () => undefined)
