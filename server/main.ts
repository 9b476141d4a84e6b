/** The process: environment, configuration, store, app, listening, signals. Nothing else touches `process`. */
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible'
import { buildApp } from './app.ts'
import { type Config, readConfig } from './config.ts'
import { ConfigError } from './environment.ts'
import { createNetworkFailures } from './http/failure-limits.ts'
import { createMetrics } from './http/metrics.ts'
import type { MakeLimiter } from './http/rate-limits.ts'
import { type Accounts, createAccounts, demoAccount } from './identity/accounts.ts'
import { AccountsFileError } from './identity/accounts-file.ts'
import { createBearerVerifiers } from './identity/bearer-verifiers.ts'
import { type LiveAccounts, openAccountsFile } from './identity/live-accounts.ts'
import { createLogger } from './logger.ts'
import { cryptoRandomness } from './randomness.ts'
import { createMemoryStore } from './store/memory-store.ts'
import type { RecordStore } from './store/record-store.ts'
import { connectRedis, whenReady } from './store/redis-connection.ts'
import { createRedisStore } from './store/redis-store.ts'
import { keepTickShape } from './tick-shape.ts'
import { welcome } from './welcome.ts'

/** How long a start waits for its store before it listens all the same and answers 503. */
const STORE_PATIENCE_MS = 5000
/** A shutdown that takes longer is cut short. */
const SHUTDOWN_PATIENCE_MS = 9000
const MADE_PASSWORD_LENGTH = 12
/** By client address. Tokens that were good lately are not held up by others' from there. */
const REFUSED_BEARERS_PER_MINUTE = 30

keepTickShape()
try {
  await start()
} catch (error) {
  const isTheirs = error instanceof ConfigError || error instanceof AccountsFileError
  process.stderr.write(isTheirs ? `${error.message}\n` : `${error instanceof Error ? error.stack : error}\n`)
  process.exit(1)
}

async function start(): Promise<void> {
  const config = readConfig(process.env, lanAddress(), (path) => readFileSync(path, 'utf8'))
  const logger = createLogger(config.logLevel)
  const { accounts, live, madePassword } = await openAccounts(config, logger)
  const { store, makeLimiter } = await openStore(config, (error) => logger.warn({ err: error }, 'store connection'))
  const version = readVersion()
  const metrics = config.metricsPort === undefined ? undefined : createMetrics()
  const app = await buildApp({
    config,
    store,
    makeLimiter,
    verifyPassword: accounts.verifyPassword,
    currentPerson: accounts.currentPerson,
    bearerVerifiers: createBearerVerifiers({
      config,
      clock: Date.now,
      failures: createNetworkFailures(makeLimiter, 'bearers', REFUSED_BEARERS_PER_MINUTE),
    }),
    clock: Date.now,
    randomness: cryptoRandomness,
    logger,
    metrics,
    webRoot: join(import.meta.dirname, '../web'),
    version,
  })

  const address = await app.listen({ host: config.host, port: config.port })
  logger.info({ address }, 'listening')
  if (config.metricsPort !== undefined) await metrics?.app.listen({ host: config.host, port: config.metricsPort })
  const isStoreReachable = await store.ping().then(
    () => true,
    () => false,
  )
  process.stderr.write(welcome({ config, version, madePassword, isStoreReachable }))

  const stop = async (signal: string) => {
    logger.info({ signal }, 'stopping')
    setTimeout(() => process.exit(1), SHUTDOWN_PATIENCE_MS).unref()
    live?.close()
    await Promise.all([app.close(), metrics?.app.close()])
    await store.close()
    process.exit(0)
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

interface OpenedAccounts {
  accounts: Accounts
  /** Of an accounts file. */
  live?: LiveAccounts
  madePassword: string | undefined
}

async function openAccounts({ accounts: where }: Config, logger: FastifyBaseLogger): Promise<OpenedAccounts> {
  if (where.kind === 'file') {
    const live = await openAccountsFile({ path: where.path, logger })
    process.on('SIGHUP', live.reload)
    return { accounts: live, live, madePassword: undefined }
  }
  const madePassword = where.password === undefined ? cryptoRandomness.text(MADE_PASSWORD_LENGTH) : undefined
  const demo = await demoAccount(where.password ?? madePassword ?? '', { isMade: madePassword !== undefined })
  return { accounts: await createAccounts([demo]), madePassword }
}

async function openStore(
  { store, keyPrefix }: Config,
  onError: (error: Error) => void,
): Promise<{ store: RecordStore; makeLimiter: MakeLimiter }> {
  if (store.kind === 'embedded') {
    const makeLimiter: MakeLimiter = (name, points, duration) =>
      new RateLimiterMemory({ keyPrefix: name, points, duration })
    return { store: createMemoryStore({ clock: Date.now }), makeLimiter }
  }
  const client = connectRedis(store.place, onError)
  const subscriber = connectRedis(store.place, onError)
  await Promise.all([whenReady(client, STORE_PATIENCE_MS), whenReady(subscriber, STORE_PATIENCE_MS)])
  const makeLimiter: MakeLimiter = (name, points, duration) =>
    new RateLimiterRedis({ storeClient: client, keyPrefix: `${keyPrefix}rate:${name}`, points, duration })
  return { store: createRedisStore({ client, subscriber, keyPrefix, waitReplicas: store.waitReplicas }), makeLimiter }
}

/** The address by which a phone on the same network reaches this machine. */
function lanAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1'
}

function readVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')
  const { version }: { version: string } = JSON.parse(text)
  return version
}
