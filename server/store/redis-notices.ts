import type { Redis } from 'ioredis'
import type { ChangeListeners } from './change-listeners.ts'
import { TextRecord } from './text-record.ts'

interface RedisNoticesOptions {
  /** A connection of its own, for notices alone. */
  subscriber: Redis
  keyPrefix: string
  channel: string
  listeners: ChangeListeners
  /** Told when notices cannot be had; it is tried again. */
  onError?: ((error: Error) => void) | undefined
}

export interface RedisNotices {
  /** To be called before a write. @returns to be called once the write is certain to be told on the channel */
  expectNotice(): () => void
}

const SUBSCRIBE_AGAIN_MS = 1000
/**
 * A connection without notices may be silent for hours, and so is one that is dead. With a ping to answer, silence ends
 * it (redis-clients.ts), and a new one is made.
 */
const PING_EVERY_MS = 1000
/**
 * A server tells of a change before it answers a later ping. Another node of a Cluster may tell of it later, and gets a
 * few seconds.
 */
const MOST_PINGS_WITHOUT_NOTICE = 3

/**
 * Passes on what is told on the channel. Subscribes at every connection anew, and again after a refusal, as a user may
 * be given the right. What was told while nobody listened is lost, so all who wait are told to look each time listening
 * begins. A connection that answers and brings nothing, as to a node that has left its Cluster, is made anew.
 */
export function subscribeToChanges(options: RedisNoticesOptions): RedisNotices {
  const { subscriber, keyPrefix, channel, listeners, onError } = options
  let again: NodeJS.Timeout | undefined
  let pings: NodeJS.Timeout | undefined
  /** Counts notices and, each time that listening begins, one more. */
  let heard = 0
  /** Pings answered since a notice was to come. `undefined`: none is to come. */
  let pingsWithoutNotice: number | undefined

  const hear = () => {
    heard++
    pingsWithoutNotice = undefined
  }

  const subscribe = () => {
    stop()
    subscriber.subscribe(channel).then(
      () => {
        hear()
        listeners.tellAll()
        pings = setTimeout(ping, PING_EVERY_MS).unref()
      },
      (error: Error) => {
        if (subscriber.status !== 'ready') return
        onError?.(error)
        again = setTimeout(subscribe, SUBSCRIBE_AGAIN_MS).unref()
      },
    )
  }

  const ping = () => {
    const next = () => {
      if (subscriber.status === 'ready') pings = setTimeout(ping, PING_EVERY_MS).unref()
    }
    subscriber.ping().then(() => {
      if (pingsWithoutNotice !== undefined && ++pingsWithoutNotice > MOST_PINGS_WITHOUT_NOTICE)
        subscriber.disconnect(true)
      else next()
    }, next)
  }

  const stop = () => {
    clearTimeout(again)
    clearTimeout(pings)
  }

  subscriber.on('message', (_channel: string, notice: string) => {
    hear()
    // Keys are plain ones; a prefix may have spaces.
    const end = notice.indexOf(' ', keyPrefix.length)
    if (end === -1) listeners.tell(notice.slice(keyPrefix.length))
    else listeners.tell(notice.slice(keyPrefix.length, end), new TextRecord(notice.slice(end + 1)))
  })
  subscriber.on('ready', subscribe)
  subscriber.on('close', stop)
  subscriber.on('end', stop)
  if (subscriber.status === 'ready') subscribe()

  return {
    expectNotice() {
      const before = heard
      return () => {
        if (heard === before) pingsWithoutNotice ??= 0
      }
    },
  }
}
