import type { Redis } from 'ioredis'
import { refusalIn } from './not-written.ts'

/** Between two looks, however many writes are refused. */
const PAUSE_MS = 1000

/**
 * After a failover a connection may lead to a server that is a replica now: it refuses writes as `READONLY`, and
 * answers reads. Then a second connection looks whether our address leads to a primary, and only if so the first is
 * given up: where nobody took over, as from a server whose disk has failed, reads go on. In a Cluster the nodes
 * themselves say who the primary is.
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
  // The connection itself tells of the same errors.
  scout.on('error', () => undefined)
  try {
    await scout.connect()
    if (/role:master/.test(await scout.info('replication'))) client.disconnect(true)
  } catch {
    // No primary was found: nothing changes.
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
