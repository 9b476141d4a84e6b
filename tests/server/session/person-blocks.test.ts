import { expect, test } from '@jest/globals'
import { personKeyHash } from '../../../server/identity/person-key.ts'
import { createPersonBlocks } from '../../../server/session/person-blocks.ts'
import { createPersonRecords } from '../../../server/session/person-records.ts'
import { createSessionIndex } from '../../../server/session/session-index.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'

const NOW = 1_800_000_000_000
const clock = () => NOW

const DEMO = personKeyHash({ id: 'demo' })
const entry = (at: number) => ({ id: `session-${at}`, openedAt: NOW, endsAt: NOW + 60_000 })

test('who is blocked gets no session listed, and keeps those that are listed', async () => {
  const people = createPersonRecords({ store: createMemoryStore({ clock }), clock })
  const [index, blocks] = [createSessionIndex({ people }), createPersonBlocks({ people })]
  await index.add(DEMO, entry(1))
  expect(await blocks.block(DEMO)).toEqual([entry(1)])
  expect(await index.add(DEMO, entry(2))).toBeUndefined()
  expect([await index.list(DEMO), await blocks.isBlocked(DEMO)]).toEqual([[entry(1).id], true])
  await index.remove(DEMO, [entry(1).id])
  expect([await index.list(DEMO), await blocks.isBlocked(DEMO)]).toEqual([[], true])
  expect(await blocks.isBlocked(personKeyHash({ id: 'demo', source: 'jwt' }))).toBe(false)
  await blocks.unblock(DEMO)
  expect(await index.add(DEMO, entry(3))).toEqual([entry(3)])
})

test('a block outlives every session, and clearing one that is not there writes nothing', async () => {
  let now = NOW
  const store = createMemoryStore({ clock: () => now })
  const blocks = createPersonBlocks({ people: createPersonRecords({ store, clock: () => now }) })
  await blocks.unblock(DEMO)
  expect(await store.read(`sessions-of:${DEMO}`)).toBeUndefined()
  await blocks.block(DEMO)
  now += 10 * 365 * 24 * 3_600_000
  expect(await blocks.isBlocked(DEMO)).toBe(true)
})
