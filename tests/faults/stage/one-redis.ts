import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { endLater } from '../../support/end-later.ts'
import { eventually } from '../../support/eventually.ts'
import { createFaultyLine, type FaultyLine } from '../../support/faulty-line.ts'
import { type RedisServer, startRedis } from '../../support/redis-server.ts'

/** A Redis that writes everything down, and a line to it that can be made bad. */
export interface OneRedis {
  /** What names it to a service. */
  env: Record<string, string>
  line: FaultyLine
  /** The server of now: another one after it was killed. */
  server(): RedisServer
  /** Past the line. */
  admin: Redis
  /** Dies on the spot, and comes back with what it had written down. */
  kill(): Promise<void>
  revive(): Promise<void>
  stop(): Promise<void>
}

export interface OneRedisOptions {
  /** Of its own, beside the plain port. */
  args?: readonly string[]
  /** That `args` set. */
  password?: string
  /** What the line leads to; left out: the plain port. */
  target?: number
  /** Left out: by the line. */
  env?: (linePort: number) => Record<string, string>
}

export async function startOneRedis({ args = [], password, target, env }: OneRedisOptions = {}): Promise<OneRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-faults-'))
  endLater(() => rmSync(folder, { recursive: true, force: true }))
  const all = ['--dir', folder, '--appendonly', 'yes', '--appendfsync', 'always', ...args]
  let server = await startRedis({ args: all })
  const line = await createFaultyLine(target ?? server.port)
  const login = password === undefined ? {} : { password }
  const admin = new Redis({ ...login, port: server.port, host: '127.0.0.1', retryStrategy: () => 50 })
  admin.on('error', () => undefined)
  return {
    env: env?.(line.port) ?? { REDIS_URL: `redis://127.0.0.1:${line.port}` },
    line,
    server: () => server,
    admin,
    kill: () => server.stop(),
    async revive() {
      server = await startRedis({ port: server.port, args: all })
      await eventually('Redis has read what it had written down', () => admin.status === 'ready')
    },
    async stop() {
      admin.disconnect()
      await line.close()
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
