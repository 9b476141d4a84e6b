import { ScanInError } from '../../server/errors.ts'
import type { RecordStore } from '../../server/store/record-store.ts'
import { eventually } from './eventually.ts'

/** How a call is lost when the store goes away: before its effect, or after it, when only the answer is missing. */
export type Loss = 'before' | 'after'

export interface FailingStore {
  store: RecordStore
  /** Calls that were let through since the last `failAfter` or `mend`. */
  calls(): number
  /** The store goes away after so many calls: the next call is lost in this way, and later ones have no effect. */
  failAfter(calls: number, loss: Loss): void
  /** Writes at keys like this fail without an effect, and all else goes through. */
  failWritesAt(key: RegExp): void
  /**
   * Makes the next such call at a matching key wait before its effect. Resolves once the call has come, to the function
   * that lets it go on; fails if none comes.
   */
  hold(kind: 'read' | 'write', key: RegExp): Promise<() => void>
  mend(): void
}

/** A store in front of another one, that can be made to fail at any of its calls. */
export function createFailingStore(inner: RecordStore): FailingStore {
  let done = 0
  let left = Number.POSITIVE_INFINITY
  let loss: Loss = 'before'
  let refused: RegExp | undefined
  let held: { kind: 'read' | 'write'; key: RegExp; come: (goOn: () => void) => void } | undefined

  async function call<Result>(act: () => Promise<Result>): Promise<Result> {
    if (left-- > 0) {
      done++
      return act()
    }
    if (loss === 'after') await act()
    loss = 'before'
    throw new ScanInError('store_unavailable')
  }

  function refuse(key: string): void {
    if (refused?.test(key)) throw new ScanInError('store_unavailable')
  }

  /** `undefined`: nobody holds it. */
  function turn(kind: 'read' | 'write', key: string): Promise<void> | undefined {
    if (held?.kind !== kind || !held.key.test(key)) return undefined
    const { come } = held
    held = undefined
    return new Promise<void>(come)
  }

  return {
    store: {
      ...inner,
      async read(key) {
        const held = turn('read', key)
        if (held !== undefined) await held
        return call(() => inner.read(key))
      },
      async write(key, ...rest) {
        const held = turn('write', key)
        if (held !== undefined) await held
        refuse(key)
        return call(() => inner.write(key, ...rest))
      },
      async writeTogether(writes) {
        for (const { key } of writes) refuse(key)
        return call(() => inner.writeTogether(writes))
      },
      remove: (...what) => call(() => inner.remove(...what)),
    },
    calls: () => done,
    failAfter(calls, how) {
      done = 0
      left = calls
      loss = how
    },
    failWritesAt(key) {
      refused = key
    },
    hold(kind, key) {
      let whatGoesOn: (() => void) | undefined
      held = { kind, key, come: (goOn) => (whatGoesOn = goOn) }
      return eventually(`a ${kind} at ${key}`, () => whatGoesOn)
    },
    mend() {
      done = 0
      left = Number.POSITIVE_INFINITY
      refused = undefined
    },
  }
}
