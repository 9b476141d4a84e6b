// What a pending login costs Redis.
import { createLogins, keyOf, makeLogin, textOf } from '../parts/logins.mjs'
import { startRedis } from '../parts/redis.mjs'
import { startScanIn } from '../parts/service.mjs'

const LOGINS = 50_000

export async function measureRedisBytes() {
  const redis = await startRedis()
  const memory = async () => Number(/used_memory:(\d+)/.exec(await redis.client.info('memory'))[1])
  const before = await memory()
  const [first] = await createLogins(redis, LOGINS)
  const whole = ((await memory()) - before) / LOGINS
  const usage = await redis.client.memory('USAGE', keyOf(first.loginId))

  // A login that the service itself writes must cost the same, or the figures above are about something else.
  const scanIn = await startScanIn(redis)
  const reply = await fetch(`${scanIn.url}/login`, {
    method: 'POST',
    headers: { 'user-agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0.0.0' },
  })
  const { token } = await reply.json()
  const ofService = await redis.client.memory('USAGE', keyOf(token.slice(0, 16)))
  await scanIn.stop()
  await redis.stop()
  return { logins: LOGINS, jsonBytes: textOf(makeLogin().login).length, usage, ofService, whole }
}
