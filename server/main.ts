/** The process: environment, configuration, store, app, listening, signals. Nothing else touches `process`. */
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import { buildApp } from './app.ts'
import { type Config, readConfig } from './config.ts'
import { ConfigError } from './environment.ts'
import { ScanInError } from './errors.ts'
import { createNetworkFailures } from './http/failure-limits.ts'
import { createMetrics } from './http/metrics.ts'
import { type Accounts, createAccounts, demoAccount } from './identity/accounts.ts'
import { AccountsFileError } from './identity/accounts-file.ts'
import { createBearerVerifiers } from './identity/bearer-verifiers.ts'
import { type LiveAccounts, openAccountsFile } from './identity/live-accounts.ts'
import { lanAddress } from './lan-address.ts'
import { ListenError, listen } from './listen.ts'
import { createLogger } from './logger.ts'
import { cryptoRandomness } from './randomness.ts'
import { openStore, StoreSettingError } from './store/open-store.ts'
import { createStoreProbe } from './store/store-probe.ts'
import { createStoreTroubles } from './store/store-troubles.ts'
import { keepTickShape } from './tick-shape.ts'
import { createTroubleLog } from './trouble-log.ts'
import { welcome } from './welcome.ts'

/** How long a start waits for its store before it listens all the same and answers 503. */
const STORE_PATIENCE_MS = 5000
/** A shutdown that takes longer is cut short. */
const SHUTDOWN_PATIENCE_MS = 9000
const MADE_PASSWORD_LENGTH = 12
/** By client address. Tokens that were good lately are not held up by others' from there. */
const REFUSED_BEARERS_PER_MINUTE = 30
/** Where no network is: the welcome says what to do. */
const LOOPBACK = '127.0.0.1'
/** What the person who starts ScanIn can mend: one line says how, and where it was thrown helps nobody. */
const THEIRS = [ConfigError, AccountsFileError, StoreSettingError, ListenError]

keepTickShape()
try {
  await start()
} catch (error) {
  const isTheirs = THEIRS.some((kind) => error instanceof kind)
  const said = error instanceof Error ? (isTheirs ? error.message : error.stack) : error
  process.stderr.write(`${said}\n`)
  process.exit(1)
}

async function start(): Promise<void> {
  const config = readConfig(process.env, lanAddress(networkInterfaces()) ?? LOOPBACK, (path) =>
    readFileSync(path, 'utf8'),
  )
  const logger = createLogger(config.logLevel)
  const { accounts, live, madePassword } = await openAccounts(config, logger)
  const storeTroubles = createStoreTroubles(config.store)
  const explain = ({ code, cause }: ScanInError) =>
    code === 'store_unavailable' ? storeTroubles.explain(cause) : undefined
  const troubles = createTroubleLog({ logger, clock: Date.now, explain })
  const { store, makeLimiter } = await openStore({
    choice: config.store,
    keyPrefix: config.keyPrefix,
    clock: Date.now,
    patienceMs: STORE_PATIENCE_MS,
    troubles: storeTroubles,
    onError: (cause) => troubles.tell(new ScanInError('store_unavailable', { cause })),
  })
  const version = readVersion()
  const metrics = config.metrics && { ...config.metrics, ...createMetrics() }
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
    troubles,
    metrics,
    webRoot: join(import.meta.dirname, '../web'),
    version,
  })

  if (metrics !== undefined) await listen({ ...metrics, variables: { host: 'METRICS_HOST', port: 'METRICS_PORT' } })
  const address = await listen({ app, ...config, variables: { host: 'HOST', port: 'PORT' } })
  logger.info({ address }, 'listening')
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

  const storeTrouble = await createStoreProbe({ store, clock: Date.now, randomness: cryptoRandomness })().then(
    () => undefined,
    (error) => explain(ScanInError.from(error))?.text ?? 'it does not answer',
  )
  process.stderr.write(welcome({ config, version, madePassword, storeTrouble }))
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

function readVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')
  const { version }: { version: string } = JSON.parse(text)
  return version
}
