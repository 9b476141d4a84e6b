import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { cryptoRandomness } from '../../../server/randomness.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import type { RecordStore } from '../../../server/store/record-store.ts'
import { createStoreProbe } from '../../../server/store/store-probe.ts'

/** What a probe that gives up says of a store that takes its time. That of one that is just deaf is in the contract. */

beforeEach(() => {
  jest.useFakeTimers()
})

afterEach(() => {
  jest.useRealTimers()
})

const FOR_EVER = Number.POSITIVE_INFINITY

/** A store that answers so late, and tells nobody of anything. */
function createLateStore(ms: { write: number; remove: number }): RecordStore {
  const store = createMemoryStore({ clock: Date.now })
  const late = <Answer>(after: number, answer: () => Promise<Answer>) =>
    new Promise<Answer>((resolve) => {
      if (after < FOR_EVER) setTimeout(() => resolve(answer()), after)
    })
  return {
    ...store,
    watch: () => () => undefined,
    write: (...what) => late(ms.write, () => store.write(...what)),
    remove: (...what) => late(ms.remove, () => store.remove(...what)),
  }
}

async function saidOf(store: RecordStore): Promise<unknown> {
  const probe = createStoreProbe({ store, clock: Date.now, randomness: cryptoRandomness })
  const [said] = await Promise.all([probe().catch((error) => error.cause.message), jest.advanceTimersByTimeAsync(2500)])
  return said
}

test.each([
  ['never answers a write', { write: FOR_EVER, remove: 0 }],
  ['never answers a removal', { write: 0, remove: FOR_EVER }],
  ['takes more than a second for each', { write: 1300, remove: 1300 }],
  ['has answered when hardly any time is left', { write: 1200, remove: 1200 }],
])('one that %s is too slow, and nothing is said of notices', async (_what, ms) => {
  expect(await saidOf(createLateStore(ms))).toMatch(/^too slow/)
})

test.each([
  ['at once', { write: 0, remove: 0 }],
  ['in half of the time', { write: 600, remove: 600 }],
])('one that answers %s, and gives no notice, gives no notices', async (_what, ms) => {
  expect(await saidOf(createLateStore(ms))).toMatch(/^no notice/)
})
