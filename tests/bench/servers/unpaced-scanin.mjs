// ScanIn with an interval of a millisecond instead of two seconds, so that a hundred logins can be polled thousands of
// times a second. For the growth figures alone; everything else is measured on the service as `npm start` runs it.
import { join } from 'node:path'
import { ROOT } from '../parts/service.mjs'
import '../../support/typescript.mjs'

const INTERVAL_SECONDS = 0.001
const source = (path) => import(join(ROOT, 'server', path))
const { buildApps } = await source('app.ts')
const { readWeb } = await source('http/built-web.ts')
const { readAllConfig } = await source('config/config.ts')
const { createLogger } = await source('log/logger.ts')
const { cryptoRandomness } = await source('randomness.ts')
const { connectRedis } = await source('store/redis-connection.ts')
const { createRedisStore } = await source('store/redis-store.ts')
const { keepTickShape } = await source('start/tick-shape.ts')

keepTickShape()
const { config } = readAllConfig({ ...process.env, RATE_LOGINS_PER_MINUTE: '0' }, '127.0.0.1', () => '')
const connections = connectRedis(config.store.place, { onError: console.error })
await connections.whenReady(5000)
const { app } = await buildApps({
  config: { ...config, pace: { ...config.pace, interval: INTERVAL_SECONDS } },
  store: createRedisStore({ ...connections, keyPrefix: config.keyPrefix }),
  storeUse: () => 0,
  makeLimiter: () => undefined,
  verifyPassword: async () => undefined,
  currentPerson: (user) => user,
  hasEnded: () => false,
  accountOf: () => undefined,
  usernameOf: () => undefined,
  bearerVerifiers: [],
  clock: Date.now,
  randomness: cryptoRandomness,
  logger: createLogger('silent'),
  mostConnections: 150_000,
  busySince: () => 0,
  web: readWeb(join(ROOT, 'dist/web')),
  version: '0.0.0',
})
await app.listen({ host: '127.0.0.1', port: config.port })
console.log('listening')
