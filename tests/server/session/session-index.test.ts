import { expect, test } from '@jest/globals'
import { createSessionIndex } from '../../../server/session/session-index.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import type { RecordStore } from '../../../server/store/record-store.ts'

const NOW = 1_800_000_000_000
const clock = () => NOW

/** An embedded store that counts the writes that came too late. */
function createCountingStore() {
  const inner = createMemoryStore({ clock })
  let conflicts = 0
  const store: RecordStore = {
    ...inner,
    async write(key, value, options) {
      const isDone = await inner.write(key, value, options)
      if (!isDone) conflicts++
      return isDone
    },
  }
  return { store, conflicts: () => conflicts }
}

const entry = (at: number) => ({ id: `session-${at}`, endsAt: NOW + 60_000 })

test('hundreds of sessions that one person opens at once do not send each other back', async () => {
  const { store, conflicts } = createCountingStore()
  const index = createSessionIndex({ store, clock })
  await Promise.all(Array.from({ length: 300 }, (_, at) => index.add('demo', entry(at))))
  expect((await index.list('demo')).sort()).toEqual(Array.from({ length: 300 }, (_, at) => entry(at).id).sort())
  expect(conflicts()).toBe(0)
})

test('two processes lose none of each other`s sessions', async () => {
  const { store } = createCountingStore()
  const processes = [createSessionIndex({ store, clock }), createSessionIndex({ store, clock })]
  await Promise.all(Array.from({ length: 100 }, (_, at) => processes[at % 2]?.add('demo', entry(at))))
  expect(await processes[0]?.list('demo')).toHaveLength(100)
})

test('who waits behind a failure is served', async () => {
  const { store } = createCountingStore()
  let isFirst = true
  const read: RecordStore['read'] = (key) => {
    if (!isFirst) return store.read(key)
    isFirst = false
    return Promise.reject(new Error('down'))
  }
  const index = createSessionIndex({ store: { ...store, read }, clock })
  const results = await Promise.allSettled([index.add('demo', entry(1)), index.add('demo', entry(2))])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
  expect(await index.list('demo')).toEqual([entry(2).id])
})
