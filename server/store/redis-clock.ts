import { Cluster } from 'ioredis'
import type { Clock } from '../clock.ts'
import { createDistantClock } from './distant-clock.ts'
import type { RedisClient } from './redis-clients.ts'
import { StoreError } from './store-error.ts'

interface RedisClockOptions {
  client: RedisClient
  /** Of a Cluster, the node that keeps this key is asked: the same one by every instance. */
  key: string
  /** The process's own, for while nothing is known. */
  clock: Clock
  steady: () => number
  /** Told what Redis answers instead of the time. If it never tells it, the process's own counts; it is asked again. */
  onError: (error: Error) => void
}

export interface RedisClock {
  now: Clock
  /** Whether `now` counts yet: only once Redis has told its time after connecting, or refused to for good. */
  isKnown(): boolean
  /** Resolves once it has been asked, whatever it said. */
  asked(): Promise<void>
  close(): void
}

const ASK_EVERY_MS = 5000
const TIMES_AT_FIRST = 3

/**
 * Redis's time. Ends are absolute, so whoever makes or judges one has to go by the same clock: all instances on one
 * Redis do, and Redis itself, which forgets by its own clock.
 */
export function createRedisClock({ client, key, clock, steady, onError }: RedisClockOptions): RedisClock {
  const there = createDistantClock({ ask: () => timeOf(client, key), steady })
  /** Redis is there, and does not say the time: waiting for it would be for ever. */
  let isRefused = false
  let asking: Promise<void> | undefined

  async function ask(): Promise<void> {
    try {
      // The first answers on a connection are the slow ones.
      for (let times = there.isKnown() ? 1 : TIMES_AT_FIRST; times > 0; times--) await there.measure()
      isRefused = false
    } catch (error) {
      isRefused = error instanceof NoTimeError
      // A connection that is away is told of elsewhere.
      if (error instanceof NoTimeError || isAnswer(error)) onError(error)
    }
  }

  function askOnce(): Promise<void> {
    asking ??= ask().finally(() => {
      asking = undefined
    })
    return asking
  }

  client.on('ready', askOnce)
  // The next connection may be to another server.
  client.on('close', there.forget)
  let isClosed = false
  let timer: NodeJS.Timeout | undefined
  const askLater = () => {
    if (!isClosed) timer = setTimeout(() => askOnce().then(askLater), ASK_EVERY_MS).unref()
  }
  askLater()

  return {
    now: () => (there.isKnown() ? there.now() : clock()),
    isKnown: () => there.isKnown() || isRefused,
    asked: askOnce,
    close() {
      isClosed = true
      clearTimeout(timer)
    },
  }
}

/** The server has no time to tell to this user, however often it is asked. */
class NoTimeError extends StoreError {
  override name = 'NoTimeError'

  constructor(cause?: unknown) {
    super('Redis does not say what time it is', { kind: 'no_time', cause })
  }
}

/**
 * How errors that stay begin: a command that is not allowed, renamed or unknown is `NOPERM` or, as from within a script
 * before 7.2, a plain `ERR`. Others pass: `LOADING`, `MOVED`, `CLUSTERDOWN`, `BUSY` and their like.
 */
const FOR_GOOD = /^(NOPERM|ERR)\b/

/** @throws NoTimeError, or whatever stood in the way this time */
async function timeOf(client: RedisClient, key: string): Promise<number> {
  const reply = await askFor(client, key).catch((error: unknown) => {
    throw isAnswer(error) && FOR_GOOD.test(error.message) ? new NoTimeError(error) : error
  })
  const [seconds, microseconds] = Array.isArray(reply) ? reply.map(Number) : []
  if (seconds === undefined || microseconds === undefined) throw new NoTimeError()
  return seconds * 1000 + microseconds / 1000
}

/** Whether the server said it, and not the connection to it. */
function isAnswer(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}

async function askFor(client: RedisClient, key: string): Promise<unknown> {
  return client instanceof Cluster ? client.eval("return redis.call('TIME')", 1, key) : client.time()
}
