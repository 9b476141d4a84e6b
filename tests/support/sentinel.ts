import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { findProgram, startProcess, untilReady } from './child-process.ts'
import { endLater } from './end-later.ts'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { type RedisServer, startRedis } from './redis-server.ts'

/** A primary and its replica, with a Sentinel that watches them. */
export interface SentinelSet {
  primary: RedisServer
  replica: RedisServer
  /** What a service is told to find them by. */
  env: { REDIS_SENTINELS: string; REDIS_SENTINEL_NAME: string }
  /** The port of the server that the Sentinel takes for the primary. */
  primaryPort(): Promise<number>
  stop(): Promise<void>
}

const NAME = 'main'

export interface Sentinel {
  port: number
  /** To ask it things. */
  client: Redis
  stop(): Promise<void>
}

export interface SentinelOptions {
  /** Of the primary. */
  host?: string
  /** More of its configuration. */
  lines?: string[]
  /** What it asks for by those. */
  password?: string
}

/** A real Sentinel that needs nobody else's vote, and gives its primary up after three seconds. */
export async function startSentinel(
  primaryPort: number,
  { host = '127.0.0.1', lines = [], password }: SentinelOptions = {},
): Promise<Sentinel> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'scanin-sentinel-'))
  endLater(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'sentinel.conf')
  const configuration = [
    ...[`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, ...lines],
    `sentinel monitor ${NAME} ${host} ${primaryPort} 1`,
    ...[`sentinel down-after-milliseconds ${NAME} 3000`, `sentinel failover-timeout ${NAME} 2000`],
  ]
  writeFileSync(file, `${configuration.join('\n')}\n`)
  const running = startProcess(findProgram('REDIS_SERVER', 'redis-server'), [file, '--sentinel'])
  const login = password === undefined ? {} : { password }
  const client = new Redis({ port, host: '127.0.0.1', ...login, retryStrategy: () => 50 })
  client.on('error', () => undefined)
  await untilReady(running, () =>
    client.ping().then(
      () => true,
      () => false,
    ),
  )
  return {
    port,
    client,
    async stop() {
      client.disconnect()
      await running.stop('SIGKILL')
    },
  }
}

export async function startSentinelSet(): Promise<SentinelSet> {
  const primary = await startRedis()
  const replica = await startRedis({ args: ['--replicaof', `127.0.0.1 ${primary.port}`] })
  const { port, client, stop } = await startSentinel(primary.port)
  await eventually('the Sentinel knows the replica', async () => {
    const replicas = JSON.stringify(await client.call('SENTINEL', 'REPLICAS', NAME))
    return replicas.includes(String(replica.port)) && replicas.includes('"ok"')
  })
  return {
    primary,
    replica,
    env: { REDIS_SENTINELS: `127.0.0.1:${port}`, REDIS_SENTINEL_NAME: NAME },
    async primaryPort() {
      const address = await client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)
      return Number(Array.isArray(address) ? address[1] : 0)
    },
    async stop() {
      await Promise.all([stop(), primary.stop(), replica.stop()])
    },
  }
}
