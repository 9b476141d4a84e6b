import type { FaultyLine } from '../../support/faulty-line.ts'
import { type Fault, sleep } from './fault.ts'
import type { OneRedis } from './one-redis.ts'

export const SERVER_FAULTS: readonly Fault<OneRedis>[] = [
  {
    name: 'Redis stands still',
    async happen(redis, ms) {
      redis.server().freeze()
      await sleep(ms)
      redis.server().thaw()
    },
  },
  {
    name: 'Redis is killed, and comes back with what it has written down',
    async happen(redis, ms) {
      await redis.kill()
      await sleep(ms)
      await redis.revive()
    },
  },
  setting('Redis is full', 'maxmemory', '1'),
  setting('Redis takes no writes', 'min-replicas-to-write', '1'),
  {
    name: 'Redis is made a replica of nobody',
    async happen({ admin }, ms) {
      await admin.replicaof('127.0.0.1', 1)
      await sleep(ms)
      await admin.replicaof('NO', 'ONE')
    },
  },
  {
    name: "Redis's user loses the right to write",
    async happen({ admin }, ms) {
      await admin.acl('SETUSER', 'default', '-set', '-evalsha', '-eval', '-publish')
      await sleep(ms)
      await admin.acl('SETUSER', 'default', '+@all')
    },
  },
]

/** Last where several happen: phones have to sign in anew. */
export const EMPTIED: Fault<OneRedis> = {
  name: 'Redis is emptied',
  loses: 'everything',
  async happen({ admin }, ms) {
    await admin.flushall()
    await sleep(ms)
  },
}

function setting(name: string, variable: string, bad: string): Fault<OneRedis> {
  return {
    name,
    async happen({ admin }, ms) {
      await admin.config('SET', variable, bad)
      await sleep(ms)
      await admin.config('SET', variable, '0')
    },
  }
}

const SUBSCRIBERS = { said: /subscribe/i }

export const LINE_FAULTS: readonly Fault<OneRedis>[] = [
  onLine('the line to Redis is slow', (line) => line.delay(300)),
  onLine('the line to Redis is cut', (line) => line.cut()),
  onLine('the line to Redis swallows everything', (line) => line.hang()),
  onLine('the line to Redis swallows what Redis says', (line) => line.hang({ from: 'server' })),
  onLine('the line to Redis is half open', (line) => line.halfOpen()),
  onLine('nobody hears of changes', (line) => line.hang(SUBSCRIBERS)),
  onLine('nobody hears of changes, and is not told', (line) => line.halfOpen(SUBSCRIBERS)),
]

function onLine(name: string, spoil: (line: FaultyLine) => void): Fault<OneRedis> {
  return {
    name,
    async happen({ line }, ms) {
      spoil(line)
      await sleep(ms)
      await line.mend()
    },
  }
}
