import { Cluster, type Redis } from 'ioredis'
import { ScanInError } from '../errors.ts'
import { createChangeListeners } from './change-listeners.ts'
import { COMPARE_AND_SET, type Setting, scriptArgs } from './compare-and-set.ts'
import type { RedisWrite } from './durable-line.ts'
import type { DurableWrites } from './durable-writes.ts'
import { plainKey } from './plain-key.ts'
import type { RecordStore, RecordWrite } from './record-store.ts'
import type { BreakerFor } from './redis-breakers.ts'
import type { RedisClient } from './redis-clients.ts'
import { subscribeToChanges } from './redis-notices.ts'
import { createCork, readOneByOne, readsOfOneTurn } from './redis-reads.ts'
import { TextRecord } from './text-record.ts'
import { writeOneByOne } from './write-one-by-one.ts'

interface RedisStoreOptions {
  client: RedisClient
  subscriber: Redis
  durable: DurableWrites | undefined
  breakerFor: BreakerFor
  /** Closes all of these connections. */
  close: () => void
  /** Before every key and the one channel. */
  keyPrefix: string
  /** Told when notices cannot be had; it is tried again. */
  onError?: (error: Error) => void
}

/** Called with the number of keys, the keys, and ARGV. */
type ScriptedClient = RedisClient & { compareAndSet(...args: string[]): Promise<number> }

/** Records in Redis 6.2 or later: one server, behind Sentinel, or a Cluster. */
export function createRedisStore(options: RedisStoreOptions): RecordStore {
  const { client, durable: durableWrites, breakerFor, keyPrefix } = options
  const listeners = createChangeListeners()
  const channel = `${keyPrefix}changes`
  const keyOf = (key: string) => keyPrefix + plainKey(key)
  client.defineCommand('compareAndSet', { lua: COMPARE_AND_SET })
  const scripted = client as ScriptedClient
  const cork = createCork(client)
  const isCluster = client instanceof Cluster
  const readText = isCluster ? readOneByOne(client, breakerFor, cork) : readsOfOneTurn(client, breakerFor)

  const { expectNotice } = subscribeToChanges({ ...options, channel, listeners })

  /** The one record that is to be created, if that is all: this needs no script. */
  function creation(settings: readonly Setting[]): Setting | undefined {
    return settings.length === 1 && settings[0]?.ifVersion === null ? settings[0] : undefined
  }

  function setNow(settings: readonly Setting[]): Promise<unknown> {
    cork()
    const created = creation(settings)
    return breakerFor(settings[0]?.key ?? '').ask<unknown>(() =>
      created === undefined
        ? scripted.compareAndSet(...scriptArgs(settings, channel))
        : client.set(created.key, created.text, 'PXAT', created.expiresAt, 'NX'),
    )
  }

  function setDurably(writes: DurableWrites, settings: readonly Setting[]): Promise<unknown> {
    const key = settings[0]?.key ?? ''
    const created = creation(settings)
    const command: RedisWrite =
      created === undefined
        ? ['eval', COMPARE_AND_SET, ...scriptArgs(settings, channel)]
        : ['set', key, created.text, 'PXAT', String(created.expiresAt), 'NX']
    return breakerFor(key).askForLong(() => writes.write(key, command))
  }

  async function set(writes: readonly RecordWrite[]): Promise<boolean> {
    const settings = writes.map(({ key, value, expiresAt, ifVersion }) => ({
      key: keyOf(key),
      text: JSON.stringify(value),
      expiresAt,
      ifVersion,
    }))
    const isDurable = writes.some(({ durable }) => durable)
    const noteTold = expectNotice()
    const isDone = await reachable(isDurable && durableWrites ? setDurably(durableWrites, settings) : setNow(settings))
    if (!isDone) return false
    // Listeners in this process are told now, before Redis tells it back; a new record has none. A write without a
    // version is left to Redis to tell: by that a probe sees that notices come.
    for (const { key, text, ifVersion } of settings) {
      if (!ifVersion) continue
      noteTold()
      listeners.tell(key.slice(keyPrefix.length), new TextRecord(text))
    }
    return true
  }

  const write: RecordStore['write'] = (key, value, writeOptions) => set([{ key, value, ...writeOptions }])

  return {
    async read(key) {
      const text = await reachable(readText(keyOf(key)))
      return text === null ? undefined : new TextRecord(text)
    },

    write,

    // In a Cluster the keys may be on several nodes, and no script can write to all of them.
    writeTogether: isCluster ? (writes) => writeOneByOne(write, writes) : set,

    async remove(key, ifVersion) {
      const noteTold = expectNotice()
      const removed = await reachable(setNow([{ key: keyOf(key), text: '', expiresAt: 0, ifVersion }]))
      if (removed !== 1) return false
      noteTold()
      // A removal without a version is left to Redis to tell: by that a probe sees that notices come.
      if (ifVersion !== undefined) listeners.tell(plainKey(key))
      return true
    },

    watch: (key, onChange) => listeners.add(plainKey(key), onChange),

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
