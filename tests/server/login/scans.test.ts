import { expect, test } from '@jest/globals'
import { createScans, MOST_SCANS } from '../../../server/login/scans.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'

const NOW = 1_800_000_000_000

function createWorld() {
  const time = { now: NOW }
  const clock = () => time.now
  const store = createMemoryStore({ clock })
  const create = () => createScans({ store, clock })
  return { time, store, create, scans: create() }
}

const scan = (at: number, until = NOW + 60_000) => ({ loginId: `login-${at}`, until })

test("a phone's scans are its own, each once, until it can be over", async () => {
  const { time, scans } = createWorld()
  await scans.note('ann', scan(1))
  await scans.note('ann', scan(1))
  await scans.note('ann', scan(2, NOW + 120_000))
  await scans.note('bob', scan(3))
  expect(await scans.of('ann')).toEqual(['login-1', 'login-2'])
  time.now += 60_000
  expect(await scans.of('ann')).toEqual(['login-2'])
  time.now += 60_000
  expect(await scans.of('ann')).toEqual([])
})

test('what is scanned again later is noted for longer, and never for less', async () => {
  const { time, scans } = createWorld()
  await scans.note('ann', scan(1))
  await scans.note('ann', scan(1, NOW + 120_000))
  await scans.note('ann', scan(1, NOW + 90_000))
  time.now += 119_999
  expect(await scans.of('ann')).toEqual(['login-1'])
  time.now += 1
  expect(await scans.of('ann')).toEqual([])
})

test('many at once, on two instances, lose none of each other', async () => {
  const { create } = createWorld()
  const instances = [create(), create()]
  await Promise.all(Array.from({ length: 40 }, (_, at) => instances[at % 2]?.note('ann', scan(at))))
  expect(await instances[0]?.of('ann')).toHaveLength(40)
})

test('the list does not grow without end: the newest stay', async () => {
  const { scans } = createWorld()
  for (let at = 0; at < MOST_SCANS + 3; at++) await scans.note('ann', scan(at))
  const left = await scans.of('ann')
  expect([left.length, left[0], left.at(-1)]).toEqual([MOST_SCANS, 'login-3', `login-${MOST_SCANS + 2}`])
})

test('what no version of this wrote is no list', async () => {
  const { store, scans } = createWorld()
  await store.write('scans-of:ann', { logins: 1 }, { expiresAt: NOW + 1000 })
  expect(await scans.of('ann')).toEqual([])
  await scans.note('ann', scan(1))
  expect(await scans.of('ann')).toEqual(['login-1'])
})
