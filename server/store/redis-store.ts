import { setImmediate as turnsEnd } from 'node:timers/promises'
import { Cluster, type Redis } from 'ioredis'
import { ScanInError } from '../errors.ts'
import { createChangeListeners } from './change-listeners.ts'
import type { DurableWrites } from './durable-writes.ts'
import type { RecordStore, StoredRecord, Version } from './record-store.ts'
import type { RedisClient } from './redis-connection.ts'
import { passOnNotices } from './redis-notices.ts'
import { TextRecord } from './text-record.ts'

export interface RedisStoreOptions {
  client: RedisClient
  subscriber: Redis
  durable: DurableWrites | undefined
  /** Before every key and the one channel. */
  keyPrefix: string
  /** Told when notices cannot be had; it is tried again. */
  onError?: (error: Error) => void
}

/**
 * Compare-and-set and nothing else. A record's version is its own text, so no counter is stored beside it.
 * What existed before is told on the channel, `key text`, or `key` when it was removed; nobody can be waiting for what
 * did not.
 * ARGV: `any` or `same`, expected text, channel [, text, expiry in epoch milliseconds]. Without a text: removes.
 */
const COMPARE_AND_SET = `
local current = redis.call('GET', KEYS[1])
if ARGV[1] == 'same' and current ~= ARGV[2] then return 0 end
if ARGV[4] then
  redis.call('SET', KEYS[1], ARGV[4], 'PXAT', ARGV[5])
elseif redis.call('DEL', KEYS[1]) == 0 then
  return 0
end
if current then redis.call('PUBLISH', ARGV[3], ARGV[4] and KEYS[1] .. ' ' .. ARGV[4] or KEYS[1]) end
return 1`

type ScriptedClient = RedisClient & { compareAndSet(key: string, ...args: string[]): Promise<number> }

/** Records in Redis 6.2 or later: one server, behind Sentinel, or a Cluster. */
export function createRedisStore(options: RedisStoreOptions): RecordStore {
  const { client, subscriber, durable: durableWrites, keyPrefix } = options
  const listeners = createChangeListeners()
  const channel = `${keyPrefix}changes`
  client.defineCommand('compareAndSet', { numberOfKeys: 1, lua: COMPARE_AND_SET })
  const scripted = client as ScriptedClient
  const cork = corkForTurn(client)
  const read = client instanceof Cluster ? readOneByOne(client, cork) : readsOfOneTurn(client)

  passOnNotices({ ...options, channel, listeners })

  /** What to compare with, and to set. */
  function scriptArgs(ifVersion: Version | undefined, ...text: string[]): string[] {
    return [ifVersion === undefined ? 'any' : 'same', ifVersion ?? '', channel, ...text]
  }

  function set(key: string, text: string, expiresAt: number, ifVersion: Version | null | undefined): Promise<unknown> {
    cork()
    if (ifVersion === null) return client.set(key, text, 'PXAT', expiresAt, 'NX')
    return scripted.compareAndSet(key, ...scriptArgs(ifVersion, text, String(expiresAt)))
  }

  function setDurably(
    writes: DurableWrites,
    key: string,
    text: string,
    expiresAt: number,
    ifVersion: Version | null | undefined,
  ): Promise<unknown> {
    const end = String(expiresAt)
    if (ifVersion === null) return writes.write(key, ['set', key, text, 'PXAT', end, 'NX'])
    return writes.write(key, ['eval', COMPARE_AND_SET, '1', key, ...scriptArgs(ifVersion, text, end)])
  }

  return {
    read: (key) => read(keyPrefix + key),

    async write(key, value, { expiresAt, ifVersion, durable = false }) {
      const text = JSON.stringify(value)
      const isDone = await reachable(
        durable && durableWrites !== undefined
          ? setDurably(durableWrites, keyPrefix + key, text, expiresAt, ifVersion)
          : set(keyPrefix + key, text, expiresAt, ifVersion),
      )
      // Who waits in this process does not wait for Redis to tell it back; nobody waits for what is new.
      if (isDone && ifVersion !== null) listeners.tell(key, new TextRecord(text))
      return Boolean(isDone)
    },

    async remove(key, ifVersion) {
      cork()
      const removed = await reachable(scripted.compareAndSet(keyPrefix + key, ...scriptArgs(ifVersion)))
      if (removed === 1) listeners.tell(key)
      return removed === 1
    },

    watch: listeners.add,

    async close() {
      client.disconnect()
      subscriber.disconnect()
      durableWrites?.close()
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

function readOneByOne(client: Cluster, cork: () => void): Read {
  return (key) => {
    cork()
    return client.get(key).then(recordOf, unreachable)
  }
}

/**
 * What is sent in one turn of the event loop leaves in one piece, for each server. Not by ioredis's own pipelines: they
 * wait for one another, and in a Cluster share their errors.
 */
function corkForTurn(client: RedisClient): () => void {
  let isCorked = false
  return () => {
    if (isCorked) return
    isCorked = true
    const servers = client instanceof Cluster ? client.nodes('master') : [client]
    const streams = servers.map(({ stream }) => stream).filter((stream) => stream !== undefined)
    for (const stream of streams) stream.cork()
    setImmediate(() => {
      isCorked = false
      for (const stream of streams) stream.uncork()
    })
  }
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
    const texts = turnsEnd().then(() => {
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
