import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { eventually } from '../support/eventually.ts'
import { createClient, createPhone } from '../support/http-client.ts'
import { type RedisWithAClock, startRedisWithAClock } from '../support/redis-with-a-clock.ts'
import { type Service, startService } from '../support/service.ts'

/** Two instances on a Redis whose clock is set ahead: keys that sign for a day are published for half of it before. */

const HOUR = 3600

let redis: RedisWithAClock
let services: Service[] = []

const start = () =>
  startService({
    REDIS_URL: redis.url,
    TOKEN_AUDIENCES: 'orders',
    KEY_ROTATION_DAYS: '1',
    PUBLIC_URL: 'http://scanin.test',
  })

beforeAll(async () => {
  redis = await startRedisWithAClock()
  services = [await start(), await start()]
})
afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()))
  await redis?.stop()
})

/** An instance knows of the time at its start at the latest. */
async function restart(at: number): Promise<void> {
  await services[at]?.stop()
  services[at] = await start()
}

const urlOf = (at: number) => services[at]?.url ?? ''
const keysAt = async (at: number): Promise<JSONWebKeySet> =>
  (await createClient(urlOf(at)).get('/.well-known/jwks.json')).json
const namesAt = async (at: number) => (await keysAt(at)).keys.map(({ kid }) => kid)

async function tokenAt(at: number): Promise<string> {
  const phone = await createPhone(urlOf(at), 'http://scanin.test')
  return (await phone.post('/session/token')).json.access_token
}

const keyOf = (token: string) => decodeProtectedHeader(token).kid
/** At the time that the instance takes it to be. */
const verify = (token: string, keys: JSONWebKeySet) =>
  jwtVerify(token, createLocalJWKSet(keys), { currentDate: new Date((decodeJwt(token).iat ?? 0) * 1000) })

test('keys change without a gap, on all instances and across restarts', async () => {
  const early = await keysAt(1)
  expect(early.keys).toHaveLength(1)
  const first = await tokenAt(0)
  await verify(first, early)

  redis.setAhead(13 * HOUR)
  await restart(0)
  const published = await keysAt(0)
  expect(published.keys).toHaveLength(2)
  await eventually('the other instance publishes it too', async () => (await namesAt(1)).length === 2)
  expect(await keysAt(1)).toEqual(published)
  // Who has asked long ago still knows the key: it is the old one that signs.
  for (const at of [0, 1]) await verify(await tokenAt(at), early)

  // The next one signs half a day after it was published.
  redis.setAhead(25 * HOUR - 600)
  await restart(1)
  const last = await tokenAt(1)
  expect(keyOf(last)).toBe(keyOf(first))

  redis.setAhead(25 * HOUR + 60)
  await restart(0)
  const next = await tokenAt(0)
  expect(keyOf(next)).not.toBe(keyOf(first))
  await verify(next, published)
  // The old one is published for as long as a token by it is good.
  await verify(last, await keysAt(0))

  redis.setAhead(25 * HOUR + 600)
  await restart(1)
  expect(await namesAt(1)).toEqual([keyOf(next)])
  expect(keyOf(await tokenAt(1))).toBe(keyOf(next))
})
