import { setImmediate } from 'node:timers/promises'
import { Cluster, type Redis } from 'ioredis'
import { ScanInError } from '../errors.ts'
import { createChangeListeners } from './change-listeners.ts'
import type { RecordStore, StoredRecord } from './record-store.ts'
import type { RedisClient } from './redis-connection.ts'
import { passOnNotices } from './redis-notices.ts'
import { TextRecord } from './text-record.ts'

export interface RedisStoreOptions {
  client: RedisClient
  /** A connection of its own, for change notices alone. */
  subscriber: Redis
  /** Before every key and the one channel. */
  keyPrefix: string
  /** Replicas that must have a durable write before it is answered. */
  waitReplicas: number
  /** Told when notices cannot be had; it is tried again. */
  onError?: (error: Error) => void
}

const REPLICA_PATIENCE_MS = 1000

/**
 * Compare-and-set and nothing else. A record's version is its own text, so no counter is stored beside it.
 * What existed before is told on the channel, `key text`, or `key` when it was removed; nobody can be waiting for what
 * did not.
 * ARGV: condition, expected text, channel [, text, expiry in epoch milliseconds]. Without a text: removes.
 */
const COMPARE_AND_SET = `
local current = redis.call('GET', KEYS[1])
if ARGV[1] == 'absent' and current then return 0 end
if ARGV[1] == 'same' and current ~= ARGV[2] then return 0 end
if ARGV[4] then
  redis.call('SET', KEYS[1], ARGV[4], 'PXAT', ARGV[5])
elseif redis.call('DEL', KEYS[1]) == 0 then
  return 0
end
if current then redis.call('PUBLISH', ARGV[3], ARGV[4] and KEYS[1] .. ' ' .. ARGV[4] or KEYS[1]) end
return 1`

type Condition = 'absent' | 'same' | 'any'

type ScriptedClient = RedisClient & {
  compareAndSet(
    key: string,
    condition: Condition,
    expected: string,
    channel: string,
    ...text: string[]
  ): Promise<number>
}

/** Records in Redis 6.2 or later: one server, behind Sentinel, or a Cluster. */
export function createRedisStore(options: RedisStoreOptions): RecordStore {
  const { client, subscriber, keyPrefix, waitReplicas } = options
  const listeners = createChangeListeners()
  const channel = `${keyPrefix}changes`
  client.defineCommand('compareAndSet', { numberOfKeys: 1, lua: COMPARE_AND_SET })
  const scripted = client as ScriptedClient
  const read = client instanceof Cluster ? readOneByOne(client) : readsOfOneTurn(client)

  passOnNotices({ ...options, channel, listeners })

  async function awaitReplicas(): Promise<void> {
    if (waitReplicas === 0 || client instanceof Cluster) return
    const reached = await client.wait(waitReplicas, REPLICA_PATIENCE_MS)
    if (reached < waitReplicas) throw new Error(`${reached} of ${waitReplicas} replicas have the write`)
  }

  return {
    read: (key) => read(keyPrefix + key),

    async write(key, value, { expiresAt, ifVersion, durable = false }) {
      const text = JSON.stringify(value)
      const isDone = await reachable<number | 'OK' | null>(
        ifVersion === null
          ? client.set(keyPrefix + key, text, 'PXAT', expiresAt, 'NX')
          : scripted.compareAndSet(
              keyPrefix + key,
              ifVersion === undefined ? 'any' : 'same',
              ifVersion ?? '',
              channel,
              text,
              String(expiresAt),
            ),
      )
      // Who waits in this process does not wait for Redis to tell it back, nor for replicas; nobody waits for what is new.
      if (isDone && ifVersion !== null) listeners.tell(key, new TextRecord(text))
      if (isDone && durable) await reachable(awaitReplicas())
      return Boolean(isDone)
    },

    async remove(key, ifVersion) {
      const condition = ifVersion === undefined ? 'any' : 'same'
      const removed = await reachable(scripted.compareAndSet(keyPrefix + key, condition, ifVersion ?? '', channel))
      if (removed === 1) listeners.tell(key)
      return removed === 1
    },

    watch: listeners.add,

    async close() {
      client.disconnect()
      subscriber.disconnect()
    },
  }
}

type Read = (key: string) => Promise<StoredRecord | undefined>

function recordOf(text: string | null): StoredRecord | undefined {
  return text === null ? undefined : new TextRecord(text)
}

async function reachable<T>(answer: PromiseLike<T>): Promise<T> {
  try {
    return await answer
  } catch (cause) {
    return unreachable(cause)
  }
}

function unreachable(cause: unknown): never {
  throw new ScanInError('store_unavailable', { cause })
}

/** ioredis gathers what it may, by node. */
function readOneByOne(client: Cluster): Read {
  return (key) => client.get(key).then(recordOf, unreachable)
}

interface Turn {
  keys: string[]
  /** What is at those keys, in their order. */
  texts: Promise<(string | null)[]>
}

/**
 * Gathers the reads of one turn of the event loop into one `MGET`: what makes thousands of polls a second cheap.
 * Redis answers a hundred keys in the time of a few commands, and the replies of a turn leave together.
 */
function readsOfOneTurn(client: Redis): Read {
  let turn: Turn | undefined

  function begin(): Turn {
    const keys: string[] = []
    const texts = setImmediate().then(() => {
      turn = undefined
      return reachable(client.mget(keys))
    })
    return { keys, texts }
  }

  return (key) => {
    turn ??= begin()
    const at = turn.keys.push(key) - 1
    return turn.texts.then((texts) => recordOf(texts[at] ?? null))
  }
}
