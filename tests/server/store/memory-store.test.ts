import { expect, test } from '@jest/globals'
import { createMemoryStore } from '../../../server/store/memory-store.ts'

const kilobyte = 'x'.repeat(1000)

test('a full store refuses what is new and keeps what it has', async () => {
  const store = createMemoryStore({ clock: () => 0, maxBytes: 3000 })
  await store.write('one', kilobyte, { expiresAt: 10 })
  await store.write('two', kilobyte, { expiresAt: 10 })
  await expect(store.write('three', kilobyte, { expiresAt: 10 })).rejects.toMatchObject({ code: 'store_unavailable' })
  expect((await store.read('one'))?.value).toBe(kilobyte)
  expect(await store.write('one', 'smaller', { expiresAt: 10 })).toBe(true)
})

test('expired records make room, without being asked for again', async () => {
  let now = 0
  const store = createMemoryStore({ clock: () => now, maxBytes: 3000 })
  for (let round = 0; round < 100; round++) {
    now += 1000
    expect(await store.write(`key ${round}`, kilobyte, { expiresAt: now + 1000 })).toBe(true)
  }
})

test('a removed record makes room at once', async () => {
  const store = createMemoryStore({ clock: () => 0, maxBytes: 1500 })
  for (let round = 0; round < 5; round++) {
    await store.write(`key ${round}`, kilobyte, { expiresAt: 10 })
    expect(await store.remove(`key ${round}`)).toBe(true)
  }
})

test('a record ends at its millisecond', async () => {
  let now = 0
  const store = createMemoryStore({ clock: () => now })
  await store.write('key', 1, { expiresAt: 100 })
  now = 99
  expect(await store.read('key')).toBeDefined()
  now = 100
  expect(await store.read('key')).toBeUndefined()
})
