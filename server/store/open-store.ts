import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { Clock } from '../clock.ts'
import { createMemoryStore } from './memory-store.ts'
import { createRecordLimiter, type Limiter } from './record-limiter.ts'
import type { RecordStore } from './record-store.ts'
import type { StoreChoice } from './redis-place.ts'
import type { StoreTroubles } from './store-troubles.ts'

export interface OpenStoreOptions {
  choice: StoreChoice
  keyPrefix: string
  /** The process's own. */
  clock: Clock
  /** The machine's, whoever sets it. */
  wall: Clock
  /** Counts milliseconds evenly, whatever anybody sets. */
  steady: () => number
  /** How long to wait for a connection before going on without. */
  patienceMs: number
  troubles: StoreTroubles
  /** Told whatever goes wrong with a connection, or on a disk where nobody asked, again and again. */
  onError: (error: Error) => void
  /** Told once that this process can work with its store no more, whatever becomes of that; the next one can. */
  onLost: (error: Error) => void
}

export interface OpenedStore {
  store: RecordStore
  /** How much of what may be asked of it at a time is being asked: 0 to 1. */
  use: () => number
  /** The store's: the same for all processes that share it. Ends are made by it, and judged by it. */
  clock: Clock
  makeLimiter: (name: string, points: number, durationSeconds: number) => Limiter
}

/**
 * Opens the store that was chosen, and what counts limits beside it. If Redis is away, waits for it, then goes on
 * without: it may come.
 * @throws StoreSettingError when Redis is there and waiting will not help, as with a wrong password; when the folder of
 *   a store on disk cannot be used
 */
export async function openStore(options: OpenStoreOptions): Promise<OpenedStore> {
  switch (options.choice.kind) {
    case 'embedded':
      return openMemory(options)
    case 'disk':
      return openDisk(options, options.choice.path)
    case 'redis': {
      // As on disk: no other start waits for its library.
      const { openRedis } = await import('./open-redis.ts')
      return openRedis(options, options.choice)
    }
  }
}

function openMemory({ clock }: OpenStoreOptions): OpenedStore {
  return {
    store: createMemoryStore({ clock }),
    // It answers at once.
    use: () => 0,
    clock,
    makeLimiter: (keyPrefix, points, duration) => new RateLimiterMemory({ keyPrefix, points, duration }),
  }
}

/**
 * Loads the store's library only here: no other start waits for it. Goes by the machine's clock, which all processes on
 * the folder have in common, also with those that come after them.
 */
async function openDisk(
  { keyPrefix, wall: clock, onError, onLost }: OpenStoreOptions,
  path: string,
): Promise<OpenedStore> {
  const { createDiskStore } = await import('./disk-store.ts')
  const store = await createDiskStore({ path, keyPrefix, clock, onError, onLost })
  return {
    store,
    use: store.use,
    clock,
    makeLimiter: (name, points, durationSeconds) =>
      createRecordLimiter({ store, clock, name, points, durationSeconds }),
  }
}
