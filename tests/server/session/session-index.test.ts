import { expect, test } from '@jest/globals'
import { personKeyHash } from '../../../server/identity/person-key.ts'
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

const DEMO = personKeyHash({ id: 'demo' })
const entry = (at: number) => ({ id: `session-${at}`, openedAt: NOW, endsAt: NOW + 60_000 })

test('hundreds of sessions that one person opens at once do not send each other back', async () => {
  const { store, conflicts } = createCountingStore()
  const index = createSessionIndex({ store, clock })
  await Promise.all(Array.from({ length: 300 }, (_, at) => index.add(DEMO, entry(at))))
  expect((await index.list(DEMO)).sort()).toEqual(Array.from({ length: 300 }, (_, at) => entry(at).id).sort())
  expect(conflicts()).toBe(0)
})

test("two processes lose none of each other's sessions", async () => {
  const { store } = createCountingStore()
  const processes = [createSessionIndex({ store, clock }), createSessionIndex({ store, clock })]
  await Promise.all(Array.from({ length: 100 }, (_, at) => processes[at % 2]?.add(DEMO, entry(at))))
  expect(await processes[0]?.list(DEMO)).toHaveLength(100)
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
  const results = await Promise.allSettled([index.add(DEMO, entry(1)), index.add(DEMO, entry(2))])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
  expect(await index.list(DEMO)).toEqual([entry(2).id])
})

test('people from different sources have lists of their own, whatever their ids', async () => {
  const { store } = createCountingStore()
  const index = createSessionIndex({ store, clock })
  await index.add(personKeyHash({ id: 'demo', source: 'jwt' }), entry(1))
  await index.add(personKeyHash({ id: 'demo', source: 'userinfo' }), entry(2))
  expect(await index.list(DEMO)).toEqual([])
  expect(await index.list(personKeyHash({ id: 'demo', source: 'jwt' }))).toEqual([entry(1).id])
})

test('a list that an earlier version wrote is a list', async () => {
  const { store } = createCountingStore()
  const index = createSessionIndex({ store, clock })
  await index.add(DEMO, entry(1))
  const key = `sessions-of:${DEMO}`
  await store.write(key, { sessions: [{ id: 'old', endsAt: NOW + 1 }] }, { expiresAt: NOW + 1 })
  expect(await index.list(DEMO)).toEqual(['old'])
})

test('who is blocked gets no session listed, and keeps those that are listed', async () => {
  const { store } = createCountingStore()
  const index = createSessionIndex({ store, clock })
  await index.add(DEMO, entry(1))
  expect(await index.block(DEMO)).toEqual([entry(1)])
  expect(await index.add(DEMO, entry(2))).toBeUndefined()
  expect([await index.list(DEMO), await index.isBlocked(DEMO)]).toEqual([[entry(1).id], true])
  await index.remove(DEMO, [entry(1).id])
  expect([await index.list(DEMO), await index.isBlocked(DEMO)]).toEqual([[], true])
  expect(await index.isBlocked(personKeyHash({ id: 'demo', source: 'jwt' }))).toBe(false)
  await index.unblock(DEMO)
  expect(await index.add(DEMO, entry(3))).toEqual([entry(3)])
})

test('a block outlives every session, and clearing one that is not there writes nothing', async () => {
  let now = NOW
  const store = createMemoryStore({ clock: () => now })
  const index = createSessionIndex({ store, clock: () => now })
  await index.unblock(DEMO)
  expect(await store.read(`sessions-of:${DEMO}`)).toBeUndefined()
  await index.block(DEMO)
  now += 10 * 365 * 24 * 3_600_000
  expect(await index.isBlocked(DEMO)).toBe(true)
})
