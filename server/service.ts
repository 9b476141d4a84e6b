import { readFileSync } from 'node:fs'
import type { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { getHeapStatistics } from 'node:v8'
import type { DestinationStream, Logger } from 'pino'
import { type BuiltApps, buildApps } from './app.ts'
import type { AppOptions } from './app-options.ts'
import { createProcessClock } from './clock.ts'
import { type Config, readAllConfig } from './config/config.ts'
import { ConfigError, type EnvironmentReader } from './config/environment.ts'
import { ScanInError } from './errors.ts'
import { readWeb } from './http/built-web.ts'
import { createNetworkFailures } from './http/failure-limits.ts'
import { createLoopUse } from './http/loop-use.ts'
import { createMetrics } from './http/metrics.ts'
import { type Accounts, createAccounts, demoAccount } from './identity/accounts.ts'
import { createBearerVerifiers } from './identity/bearer-verifiers.ts'
import { createLogger } from './log/logger.ts'
import { createTroubleLog, type Trouble, type TroubleLog } from './log/trouble-log.ts'
import { type NamedFiles, openNamedFiles } from './named-files.ts'
import { cryptoRandomness } from './randomness.ts'
import { showService } from './service-numbers.ts'
import { mostConnections, openFilesOf } from './start/connection-limit.ts'
import { lanAddress } from './start/lan-address.ts'
import { ListenError, listen } from './start/listen.ts'
import { welcome } from './start/welcome.ts'
import { measureStore } from './store/measured-store.ts'
import { type OpenedStore, openStore } from './store/open-store.ts'
import { createStoreProbe } from './store/store-probe.ts'
import { StoreSettingError } from './store/store-setting-error.ts'
import { createStoreTroubles } from './store/store-troubles.ts'

/** How long a start waits for its store before it listens all the same and answers 503. */
const STORE_PATIENCE_MS = 5000
const MADE_PASSWORD_LENGTH = 12
/** By client address. Tokens that were good lately are not held up by others' from there. */
const REFUSED_BEARERS_PER_MINUTE = 30
/** The address to show where this machine is in no network: the welcome says what to do. */
const LOOPBACK = '127.0.0.1'
/** Counts milliseconds evenly, whatever anybody sets. */
const steady = () => performance.now()
/** Errors that the person who starts ScanIn can mend: a line says how, and a stack would not help. */
const THEIRS = [ConfigError, StoreSettingError, ListenError]

export interface ServiceOptions extends Pick<AppOptions, 'schemaController'> {
  env: Record<string, string | undefined>
  /** Of this machine: one of their addresses is the public URL's where none is set. */
  networks: ReturnType<typeof networkInterfaces>
  /** Given, once files were read, what reads the followed ones again, and returns `false` where there are none. */
  onReloadable?: (reload: () => boolean) => void
  /** Called, once the log says why, where this process can use its store no more, but a new process can. */
  onStoreLost?: () => void
  /** Where the log's lines go. */
  logTo: DestinationStream
}

export interface RunningService {
  /** What the person who started it reads, once the store has been tried. */
  welcome: Promise<string>
  /** Answers what is held, takes nothing new, lets go of everything. */
  stop(): Promise<void>
}

/** What to tell whoever started a service that did not start: a line for what they can mend, else where it broke. */
export function whyNotStarted(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return THEIRS.some((kind) => error instanceof kind) ? error.message : String(error.stack)
}

/**
 * The whole service, listening: configuration, accounts, store, app, put together from an environment. Of a start that
 * fails nothing stays open.
 * @throws ConfigError, StoreSettingError, ListenError: see `whyNotStarted`
 */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const { env, networks, logTo } = options
  const { config, reader } = readAllConfig(env, lanAddress(networks) ?? LOOPBACK, (path) => readFileSync(path, 'utf8'))
  const logger = createLogger(config.logLevel, logTo)
  const mine: Belongings = { followed: [], apps: [], store: undefined }
  try {
    return await openService({ ...options, config, reader, logger, mine })
  } catch (error) {
    await letGo(mine, logger)
    throw error
  }
}

/** What a start has opened so far. */
interface Belongings {
  followed: NamedFiles['followed']
  apps: readonly (BuiltApps['app'] | undefined)[]
  store: OpenedStore['store'] | undefined
}

/** Closes the store last, as the others use it to their end. A part that cannot be closed keeps no other open. */
async function letGo({ followed, apps, store }: Belongings, logger: Logger): Promise<void> {
  for (const file of followed) file.close()
  const ends = await Promise.allSettled(apps.map((app) => app?.close()))
  const last = await Promise.allSettled([store?.close()])
  for (const end of [...ends, ...last]) if (end.status === 'rejected') logger.error({ err: end.reason }, 'not closed')
}

interface OpeningOptions extends ServiceOptions {
  config: Config
  reader: EnvironmentReader
  logger: Logger
  /** Gets whatever is opened, as soon as it is. */
  mine: Belongings
}

