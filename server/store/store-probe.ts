import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import type { Randomness } from '../randomness.ts'
import type { RecordStore } from './record-store.ts'
import { StoreError } from './store-error.ts'

interface StoreProbeOptions {
  store: RecordStore
  clock: Clock
  randomness: Randomness
}

/** Resolves when the store works. @throws ScanInError `store_unavailable`, with what is wrong as its cause */
export type StoreProbe = () => Promise<void>

/** Shorter than callers wait: Docker and nginx give a probe some seconds. */
const DEADLINE_MS = 2500
/** How long a record stays that a probe leaves behind when it is cut short. */
const RECORD_LIFE_MS = 60_000
/** However many ask, the store is tried this often at the most. */
const PAUSE_MS = 100
/** A try that fails may have kept other requests waiting, as for replicas. */
const PAUSE_AFTER_FAILURE_MS = 500

const noNotice = () => new StoreError('no notice of a change came back', { kind: 'no_notice' })
const tooSlow = () => new StoreError('too slow for a probe: it did not answer in time', { kind: 'slow' })
const goneAtOnce = () => new StoreError('a record was gone as soon as it was written', { kind: 'forgets_at_once' })

/**
 * Tries what a login needs of a store: a durable write, a change, and the notice of it. All who ask during a try share
 * it, and who asks right after it waits for the next: no answer is older than its question, and a flood of questions is
 * no flood for the store. Uses one record, of this probe's own.
 */
export function createStoreProbe({ store, clock, randomness }: StoreProbeOptions): StoreProbe {
  const key = `probe:${randomness.text(16)}`
  let current: Promise<void> | undefined
  let rested: Promise<unknown> = Promise.resolve()

  function begin(): Promise<void> {
    const rest = (ms: number) => () => {
      current = undefined
      rested = pause(ms, undefined, { ref: false })
    }
    const run = rested.then(() => tryOut(store, key, clock))
    run.then(rest(PAUSE_MS), rest(PAUSE_AFTER_FAILURE_MS))
    return run
  }

  return () => {
    current ??= begin()
    return current
  }
}

async function tryOut(store: RecordStore, key: string, clock: Clock): Promise<void> {
  let isAnswered = false
  async function all(noticed: Promise<void>): Promise<void> {
    await store.write(key, 'probe', { expiresAt: clock() + RECORD_LIFE_MS, durable: true })
    // Without a version: a removal with one may be told within the process, and this tries the store's own notice.
    if (!(await store.remove(key))) throw failure(goneAtOnce())
    isAnswered = true
    await noticed
  }
  let stop = () => {}
  const noticed = new Promise<void>((resolve) => {
    stop = store.watch(key, () => resolve())
  })
  const deadline = startDeadline(() => isAnswered)
  try {
    await Promise.race([all(noticed), deadline.over])
  } finally {
    deadline.end()
    stop()
  }
}

/**
 * Rejects once time is up. If the store had answered by half of it, notices are to blame; if not, the store is slow,
 * and its notices would be late as well.
 */
function startDeadline(isAnswered: () => boolean): { over: Promise<never>; end: () => void } {
  let isQuick = false
  let end = () => {}
  const over = new Promise<never>((_resolve, reject) => {
    const timers = [
      setTimeout(() => {
        isQuick = isAnswered()
      }, DEADLINE_MS / 2),
      setTimeout(() => reject(failure(isQuick ? noNotice() : tooSlow())), DEADLINE_MS),
    ]
    end = () => {
      for (const timer of timers) clearTimeout(timer)
    }
  })
  return { over, end }
}

function failure(cause: StoreError): ScanInError {
  return new ScanInError('store_unavailable', { cause })
}
