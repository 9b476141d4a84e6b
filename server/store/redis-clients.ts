import { createConnection } from 'node:net'
import { connect as connectByTls } from 'node:tls'
import { AbstractConnector, Cluster, Redis } from 'ioredis'
import type { HostPort, RedisPlace, SentinelRedis, SingleRedis } from './redis-place.ts'
import { followingPrimary } from './redis-primary.ts'
import { StoreError } from './store-error.ts'

export type RedisClient = Redis | Cluster

/** No command waits longer than this; the request it belongs to is then answered with `store_unavailable`. */
const COMMAND_TIMEOUT_MS = 2000
/** A connection that has a command to answer and is silent for this long is taken for dead. */
const LONGEST_SILENCE_MS = 3000
/** A connection that we close waits this long for open answers: the next one may lead to another server. */
const LONGEST_GOODBYE_MS = 500
const LONGEST_RECONNECT_PAUSE_MS = 2000

interface ConnectionNews {
  onError: (error: Error) => void
  onReady?: (() => void) | undefined
}

/** Tells of what goes wrong with a client's connections, and of each that is there. */
export function withErrorReporting<Client extends RedisClient>(client: Client, news: ConnectionNews): Client {
  const { onError, onReady } = news
  if (client instanceof Redis) listenForDenial(client, onError)
  if (onReady !== undefined) client.on('ready', onReady)
  client.on('error', (error: Error) => {
    onError(error)
    // ioredis would go on in database 0, which is somebody else's.
    if (error.message.includes('DB index is out of range')) client.disconnect(true)
  })
  return client
}

/**
 * A server in protected mode answers the first command with `DENIED`, as no password is set, and hangs up. ioredis
 * takes that for a password too many, prints so, and finds a broken pipe.
 */
function listenForDenial(client: Redis, onError?: (error: Error) => void): void {
  const hello: (...words: never[]) => Promise<unknown> = client.hello.bind(client)
  async function helloOrDenial(...words: never[]): Promise<unknown> {
    try {
      return await hello(...words)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('DENIED'))) throw error
      const denial = new StoreError('DENIED Redis is running in protected mode', { kind: 'protected', cause: error })
      // Told here, as ioredis would tell of it only if no command was sent after it.
      onError?.(denial)
      throw denial
    }
  }
  client.hello = helloOrDenial as typeof client.hello
}

const CONNECTION_OPTIONS = {
  enableOfflineQueue: false,
  // Nothing is sent twice: nobody would wait for a late write any more, and a late WAIT would wait for nothing.
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  commandTimeout: COMMAND_TIMEOUT_MS,
  connectTimeout: COMMAND_TIMEOUT_MS,
  socketTimeout: LONGEST_SILENCE_MS,
  disconnectTimeout: LONGEST_GOODBYE_MS,
  retryStrategy: reconnectPause,
  // redis-notices.ts subscribes anew. If ioredis did, nobody would handle a refusal, and it would end the process.
  autoResubscribe: false,
  // Fewer commands before the server's first reply: a server that is closing would cut that off.
  disableClientInfo: true,
}

export type ClusterPlace = Extract<RedisPlace, { kind: 'cluster' }>
export type ServerPlace = Exclude<RedisPlace, ClusterPlace>

export function createServerClient(place: ServerPlace): Redis {
  return followingPrimary(clientOf(place))
}

function clientOf(place: ServerPlace): Redis {
  if (place.kind === 'single') {
    return new Redis({ ...CONNECTION_OPTIONS, ...addressOf(place), ...place.login, db: place.database })
  }
  return new Redis({
    ...CONNECTION_OPTIONS,
    ...place.login,
    sentinels: [...place.sentinels],
    name: place.name,
    ...sentinelLoginOf(place),
    ...(place.isTls ? { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true } : {}),
    sentinelRetryStrategy: reconnectPause,
    // A Sentinel that hangs would be asked for ever.
    sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
    // A former primary may still take writes, and lose them: Sentinels tell of the new one at once.
    failoverDetector: true,
    sentinelReconnectStrategy: reconnectPause,
  })
}