async function openService(options: OpeningOptions): Promise<RunningService> {
  const { config, reader, logger, mine, onReloadable, schemaController } = options
  const files = await openNamedFiles({ config, reader, logger, steady })
  mine.followed = files.followed
  onReloadable?.(() => readAgain(files, logger))
  const { accounts, madePassword } = await openAccounts(config, files.accounts)

  const { opened, troubles, explain } = await openChosenStore(options)
  mine.store = opened.store
  const { clock, makeLimiter } = opened
  const version = readVersion()
  const metrics = config.metrics || config.admin ? createMetrics() : undefined
  const kindOf = (error: unknown) => explain(ScanInError.from(error))?.kind ?? 'other'
  const store = metrics ? measureStore(opened.store, showService({ metrics, version, kindOf })) : opened.store

  const failures = createNetworkFailures(makeLimiter, 'bearers', REFUSED_BEARERS_PER_MINUTE)
  const apps = await buildApps({
    config,
    version,
    ...ofAccounts(accounts, files),
    ...ofFiles(files),
    ...createBearerVerifiers({ config, clock, failures }),
    store,
    storeUse: opened.use,
    makeLimiter,
    clock,
    randomness: cryptoRandomness,
    logger,
    troubles,
    metrics,
    schemaController,
    busySince: createLoopUse(),
    mostConnections: mostConnections({ heapBytes: getHeapStatistics().heap_size_limit, openFiles: readOpenFiles() }),
    web: readWeb(join(import.meta.dirname, '../web')),
  })
  mine.apps = Object.values(apps)
  await openPorts(apps, config, logger)

  const told = wordsForStore(createStoreProbe({ store, clock, randomness: cryptoRandomness }), explain)
  return {
    welcome: told.then((storeTrouble) => welcome({ config, version, madePassword, storeTrouble })),
    async stop() {
      logger.info('stopping')
      await letGo(mine, logger)
    },
  }
}

interface ChosenStore {
  opened: OpenedStore
  /** Where its troubles are told, among others. */
  troubles: TroubleLog
  explain: Explain
}

/** Words for an error that is the store's. */
type Explain = (error: ScanInError) => Trouble | undefined

async function openChosenStore({
  config,
  logger,
  onStoreLost,
}: Pick<OpeningOptions, 'config' | 'logger' | 'onStoreLost'>): Promise<ChosenStore> {
  const storeTroubles = createStoreTroubles(config.store, config.keyPrefix)
  const explain: Explain = ({ code, cause }) =>
    code === 'store_unavailable' ? storeTroubles.explain(cause) : undefined
  const clock = createProcessClock({ wall: Date.now, steady })
  const troubles = createTroubleLog({ logger, clock, explain })
  const opened = await openStore({
    choice: config.store,
    keyPrefix: config.keyPrefix,
    clock,
    wall: Date.now,
    steady,
    patienceMs: STORE_PATIENCE_MS,
    troubles: storeTroubles,
    onError: (cause) => troubles.tell(new ScanInError('store_unavailable', { cause })),
    onLost(cause) {
      const trouble = storeTroubles.explain(cause)
      logger.fatal({ trouble: trouble?.kind }, trouble?.text)
      onStoreLost?.()
    },
  })
  return { opened, troubles, explain }
}

/** Tries the store. @returns what is wrong with it; `undefined`: nothing */
async function wordsForStore(probe: () => Promise<void>, explain: Explain): Promise<string | undefined> {
  try {
    await probe()
    return undefined
  } catch (error) {
    return explain(ScanInError.from(error))?.text ?? 'it does not answer'
  }
}

/** Opens the people's port last: a start that fails at another port has let nobody in. */
async function openPorts(
  { app, adminApp, metricsApp }: BuiltApps,
  { host, port, admin, metrics }: Config,
  logger: Logger,
): Promise<void> {
  if (metricsApp && metrics)
    await listen({ app: metricsApp, ...metrics, variables: { host: 'METRICS_HOST', port: 'METRICS_PORT' } })
  if (adminApp && admin)
    await listen({ app: adminApp, ...admin, variables: { host: 'ADMIN_HOST', port: 'ADMIN_PORT' } })
  const bound = await listen({ app, host, port, variables: { host: 'HOST', port: 'PORT' } })
  for (const { address, port } of bound) logger.info({ host: address, port }, 'listening')
}

/** What the apps ask of accounts. */
function ofAccounts(accounts: Accounts, { accounts: live }: NamedFiles) {
  const { verifyPassword, currentPerson, hasEnded, accountOf, usernameOf } = accounts
  return { verifyPassword, currentPerson, hasEnded, accountOf, usernameOf, followAccounts: live?.follow }
}

/** What the apps ask of the other files. */
function ofFiles({ apps, clients, geoip, appLinks, signingKeys, logo }: NamedFiles) {
  return {
    apps: apps?.apps,
    clients: clients?.clients,
    placeOf: geoip?.placeOf,
    findAppLink: appLinks?.find,
    signingKeys,
    logo,
  }
}

function readAgain({ followed }: NamedFiles, logger: Logger): boolean {
  for (const file of followed) void file.reload()
  if (followed.length === 0) logger.info('there is no file to read again')
  return followed.length > 0
}

async function openAccounts(
  { accounts: where }: Config,
  live: Accounts | undefined,
): Promise<{ accounts: Accounts; madePassword: string | undefined }> {
  if (live !== undefined) return { accounts: live, madePassword: undefined }
  // Never a demo account in the place of a team's own.
  if (where.kind === 'file') throw new ConfigError('ACCOUNTS_FILE cannot be read')
  const madePassword = where.password === undefined ? cryptoRandomness.text(MADE_PASSWORD_LENGTH) : undefined
  const demo = await demoAccount(where.password ?? madePassword ?? '', { isMade: madePassword !== undefined })
  return { accounts: createAccounts([demo]), madePassword }
}

function readOpenFiles(): number | undefined {
  try {
    return openFilesOf(readFileSync('/proc/self/limits', 'utf8'))
  } catch {
    // Linux alone has it.
    return undefined
  }
}

function readVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')
  const { version }: { version: string } = JSON.parse(text)
  return version
}
