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

/** Shorter than what asks: Docker's and nginx's own patience with a probe is some seconds. */
const DEADLINE_MS = 2500
/** Of what a probe leaves behind when it is cut in the middle. */
const RECORD_LIFE_MS = 60_000
/** However many ask, the store is tried this often at the most. */
const PAUSE_MS = 100
/** A try that fails may have kept others waiting, for replicas as an example. */
const PAUSE_AFTER_FAILURE_MS = 500

const noNotice = () => new StoreError('no notice of a change came back', { kind: 'no_notice' })
const tooSlow = () => new StoreError('too slow for a probe: it did not answer in time', { kind: 'slow' })
const goneAtOnce = () => new StoreError('a record was gone as soon as it was written', { kind: 'forgets_at_once' })

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
    // Whatever its version: what names one may be told within the process, and it is the store's notice that is tried.
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
 * Rejects once time is up. Notices are to blame where the store had answered by half of it; one that took longer would
 * have them come late as well.
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
