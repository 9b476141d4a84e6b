import { Cluster, type Redis } from 'ioredis'
import { ScanInError } from '../errors.ts'
import { createChangeListeners } from './change-listeners.ts'
import type { RedisWrite } from './durable-line.ts'
import type { DurableWrites } from './durable-writes.ts'
import type { RecordStore, Version } from './record-store.ts'
import type { RedisClient } from './redis-clients.ts'
import { passOnNotices } from './redis-notices.ts'
import type { PatienceFor } from './redis-patience.ts'
import { createCork, readOneByOne, readsOfOneTurn } from './redis-reads.ts'
import { TextRecord } from './text-record.ts'

export interface RedisStoreOptions {
  client: RedisClient
  subscriber: Redis
  durable: DurableWrites | undefined
  patienceFor: PatienceFor
  /** Lets go of all of them. */
  close: () => void
  /** Before every key and the one channel. */
  keyPrefix: string
  /** Told when notices cannot be had; it is tried again. */
  onError?: (error: Error) => void
}

/**
 * Compare-and-set and nothing else. A record's version is its own text, so no counter is stored beside it.
 * A Redis that is full refuses every `SET`, but not what follows a `DEL` in the same script: so what is no longer than
 * what it replaces goes through.
 * What existed before is told on the channel, `key text`, or `key` when it was removed; nobody can be waiting for what
 * did not.
 * ARGV: `any` or `same`, expected text, channel [, text, expiry in epoch milliseconds]. Without a text: removes.
 */
const COMPARE_AND_SET = `
local current = redis.call('GET', KEYS[1])
if ARGV[1] == 'same' and current ~= ARGV[2] then return 0 end
if ARGV[4] then
  local done = redis.pcall('SET', KEYS[1], ARGV[4], 'PXAT', ARGV[5])
  if done.err then
    if not (string.find(done.err, 'OOM') and current and #ARGV[4] <= #current) then return done end
    redis.call('DEL', KEYS[1])
    redis.call('SET', KEYS[1], ARGV[4], 'PXAT', ARGV[5])
  end
elseif redis.call('DEL', KEYS[1]) == 0 then
  return 0
end
if current then redis.call('PUBLISH', ARGV[3], ARGV[4] and KEYS[1] .. ' ' .. ARGV[4] or KEYS[1]) end
return 1`

type ScriptedClient = RedisClient & { compareAndSet(key: string, ...args: string[]): Promise<number> }

interface Setting {
  key: string
  text: string
  expiresAt: number
  ifVersion: Version | null | undefined
}

/** Records in Redis 6.2 or later: one server, behind Sentinel, or a Cluster. */
export function createRedisStore(options: RedisStoreOptions): RecordStore {
  const { client, durable: durableWrites, patienceFor, keyPrefix } = options
  const listeners = createChangeListeners()
  const channel = `${keyPrefix}changes`
  client.defineCommand('compareAndSet', { numberOfKeys: 1, lua: COMPARE_AND_SET })
  const scripted = client as ScriptedClient
  const cork = createCork(client)
  const readText =
    client instanceof Cluster ? readOneByOne(client, patienceFor, cork) : readsOfOneTurn(client, patienceFor)

  passOnNotices({ ...options, channel, listeners })

  /** What to compare with, and to set. */
  function scriptArgs(ifVersion: Version | undefined, ...text: string[]): string[] {
    return [ifVersion === undefined ? 'any' : 'same', ifVersion ?? '', channel, ...text]
  }

  function setNow({ key, text, expiresAt, ifVersion }: Setting): Promise<unknown> {
    cork()
    return patienceFor(key).ask<unknown>(() =>
      ifVersion === null
        ? client.set(key, text, 'PXAT', expiresAt, 'NX')
        : scripted.compareAndSet(key, ...scriptArgs(ifVersion, text, String(expiresAt))),
    )
  }

  function setDurably(writes: DurableWrites, { key, text, expiresAt, ifVersion }: Setting): Promise<unknown> {
    const end = String(expiresAt)
    const command: RedisWrite =
      ifVersion === null
        ? ['set', key, text, 'PXAT', end, 'NX']
        : ['eval', COMPARE_AND_SET, '1', key, ...scriptArgs(ifVersion, text, end)]
    return patienceFor(key).askForLong(() => writes.write(key, command))
  }

  return {
    async read(key) {
      const text = await reachable(readText(keyPrefix + key))
      return text === null ? undefined : new TextRecord(text)
    },

    async write(key, value, { expiresAt, ifVersion, durable = false }) {
      const text = JSON.stringify(value)
      const set = { key: keyPrefix + key, text, expiresAt, ifVersion }
      const isDone = await reachable(durable && durableWrites ? setDurably(durableWrites, set) : setNow(set))
      // Who waits in this process does not wait for Redis to tell it back; nobody waits for what is new.
      if (isDone && ifVersion !== null) listeners.tell(key, new TextRecord(text))
      return Boolean(isDone)
    },

    async remove(key, ifVersion) {
      cork()
      const place = keyPrefix + key
      const question = () => scripted.compareAndSet(place, ...scriptArgs(ifVersion))
      const removed = await reachable(patienceFor(place).ask(question))
      if (removed === 1) listeners.tell(key)
      return removed === 1
    },

    watch: listeners.add,

    async close() {
      options.close()
    },
  }
}

async function reachable<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (cause) {
    throw new ScanInError('store_unavailable', { cause })
  }
}
