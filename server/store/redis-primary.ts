import type { Redis } from 'ioredis'
import { refusalIn } from './not-written.ts'

/** Between two looks, however many writes are refused. */
const PAUSE_MS = 1000

/**
 * After a failover a connection may lead to what is a replica now: it refuses writes as `READONLY`, and answers reads.
 * Then another connection looks whether where we would get today there is a primary, and only if so this one is given up:
 * on a server that nobody took over from, as one whose disk has failed, who only reads goes on. A Cluster's nodes say who
 * is meant themselves.
 */
export function followingPrimary(client: Redis): Redis {
  let isLooking = false
  client.options.reconnectOnError = ({ message }) => {
    if (refusalIn(message) === 'READONLY' && !isLooking) {
      isLooking = true
      void look(client).finally(() => {
        const rested = () => {
          isLooking = false
        }
        setTimeout(rested, PAUSE_MS).unref()
      })
    }
    return false
  }
  return client
}

async function look(client: Redis): Promise<void> {
  const scout = client.duplicate(ONCE)
  // What it says is said by the connection itself too.
  scout.on('error', () => undefined)
  try {
    await scout.connect()
    if (/role:master/.test(await scout.info('replication'))) client.disconnect(true)
  } catch {
    // It is as it was.
  } finally {
    scout.disconnect()
  }
}

/** A connection that is tried once. */
const ONCE = {
  lazyConnect: true,
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
  failoverDetector: false,
  reconnectOnError: null,
}
