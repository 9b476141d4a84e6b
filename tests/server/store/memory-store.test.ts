import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import type { RecordStore } from '../../../server/store/record-store.ts'
import { howManyTimesAsLong } from '../../support/how-many-times-as-long.ts'
import { ROOT } from '../../support/service.ts'

const execute = promisify(execFile)
const MAX_BYTES = String(16 * 1024 * 1024)
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

test('what begins is refused before what is under way, and what grows nothing never is', async () => {
  const store = createMemoryStore({ clock: () => 0, maxBytes: 10_400 })
  const expiresAt = 10
  for (let at = 0; at < 7; at++) await store.write(`key ${at}`, kilobyte, { expiresAt, begins: true })
  const full = { code: 'store_unavailable' }
  await expect(store.write('key 7', kilobyte, { expiresAt, begins: true })).rejects.toMatchObject(full)
  expect(await store.write('key 7', kilobyte, { expiresAt })).toBe(true)
  await expect(store.write('key 8', kilobyte, { expiresAt })).rejects.toMatchObject(full)
  expect(await store.write('key 0', kilobyte.toUpperCase(), { expiresAt })).toBe(true)
  await expect(store.write('key 0', kilobyte + kilobyte, { expiresAt })).rejects.toMatchObject(full)
  expect(await store.remove('key 0')).toBe(true)
})

test('a full store whose records have all expired takes the next one at once', async () => {
  let now = 0
  const store = createMemoryStore({ clock: () => now, maxBytes: 100_000 })
  for (let at = 0; at < 250; at++) await store.write(`key ${at}`, 'x'.repeat(100), { expiresAt: 10 })
  now = 10
  expect(await store.write('large', 'x'.repeat(90_000), { expiresAt: 20 })).toBe(true)
})

/** With everything in it expired. */
async function expiredStore(records: number): Promise<RecordStore> {
  let now = 0
  const store = createMemoryStore({ clock: () => now })
  for (let at = 0; at < records; at++) await store.write(`key ${at}`, 1, { expiresAt: 10 })
  now = 10
  return store
}

test('a write takes as long beside 10,000 expired records as beside fifty', async () => {
  const turns = 9
  const storesOf = (records: number) => Promise.all(Array.from({ length: turns }, () => expiredStore(records)))
  const [many, few] = [await storesOf(10_000), await storesOf(50)]
  const write = (store?: RecordStore) => store?.write('key', 1, { expiresAt: 20 }) ?? Promise.resolve()
  const ratio = await howManyTimesAsLong(
    (turn) => write(many[turn]),
    (turn) => write(few[turn]),
    turns,
  )
  // All at once they took hundreds of times as long.
  expect(ratio).toBeLessThan(25)
})

test.each([
  ['small', 'x'.repeat(40)],
  ['large', 'x'.repeat(2000)],
  ['wide', '你'.repeat(200)],
])('the bound is what %s records take of the heap', async (_name, text) => {
  // In a process that has nothing else in its heap, and lets go of nothing else meanwhile.
  const typescript = join(ROOT, 'tests/support/typescript.mjs')
  const measure = join(import.meta.dirname, 'heap-of-memory-store.ts')
  const { stdout } = await execute(process.execPath, ['--expose-gc', '--import', typescript, measure, text, MAX_BYTES])
  expect(Number(stdout)).toBeGreaterThan(0.6)
  expect(Number(stdout)).toBeLessThan(1.25)
})