export function createClusterClient({ nodes, isTls, login }: ClusterPlace): Cluster {
  const { enableOfflineQueue, retryStrategy, ...redisOptions } = CONNECTION_OPTIONS
  const cluster = new Cluster([...nodes], {
    redisOptions: { ...redisOptions, ...login, ...tlsOf(isTls) },
    // Nodes keep their names: a certificate is for the name, not for the address that ioredis would make of it.
    ...(isTls ? { dnsLookup: (host, done) => done(null, host) } : {}),
    enableOfflineQueue,
    clusterRetryStrategy: retryStrategy,
  })
  return cluster.on('+node', (node: Redis) => {
    tellSentFromUnsent(node)
    listenForDenial(node)
  })
}

/**
 * A Cluster's client sends again what fails by exactly "Connection is closed.". That is right for commands that wait
 * for a connection, and wrong for those that were sent: the node may have done them. So these fail by another text.
 */
function tellSentFromUnsent(node: Redis): void {
  const queues = node as unknown as { flushQueue(error: Error, which?: Flushed): void }
  const flush = queues.flushQueue.bind(node)
  queues.flushQueue = (error, { offlineQueue = true, commandQueue = true } = {}) => {
    if (commandQueue) flush(new Error(`${error.message} It was sent, and not answered`), { offlineQueue: false })
    if (offlineQueue) flush(error, { commandQueue: false })
  }
}

/** Which of a connection's commands: those not sent, and those not answered yet. Left out: these too. */
interface Flushed {
  offlineQueue?: boolean
  commandQueue?: boolean
}

/** Goes from one node to another, among those that are `known` by now. */
export function createNodeClient({ nodes, isTls, login }: ClusterPlace, known: () => readonly Redis[]): Redis {
  let turn = Math.floor(Math.random() * nodes.length)
  function next(): HostPort {
    const places = known().map(({ options: { host = '', port = 0 } }) => ({ host, port }))
    const among = places.length > 0 ? places : nodes
    return among[turn++ % among.length] ?? { host: '', port: 0 }
  }
  class NextNode extends AbstractConnector {
    constructor() {
      super(LONGEST_GOODBYE_MS)
    }
    override async connect() {
      this.connecting = true
      this.stream = isTls ? connectByTls(next()) : createConnection(next())
      return this.stream
    }
  }
  return new Redis({ ...CONNECTION_OPTIONS, ...login, ...tlsOf(isTls), Connector: NextNode })
}

/**
 * Makes it connect again after ioredis has given up, until `isClosed`: if ioredis hears of a new primary just when it
 * is about to connect, it gives up for good.
 */
export function reconnectingForever(client: Redis, isClosed: () => boolean): Redis {
  client.on('end', () => {
    setTimeout(() => {
      if (!isClosed() && client.status === 'end') client.connect().catch(() => undefined)
    }, reconnectPause(1)).unref()
  })
  return client
}

/** To one node, until the connection breaks: which node to ask then, the Cluster says. */
export function createWriter({ isTls, login }: ClusterPlace, node: HostPort): Redis {
  const options = { ...CONNECTION_OPTIONS, ...login, ...tlsOf(isTls), ...node }
  return new Redis({ ...options, enableOfflineQueue: true, retryStrategy: () => null })
}

function addressOf({ server }: SingleRedis) {
  if ('path' in server) return { path: server.path }
  return { host: server.host, port: server.port, ...tlsOf(server.isTls) }
}

/** By what Node trusts, and for the host's own name. */
function tlsOf(isTls: boolean) {
  return isTls ? { tls: {} } : {}
}

function sentinelLoginOf({ sentinelLogin: { username, password } }: SentinelRedis) {
  return {
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password }),
  }
}

function reconnectPause(attempt: number): number {
  return Math.min(attempt * 100, LONGEST_RECONNECT_PAUSE_MS)
}
