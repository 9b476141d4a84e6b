import { beforeEach, describe, expect, test } from '@jest/globals'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import type { RecordStore, StoredRecord } from '../../../server/store/record-store.ts'
import { type Change, updateRecord } from '../../../server/store/update-record.ts'

const KEY = 'a counter'
const LATER = 60_000

let store: RecordStore
let reads: number

beforeEach(() => {
  const memory = createMemoryStore({ clock: () => 0 })
  reads = 0
  store = {
    ...memory,
    read: (key) => {
      reads++
      return memory.read(key)
    },
  }
})

const counted = (value: unknown): number => (typeof value === 'number' ? value : 0)

/** One more, up to ten; tells what was there before. */
function countUp(value: unknown): Change<number> {
  const result = counted(value)
  return result < 10 ? { next: { value: result + 1, expiresAt: LATER }, result } : { result }
}

async function write(value: number): Promise<StoredRecord> {
  await store.write(KEY, value, { expiresAt: LATER })
  const record = await store.read(KEY)
  reads = 0
  if (record === undefined) throw new Error('nothing was written')
  return record
}

const valueNow = async () => (await store.read(KEY))?.value

test('decides on what is there, and writes it', async () => {
  await write(4)
  expect(await updateRecord(store, KEY, countUp)).toBe(4)
  expect(await valueNow()).toBe(5)
})

test('decides again on what is there by then when somebody wrote in between', async () => {
  await write(4)
  let isFirst = true
  const disturbed = {
    ...store,
    write: async (...call: Parameters<RecordStore['write']>) => {
      if (isFirst) await store.write(KEY, 7, { expiresAt: LATER })
      isFirst = false
      return store.write(...call)
    },
  }
  expect(await updateRecord(disturbed, KEY, countUp)).toBe(7)
  expect(await valueNow()).toBe(8)
})

describe('a guess', () => {
  test('that is right saves the read', async () => {
    const record = await write(4)
    expect(await updateRecord(store, KEY, countUp, record)).toBe(4)
    expect(reads).toBe(0)
    expect(await valueNow()).toBe(5)
  })

  test('that nothing is there saves the read, too', async () => {
    expect(await updateRecord(store, KEY, countUp, null)).toBe(0)
    expect(reads).toBe(0)
    expect(await valueNow()).toBe(1)
  })

  test.each([
    ['another record', async () => ({ ...(await write(3)) })],
    ['nothing', async () => null],
  ])('that is wrong, %s, is not decided on', async (_, makeGuess) => {
    const guess = await makeGuess()
    await write(6)
    expect(await updateRecord(store, KEY, countUp, guess)).toBe(6)
    expect(await valueNow()).toBe(7)
  })

  test('is read after when nothing would be written: what is answered then is what the store has', async () => {
    const stale = await write(10)
    await write(2)
    expect(await updateRecord(store, KEY, countUp, stale)).toBe(2)
    expect(await valueNow()).toBe(3)
  })
})

test('gives up on a record that never lets it write', async () => {
  const stubborn = { ...store, write: async () => false }
  await expect(updateRecord(stubborn, KEY, countUp)).rejects.toMatchObject({ code: 'store_unavailable' })
})
