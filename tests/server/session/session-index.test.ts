import { expect, test } from '@jest/globals'
import { personKeyHash } from '../../../server/identity/person-key.ts'
import { createPersonRecords } from '../../../server/session/person-records.ts'
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

const indexIn = (store: RecordStore) => createSessionIndex({ people: createPersonRecords({ store, clock }) })

const DEMO = personKeyHash({ id: 'demo' })
const entry = (at: number) => ({ id: `session-${at}`, openedAt: NOW, endsAt: NOW + 60_000 })

test('hundreds of sessions that one person opens at once do not send each other back', async () => {
  const { store, conflicts } = createCountingStore()
  const index = indexIn(store)
  await Promise.all(Array.from({ length: 300 }, (_, at) => index.add(DEMO, entry(at))))
  expect((await index.list(DEMO)).sort()).toEqual(Array.from({ length: 300 }, (_, at) => entry(at).id).sort())
  expect(conflicts()).toBe(0)
})

test("two processes lose none of each other's sessions", async () => {
  const { store } = createCountingStore()
  const processes = [indexIn(store), indexIn(store)]
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
  const index = indexIn({ ...store, read })
  const results = await Promise.allSettled([index.add(DEMO, entry(1)), index.add(DEMO, entry(2))])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
  expect(await index.list(DEMO)).toEqual([entry(2).id])
})

test('people from different sources have lists of their own, whatever their ids', async () => {
  const { store } = createCountingStore()
  const index = indexIn(store)
  await index.add(personKeyHash({ id: 'demo', source: 'jwt' }), entry(1))
  await index.add(personKeyHash({ id: 'demo', source: 'userinfo' }), entry(2))
  expect(await index.list(DEMO)).toEqual([])
  expect(await index.list(personKeyHash({ id: 'demo', source: 'jwt' }))).toEqual([entry(1).id])
})

test('a list that an earlier version wrote is a list', async () => {
  const { store } = createCountingStore()
  const index = indexIn(store)
  await index.add(DEMO, entry(1))
  const key = `sessions-of:${DEMO}`
  await store.write(key, { sessions: [{ id: 'old', endsAt: NOW + 1 }] }, { expiresAt: NOW + 1 })
  expect(await index.list(DEMO)).toEqual(['old'])
})
