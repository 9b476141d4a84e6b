import { setImmediate } from 'node:timers/promises'
import type { ChainableCommander, Redis } from 'ioredis'
import { NotWrittenError } from './not-written.ts'
import { StoreError } from './store-error.ts'

/** A command and its arguments. */
export type RedisWrite = readonly [name: string, ...args: string[]]

interface DurableLineOptions {
  /** A connection of its own: what waits for replicas keeps everything behind it waiting. */
  redis: Redis
  /** Replicas that must have a write before it is answered. */
  replicas: number
}

/** Writes that are answered once replicas have them. */
export interface DurableLine {
  /**
   * Sends a write. Rejects when replicas do not have it in time; they may have it later.
   * @param isAsking the key's slot is being moved to this server (Redis's ASKING)
   * @returns what Redis says of the write
   */
  write(command: RedisWrite, isAsking?: boolean): Promise<unknown>
}

interface Waiting {
  command: RedisWrite
  isAsking: boolean
  since: number
  resolve: (reply: unknown) => void
  reject: (error: unknown) => void
}

/**
 * A write that comes while one `WAIT` is under way waits for two of them: together less than a question may take
 * (circuit-breaker.ts).
 */
const REPLICA_PATIENCE_MS = 700
/** No write waits longer for its turn: its caller has given up by then. */
const LONGEST_WAIT_MS = 2000
const MOST_AT_ONCE = 1000

/**
 * `WAIT` counts the replicas that have the last write of *this connection*. So a write and its `WAIT` leave as one
 * piece, on one connection. If that breaks in between, neither is sent again: on the next one there would be nothing to
 * wait for. Writes that come while one `WAIT` is under way go out together, with one `WAIT` for all.
 */
export function createDurableLine({ redis, replicas }: DurableLineOptions): DurableLine {
  let waiting: Waiting[] = []
  let isSending = false

  async function sendAll(): Promise<void> {
    isSending = true
    await setImmediate()
    while (waiting.length > 0) {
      rejectLate()
      const batch = waiting.slice(0, MOST_AT_ONCE)
      waiting = waiting.slice(MOST_AT_ONCE)
      await send(batch).catch((error) => {
        for (const { reject } of batch) reject(error)
      })
    }
    isSending = false
  }

  /** Rejects the writes that have waited too long; they stand in the order in which they came. */
  function rejectLate(): void {
    const oldest = performance.now() - LONGEST_WAIT_MS
    const firstInTime = waiting.findIndex(({ since }) => since > oldest)
    const late = waiting.splice(0, firstInTime === -1 ? waiting.length : firstInTime)
    for (const { reject } of late) {
      reject(new NotWrittenError('Command timed out: other writes wait for replicas', { kind: 'crowded' }))
    }
  }

  async function send(batch: readonly Waiting[]): Promise<void> {
    if (batch.length === 0) return
    const pipeline = redis.pipeline()
    const places = batch.map((waiting) => append(pipeline, waiting))
    pipeline.wait(replicas, REPLICA_PATIENCE_MS)
    const replies = await pipeline.exec()
    const replyAt = (place: number): Reply => replies?.at(place) ?? NO_REPLY
    const shortage = shortageOf(replyAt(-1))
    for (const [at, { resolve, reject }] of batch.entries()) {
      const [error, reply] = replyAt(places[at] ?? -1)
      // A write that changed nothing needs no replica.
      const trouble = error ?? (isChange(reply) ? shortage : null)
      if (trouble === null) resolve(reply)
      else reject(trouble)
    }
  }

  function shortageOf([error, reached]: Reply): Error | null {
    if (error !== null) return error
    if (Number(reached) >= replicas) return null
    return new StoreError(`${reached} of ${replicas} replicas have the write`, { kind: 'too_few_replicas' })
  }

  return {
    write: (command, isAsking = false) =>
      new Promise((resolve, reject) => {
        waiting.push({ command, isAsking, since: performance.now(), resolve, reject })
        if (!isSending) void sendAll()
      }),
  }
}

/** @returns the place of its reply */
function append(pipeline: ChainableCommander, { command: [name, ...args], isAsking }: Waiting): number {
  if (isAsking) pipeline.call('asking')
  pipeline.call(name, ...args)
  return pipeline.length - 1
}

type Reply = [error: Error | null, result: unknown]

const NO_REPLY: Reply = [new StoreError('Connection is closed.', { kind: 'no_answer' }), null]

function isChange(reply: unknown): boolean {
  return reply !== null && reply !== 0
}
