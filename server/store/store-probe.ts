import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import type { Randomness } from '../randomness.ts'
import type { RecordStore } from './record-store.ts'

export interface StoreProbeOptions {
  store: RecordStore
  clock: Clock
  randomness: Randomness
}

/** Resolves when the store works. @throws ScanInError `store_unavailable`, with what is wrong as its cause */
export type StoreProbe = () => Promise<void>

/** Shorter than what asks: Docker's and nginx's own patience with a probe is some seconds. */
const DEADLINE_MS = 2500
/** Of what a probe leaves behind when it is cut in the middle. */
const RECORD_LIFE_MS = 60_000
/** However many ask, the store is tried this often at the most. */
const PAUSE_MS = 100
/** A try that fails may have kept others waiting, for replicas as an example. */
const PAUSE_AFTER_FAILURE_MS = 500

/**
 * Tries what a login needs of a store: a durable write, a change, and the notice of it. All who ask at once share one
 * try, and who asks right after one waits for the next: no answer is older than its question, and no flood of
 * questions is a flood for the store. One record, of this probe's own.
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
    const run = rested.then(() => withDeadline(store, key, (noticed) => tryOut(store, key, clock).then(() => noticed)))
    run.then(rest(PAUSE_MS), rest(PAUSE_AFTER_FAILURE_MS))
    return run
  }

  return () => {
    current ??= begin()
    return current
  }
}

async function tryOut(store: RecordStore, key: string, clock: Clock): Promise<void> {
  await store.write(key, 'probe', { expiresAt: clock() + RECORD_LIFE_MS, durable: true })
  if (!(await store.remove(key))) throw failure('a record was gone as soon as it was written')
}

async function withDeadline(
  store: RecordStore,
  key: string,
  task: (noticed: Promise<void>) => Promise<void>,
): Promise<void> {
  let end = () => {}
  const late = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => reject(failure('no notice of a change came back')), DEADLINE_MS)
    end = () => clearTimeout(timer)
  })
  let stop = () => {}
  const noticed = new Promise<void>((resolve) => {
    stop = store.watch(key, () => resolve())
  })
  try {
    await Promise.race([task(noticed), late])
  } finally {
    end()
    stop()
  }
}

function failure(what: string): ScanInError {
  return new ScanInError('store_unavailable', { cause: new Error(what) })
}
