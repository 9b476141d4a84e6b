import { beforeEach, describe, expect, test } from '@jest/globals'
import { ScanInError } from '../../../server/errors.ts'
import { storeFull } from '../../../server/store/capacity.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import { NotWrittenError } from '../../../server/store/not-written.ts'
import type { RecordStore, StoredRecord } from '../../../server/store/record-store.ts'
import { type Change, removeAsRead, updateRecord, updateTogether } from '../../../server/store/update-record.ts'
import { spreadStore } from '../../support/spread-store.ts'

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

describe('of a write that fails', () => {
  const failing = (cause?: Error): RecordStore => ({
    ...store,
    write: () => Promise.reject(new ScanInError('store_unavailable', { cause })),
  })

  async function isUncertain(over: RecordStore): Promise<boolean> {
    let told = 0
    const next = { value: 1, expiresAt: LATER }
    const change = () => ({ next, onUncertain: () => told++, result: undefined })
    await expect(updateRecord(over, KEY, change)).rejects.toMatchObject({ code: 'store_unavailable' })
    return told === 1
  }

  test.each([
    ['nothing is heard', undefined],
    ['the connection broke', new Error('Connection is closed.')],
    [
      'a script failed by itself',
      new Error('ERR Error running script (call to f_0a1b): @user_script:15: no such thing'),
    ],
    ['too few replicas have it', new Error('0 of 1 replicas have the write')],
    // Its last step.
    [
      'the change could not be told',
      new Error("NOPERM this user can't access the channel. script: on @user_script:27."),
    ],
  ])('nobody knows whether it was done where %s', async (_why, cause) => {
    expect(await isUncertain(failing(cause))).toBe(true)
  })

  test.each([
    ['it is full', new Error("OOM command not allowed when used memory > 'maxmemory'.")],
    ['it is read-only', new Error("READONLY You can't write against a read only replica.")],
    ['its script met that', new Error("@user_script: 19: -READONLY You can't write against a read only replica.")],
    [
      'a removal met that',
      new Error(
        "ERR Error running script (call to f_0a1b): @user_script:15: @user_script: 15: -READONLY You can't write against a read only replica.",
      ),
    ],
    ['it cannot save', new Error('MISCONF Redis is configured to save RDB snapshots, but it cannot')],
    ['replicas are too few to begin', new Error('NOREPLICAS Not enough good replicas to write.')],
    ['it was not asked', new NotWrittenError('its time is not known yet')],
    ['an embedded one is full', storeFull().cause as Error],
  ])('it is certain that it was not done where the store says that %s', async (_why, cause) => {
    expect(await isUncertain(failing(cause))).toBe(false)
  })

  test('what comes first of several may be there, however certain the last refusal is', async () => {
    let writes = 0
    const half: RecordStore['write'] = (...what) =>
      writes++ === 0 ? store.write(...what) : failing(new Error('READONLY')).write(...what)
    const told: string[] = []
    const changeOf = (name: string) => ({
      next: { value: 1, expiresAt: LATER },
      onUncertain: () => told.push(name),
      result: undefined,
    })
    const changed = updateTogether(spreadStore({ ...store, write: half }), [{ key: KEY }, { key: 'other' }], () => ({
      changes: [changeOf('one'), changeOf('other')],
      result: undefined,
    }))
    await expect(changed).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(told).toEqual(['one', 'other'])
  })
})

test('a record is removed as it was read: what somebody wrote in between is used too, and of two who remove it one has it', async () => {
  await write(4)
  let isFirst = true
  const disturbed: RecordStore = {
    ...store,
    async remove(...call) {
      if (isFirst) await store.write(KEY, 7, { expiresAt: LATER })
      isFirst = false
      return store.remove(...call)
    },
  }
  const used: unknown[] = []
  const use = async (value: unknown) => used.push(value)
  expect(await removeAsRead(disturbed, KEY, use)).toBe(7)
  expect(used).toEqual([4, 7])
  expect(await removeAsRead(store, KEY, use)).toBeUndefined()
  await write(4)
  expect((await Promise.all([removeAsRead(store, KEY), removeAsRead(store, KEY)])).sort()).toEqual([4, undefined])
})
