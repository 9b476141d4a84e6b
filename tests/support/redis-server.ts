import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseRedisUrl, type SingleRedis } from '../../server/store/redis-place.ts'
import { findProgram, startProcess, untilReady } from './child-process.ts'
import { endLater } from './end-later.ts'
import { freePort } from './free-port.ts'

export interface RedisServer {
  url: string
  port: number
  /** Stops it where it is, as a machine that is out of memory does: connections stay, and nobody answers. */
  freeze(): void
  thaw(): void
  stop(): Promise<void>
}

/** A real Redis of the test's own, on loopback, that keeps nothing. */
export async function startRedis({
  port: wanted,
  args = [],
}: {
  port?: number
  args?: string[]
} = {}): Promise<RedisServer> {
  const port = wanted ?? (await freePort())
  const folder = mkdtempSync(join(tmpdir(), 'scanin-redis-'))
  endLater(() => rmSync(folder, { recursive: true, force: true }))
  const running = startProcess(findProgram('REDIS_SERVER', 'redis-server'), [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'],
    // A replica that asks is served at once, instead of after the seconds in which others might ask too.
    ...['--repl-diskless-sync-delay', '0'],
    ...args,
  ])
  takesPrecedence(running.child.pid)
  await untilReady(running, () => answersPing(port))
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    freeze: () => void running.child.kill('SIGSTOP'),
    thaw: () => void running.child.kill('SIGCONT'),
    async stop() {
      await running.stop('SIGKILL')
    },
  }
}

/** Gives Redis a higher priority: production gives it a machine of its own, and a test run shares one with it. */
function takesPrecedence(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, -10)
  } catch {
    // Not every user may do that.
  }
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => socket.write('PING\r\n'))
    // A server that wants a password first is up too.
    socket.once('data', (data) => end(/^(\+PONG|-NOAUTH)/.test(data.toString())))
    socket.once('error', () => end(false))
    socket.setTimeout(1000, () => end(false))
  })
}

export function placeOf(url: string): SingleRedis {
  const place = parseRedisUrl(url)
  if (typeof place === 'string') throw new Error(place)
  return place
}
