import { beforeEach, expect, test } from '@jest/globals'
import { ScanInError } from '../../../server/errors.ts'
import { createFamiliarPlaces, type FamiliarPlaces } from '../../../server/session/familiar-places.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import type { RecordStore } from '../../../server/store/record-store.ts'

const DAY = 24 * 3_600_000
const ANN = 'a hash of ann'
const placeOf = (at: number) => `place ${at} `.padEnd(43, 'x')

let time: { now: number }
let store: RecordStore
let writes: { key: string; length: number; begins: boolean | undefined }[]
let places: FamiliarPlaces

beforeEach(() => {
  time = { now: 1_800_000_000_000 }
  writes = []
  const inner = createMemoryStore({ clock: () => time.now })
  store = {
    ...inner,
    write(key, value, options) {
      writes.push({ key, length: JSON.stringify(value).length, begins: options.begins })
      return inner.write(key, value, options)
    },
  }
  places = createFamiliarPlaces({ store, clock: () => time.now })
})

test('a place is familiar for 30 days from its last sign-in on', async () => {
  await places.note(ANN, placeOf(1))
  time.now += 20 * DAY
  await places.note(ANN, placeOf(1))
  await places.note(ANN, placeOf(2))
  time.now += 30 * DAY - 1
  expect([await places.has(ANN, placeOf(1)), await places.has(ANN, placeOf(2))]).toEqual([true, true])
  expect([await places.has('another', placeOf(1)), await places.has(ANN, placeOf(3))]).toEqual([false, false])
  time.now += 1
  expect([await places.has(ANN, placeOf(1)), await places.has(ANN, placeOf(2))]).toEqual([false, false])
})

test('who signs in from thousands of places has one small record, of the last of them, which keeps no reserve from anybody', async () => {
  for (let at = 0; at < 5000; at++) await places.note(ANN, placeOf(at))
  expect(new Set(writes.map(({ key }) => key)).size).toBe(1)
  expect(Math.max(...writes.map(({ length }) => length))).toBeLessThan(2000)
  expect(writes.every(({ begins }) => begins)).toBe(true)
  const known = await Promise.all([4979, 4980, 4999].map((at) => places.has(ANN, placeOf(at))))
  expect(known).toEqual([false, true, true])
})

test('a place is written down once a day at the most', async () => {
  for (const hours of [0, 12, 11, 2]) {
    time.now += hours * 3_600_000
    await places.note(ANN, placeOf(1))
  }
  expect(writes).toHaveLength(2)
})

test('what a store does not take is left, and what it has in another form is none', async () => {
  const write = async () => {
    throw new ScanInError('store_unavailable')
  }
  await createFamiliarPlaces({ store: { ...store, write }, clock: () => time.now }).note(ANN, placeOf(1))
  expect(await places.has(ANN, placeOf(1))).toBe(false)
  await store.write(`familiar:${ANN}`, true, { expiresAt: time.now + DAY })
  expect(await places.has(ANN, placeOf(1))).toBe(false)
  await places.note(ANN, placeOf(1))
  expect(await places.has(ANN, placeOf(1))).toBe(true)
})
