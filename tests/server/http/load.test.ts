import { expect, test } from '@jest/globals'
import { type Load, NO_LOAD, nextLoad } from '../../../server/http/load.ts'

const LONGEST = 12.5

/** Half-second readings, all alike. */
function after(readings: number, busy: number, { polls = 500, from = NO_LOAD }: { polls?: number; from?: Load } = {}) {
  let load = from
  for (let n = 0; n < readings; n++) load = nextLoad(load, { seconds: 0.5, busy, polls }, LONGEST)
  return load
}

/** Has been full for so long that it is known. */
const FULL: Load = { busy: 1, slowdown: 1, strain: 0 }

test('a process with time to spare slows nobody', () => {
  expect(after(1000, 0.8)).toMatchObject({ slowdown: 1, strain: 0 })
})

test('one that has none slows polls, a little more with each reading, up to the longest', () => {
  const [first, second] = [after(1, 0.95, { from: FULL }), after(2, 0.95, { from: FULL })]
  expect(first.slowdown).toBeGreaterThan(1)
  expect(first.slowdown).toBeLessThan(1.5)
  expect(second.slowdown).toBeGreaterThan(first.slowdown)
  expect(after(1000, 0.95).slowdown).toBe(LONGEST)
})

test('in between it leaves all as it is: a pace that is right is kept', () => {
  const slowed: Load = { busy: 0.7, slowdown: 3, strain: 0 }
  expect(after(1000, 0.7, { from: slowed })).toEqual(slowed)
})

test('bursts are no load: a crowd that comes all at once, and then not for a while, slows nobody', () => {
  let load = NO_LOAD
  for (let burst = 0; burst < 100; burst++) load = after(10, 0.05, { from: after(2, 1, { from: load }) })
  expect(load.slowdown).toBe(1)
})

test('the pace returns when the load goes, slower than it came', () => {
  const slowed = after(1000, 1)
  expect(after(20, 0.1, { from: slowed }).slowdown).toBeGreaterThan(LONGEST / 2)
  expect(after(1000, 0.1, { from: slowed })).toMatchObject({ slowdown: 1, strain: 0 })
})

test('after a silence one reading is enough', () => {
  const next = nextLoad(after(1000, 1), { seconds: 600, busy: 0, polls: 1 }, LONGEST)
  expect(next).toMatchObject({ slowdown: 1, strain: 0 })
})

test('where hardly anybody polls, slowing polls would save nothing', () => {
  expect(after(1000, 1, { polls: 50 })).toMatchObject({ slowdown: 1, strain: 0 })
})

test('one long breath is no load', () => {
  const { slowdown, strain } = nextLoad(NO_LOAD, { seconds: 60, busy: 1, polls: 60_000 }, LONGEST)
  expect(slowdown).toBeLessThan(2)
  expect(strain).toBe(0)
})

test('what strains is a process that is full for long although polls are at their slowest', () => {
  expect(after(12, 1).strain).toBe(0)
  const slowest = { ...FULL, slowdown: LONGEST }
  expect(after(10, 1, { from: slowest }).strain).toBeCloseTo(0.25)
  expect(after(1000, 1, { from: slowest }).strain).toBe(1)
  expect(after(10, 0.9, { from: { busy: 0.9, slowdown: LONGEST, strain: 1 } }).strain).toBeCloseTo(0.75)
})

const TICK = 0.1
/** What the readings come from. */
const SERVED_A_SECOND = 300

/** A crowd before a process that serves so many a second, each coming again when it was told, in seconds. */
function createCrowd(clients: number) {
  let [now, load, random] = [0, NO_LOAD, 0]
  let reading = { seconds: 0, served: 0 }
  // They arrive over ten seconds.
  let crowd = Array.from({ length: clients }, (_, at) => (at / clients) * 10)

  /** @returns by how many seconds the last of those who are due is late */
  function tick(): number {
    now += TICK
    const due = crowd
      .flatMap((at, who) => (at <= now ? [who] : []))
      .sort((one, other) => (crowd[one] ?? 0) - (crowd[other] ?? 0))
    const served = due.slice(0, SERVED_A_SECOND * TICK)
    for (const who of served) crowd[who] = now + holdSeconds() * (load.slowdown === 1 ? 1 : 1 - 0.25 * nextRandom())
    reading = { seconds: reading.seconds + TICK, served: reading.served + served.length }
    if (reading.seconds >= 0.5) {
      const busy = reading.served / (SERVED_A_SECOND * reading.seconds)
      load = nextLoad(load, { seconds: reading.seconds, busy, polls: reading.served }, 62.5)
      reading = { seconds: 0, served: 0 }
    }
    return (due.length - served.length) / SERVED_A_SECOND
  }

  function nextRandom(): number {
    random = (random + 0.618) % 1
    return random
  }

  /** Beyond it the interval grows, of which a held poll takes no notice. */
  const holdSeconds = () => Math.min(25, 2 * load.slowdown)

  return {
    holdSeconds,
    strain: () => load.strain,
    /** @returns by how much the latest was late */
    pass: (seconds: number) => Math.max(...Array.from({ length: Math.round(seconds / TICK) }, tick)),
    leave(stay: number) {
      crowd = crowd.slice(0, stay)
    },
  }
}

test('three times what one can carry settles within a minute at a pace that it can, is late for nobody, and comes back', () => {
  const crowd = createCrowd(3 * 2 * SERVED_A_SECOND)
  crowd.pass(60)
  const settled = crowd.holdSeconds()
  expect(settled).toBeGreaterThan(6)
  expect(settled).toBeLessThan(25)
  expect(crowd.pass(200)).toBeLessThan(0.2)
  expect(crowd.holdSeconds() / settled).toBeCloseTo(1, 0)
  expect(crowd.strain()).toBe(0)
  crowd.leave(SERVED_A_SECOND / 4)
  crowd.pass(120)
  expect(crowd.holdSeconds()).toBe(2)
})
